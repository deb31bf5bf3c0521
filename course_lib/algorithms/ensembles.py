"""Ensembles: several members, trained on different samples or with different units, decide together."""

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj

from course_lib.algorithms._arrays import generator, namespace, whole
from course_lib.messages import t
from course_lib.registry import Range, register

MEMBERS = Range(1, 50, count=50)


@register(
    "ensemble",
    ko="배깅의 표본 번호",
    en="Bagging: bootstrap indices",
    source="Breiman 1996, Machine Learning 24, §1",
    ranges={"members": MEMBERS},
)
def bootstrap_indices(*, n, members=10, rng):
    """For every member a sample of its own: n of the n indices, drawn with replacement.

    A member sees about 1 − 1/e = 63.2% of the data, some of them several times.

    n: number of training samples. members: how many models. rng: NumPy Generator, asked for
    `rng.integers(0, n, (members, n))`. Returns whole numbers (members, n). Raises TypeError, ValueError.
    """
    whole("bootstrap_indices", n=n, members=members)
    return generator("bootstrap_indices", rng).integers(0, int(n), (int(members), int(n)))


@register(
    "ensemble",
    ko="배깅에서 뽑히지 않은 표본 (OOB)",
    en="Out-of-bag samples",
    source="Breiman 1996, Out-of-bag estimation",
)
def out_of_bag(indices):
    """Which samples each member has never seen, about 36.8% (1/e): they validate it for free.

    indices: (members, n) as `bootstrap_indices` gives them. Returns truth values (members, n).
    Raises TypeError and ValueError on bad input.
    """
    indices = np.asarray(indices)
    fits = indices.ndim == 2 and indices.size and np.issubdtype(indices.dtype, np.integer)
    if not fits or indices.min() < 0 or indices.max() >= indices.shape[1]:
        raise ValueError(t("ensemble.indices", name="out_of_bag", got=_described(indices)))
    members, n = indices.shape
    unseen = np.ones((members, n), dtype=bool)
    unseen[np.arange(members)[:, None], indices] = False
    return unseen


@register(
    "ensemble",
    ko="다수결 (hard voting)",
    en="Hard voting",
    source="Kuncheva 2014, Combining Pattern Classifiers, §4.3; sklearn.ensemble.VotingClassifier",
)
def hard_vote(labels, *, classes):
    """The label that most members give: ŷ_i = argmax_k Σ_m [y_mi = k]; of a tie the smallest label.

    labels: whole numbers (members, samples). classes: K ≥ 1.
    Returns labels (samples,). Raises TypeError and ValueError on bad input.
    """
    xp = array_namespace(_labels("hard_vote", labels, classes))
    # Σ_m [y_mi = k]: (samples, K)
    votes = xp.sum(_one_hot(xp, labels, classes, xp.int64), axis=0)
    # ŷ_i = argmax_k
    return xp.argmax(votes, axis=1)


@register(
    "ensemble",
    ko="가중 다수결",
    en="Weighted voting",
    source="Kuncheva 2014, Combining Pattern Classifiers, §4.4 (weighted majority vote)",
)
def weighted_vote(labels, weights, *, classes):
    """Hard voting in which a better member counts more: ŷ_i = argmax_k Σ_m a_m [y_mi = k].

    labels: whole numbers (members, samples). weights: a ≥ 0, floating-point (members,). classes: K ≥ 1.
    Returns labels (samples,), of a tie the smallest. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("weighted_vote", weights=weights)
    _labels("weighted_vote", labels, classes)
    _weights("weighted_vote", weights, labels.shape[0])
    # Σ_m a_m [y_mi = k]: (samples, K)
    chosen = _one_hot(xp, labels, classes, weights.dtype)
    votes = xp.sum(weights[:, None, None] * chosen, axis=0)
    # ŷ_i = argmax_k
    return xp.argmax(votes, axis=1)


@register(
    "ensemble",
    ko="확률 평균",
    en="Average of probabilities",
    source="Kuncheva 2014, Combining Pattern Classifiers, §5.3 (mean combiner)",
)
def average_probabilities(probs, weights=None):
    """The members' mean probability of every class: p̄_ik = Σ_m a_m p_mik / Σ_m a_m.

    probs: floating-point (members, samples, classes), each row summing to 1. weights: a ≥ 0 (members,),
    or None for equal ones. Returns (samples, classes). Raises TypeError and ValueError on bad input.
    """
    xp = _probabilities("average_probabilities", probs)
    if weights is None:
        return xp.mean(probs, axis=0)
    namespace("average_probabilities", probs=probs, weights=weights)
    _weights("average_probabilities", weights, probs.shape[0])
    share = weights / xp.sum(weights)
    # p̄_ik = Σ_m a_m p_mik / Σ_m a_m
    return xp.sum(share[:, None, None] * probs, axis=0)


@register(
    "ensemble",
    ko="확률 투표 (soft voting)",
    en="Soft voting",
    source="Kuncheva 2014, Combining Pattern Classifiers, §5.3; sklearn.ensemble.VotingClassifier",
)
def soft_vote(probs, weights=None):
    """The label with the highest mean probability: members that are sure count more.

        ŷ_i = argmax_k Σ_m a_m p_mik

    probs: floating-point (members, samples, classes), each row summing to 1. weights: a ≥ 0 (members,),
    or None. Returns labels (samples,), of a tie the smallest. Raises TypeError and ValueError.
    """
    xp = _probabilities("soft_vote", probs)
    if weights is not None:
        namespace("soft_vote", probs=probs, weights=weights)
        _weights("soft_vote", weights, probs.shape[0])
    return xp.argmax(average_probabilities(probs, weights), axis=1)


@register(
    "ensemble",
    ko="Dropout 앙상블",
    en="Dropout as an ensemble",
    source="Srivastava et al. 2014, JMLR 15, §7.5 (Monte Carlo averaging); Gal & Ghahramani 2016",
    ranges={"members": MEMBERS},
)
def dropout_ensemble(predict, x, *, members=20, rng):
    """The mean of passes with different units dropped; evaluation without dropout approximates it.

        ȳ = (1/M) Σ_m f(x; mask_m)

    predict(x, rng=rng): one pass with dropout on. x: inputs. members: M ≥ 1. rng: NumPy Generator.
    Returns what predict returns, averaged. Raises TypeError and ValueError on bad input.
    """
    whole("dropout_ensemble", members=members)
    generator("dropout_ensemble", rng)
    # ȳ = (1/M) Σ_m f(x; mask_m)
    return sum(predict(x, rng=rng) for _ in range(int(members))) / int(members)


def _one_hot(xp, labels, classes, dtype):
    # [y_mi = k]: (members, samples, K)
    numbers = xp.arange(int(classes), device=device(labels))
    return xp.astype(labels[:, :, None] == numbers, dtype)


def _labels(name, labels, classes):
    whole(name, classes=classes)
    fits = is_array_api_obj(labels) and labels.ndim == 2 and 0 not in labels.shape
    if fits:
        xp = array_namespace(labels)
        fits = (
            xp.isdtype(labels.dtype, "integral") and 0 <= int(xp.min(labels)) <= int(xp.max(labels)) < classes
        )
    if not fits:
        raise ValueError(t("ensemble.labels", name=name, classes=int(classes), got=_described(labels)))
    return labels


def _probabilities(name, probs):
    xp = namespace(name, probs=probs)
    fits = probs.ndim == 3 and 0 not in probs.shape and bool(xp.all(probs >= 0))
    # NaN fails both comparisons
    if not fits or not bool(xp.all(xp.abs(xp.sum(probs, axis=-1) - 1) < 1e-3)):
        raise ValueError(t("ensemble.probabilities", name=name, got=_described(probs)))
    return xp


def _weights(name, weights, members):
    fits = tuple(weights.shape) == (members,) and bool((weights >= 0).all())
    if not fits or not 0 < float(weights.sum()) < float("inf"):
        got = weights.tolist() if weights.ndim else float(weights)
        raise ValueError(t("ensemble.weights", name=name, want=members, got=got))


def _described(array):
    if not is_array_api_obj(array):
        return type(array).__name__
    span = f", {float(array.min()):g}…{float(array.max()):g}" if 0 not in array.shape else ""
    return f"{tuple(array.shape)} {array.dtype}{span}"
