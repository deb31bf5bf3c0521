"""Losses of classes: cross-entropy of two and of many, from logits, and accuracy, which is no loss.

`f_backward(dy, logits, target)` is the gradient with respect to the logits; dy is the gradient that arrives
at the loss, 1.0 where the loss is what is minimized. Both losses are means over the batch.
"""

from array_api_compat import is_array_api_obj, size

from course_lib.algorithms._arrays import namespace, same_shape
from course_lib.algorithms._inputs import class_labels, not_empty, table
from course_lib.algorithms.activations import sigmoid
from course_lib.algorithms.probabilities import log_softmax, one_hot, softmax
from course_lib.messages import t
from course_lib.registry import register


@register(
    "loss",
    ko="이진 교차 엔트로피",
    en="Binary cross-entropy",
    source="Bishop 2006, Pattern Recognition and Machine Learning, eq. 5.21 (mean in place of the sum)",
)
def binary_cross_entropy(logits, target):
    """Binary cross-entropy from logits: the surprise at the truth when p = σ(z).

        L = −(1/n) Σ [t log σ(z) + (1 − t) log(1 − σ(z))]
          =  (1/n) Σ [max(z, 0) − t z + log(1 + exp(−|z|))]

    The second form never takes the logarithm of 0, whatever z.

    logits: z, before the sigmoid. target: t in [0, 1], of the same shape. Returns a number in nats.
    Raises TypeError and ValueError on bad input.
    """
    xp = _yes_or_no("binary_cross_entropy", logits, target)
    # (1/n) Σ [max(z, 0) − t z + log(1 + exp(−|z|))]
    positive_part = xp.clip(logits, min=0.0)
    return xp.mean(positive_part - target * logits + xp.log1p(xp.exp(-xp.abs(logits))))


@register(
    "loss backward",
    ko="이진 교차 엔트로피의 역전파",
    en="Binary cross-entropy, backward",
    source="derivative of binary_cross_entropy; Bishop 2006, eq. 5.18",
)
def binary_cross_entropy_backward(dy, logits, target):
    """Backward pass of `binary_cross_entropy`: dy · (σ(z) − t) / n; the sigmoid's flat ends cancel.

    dy: number. logits, target: as in the loss. Returns the gradient with respect to logits, shaped like them.
    """
    _yes_or_no("binary_cross_entropy_backward", logits, target)
    return dy * (1 / size(logits)) * (sigmoid(logits) - target)


@register(
    "loss",
    ko="교차 엔트로피",
    en="Cross-entropy",
    source="Bishop 2006, Pattern Recognition and Machine Learning, eq. 5.24 (mean in place of the sum)",
)
def cross_entropy(logits, target):
    """Cross-entropy from logits: the mean surprise at the true class when p = softmax(z).

        L = −(1/n) Σ_i Σ_k t_ik log softmax(z_i)_k

    It goes through log-softmax, so that no logarithm of 0 appears, however sure the net is.

    logits: z (n, classes), before softmax. target: labels (n,), or probabilities (n, classes), as one-hot,
    label smoothing and mixup make them. Returns a number in nats. Raises TypeError and ValueError.
    """
    xp = namespace("cross_entropy", logits=logits)
    t_ik = _probabilities("cross_entropy", xp, logits, target)
    # L = −(1/n) Σ_i Σ_k t_ik log softmax(z_i)_k
    return -xp.sum(t_ik * log_softmax(logits)) / logits.shape[0]


@register(
    "loss backward",
    ko="교차 엔트로피의 역전파",
    en="Cross-entropy, backward",
    source="derivative of cross_entropy; Bishop 2006, eq. 5.18",
)
def cross_entropy_backward(dy, logits, target):
    """Backward pass of `cross_entropy`: dy · (softmax(z) − t) / n, "what you say minus what is true".

    dy: number. logits, target: as in the loss. Returns the gradient with respect to logits, shaped like them.
    """
    xp = namespace("cross_entropy_backward", logits=logits)
    t_ik = _probabilities("cross_entropy_backward", xp, logits, target)
    return dy * (1 / logits.shape[0]) * (softmax(logits) - t_ik)


@register(
    "metric",
    ko="정확도",
    en="Accuracy",
    source="Goodfellow et al. 2016, Deep Learning, §5.1.2",
)
def accuracy(logits, labels):
    """The share of samples whose largest score is at the label: what we want, yet no loss to descend.

    It is flat almost everywhere, so its gradient is 0; where two scores tie, the first counts.

    logits: scores or probabilities (n, classes). labels: whole numbers (n,). Returns a float in [0, 1].
    Raises TypeError and ValueError on bad input.
    """
    xp = namespace("accuracy", logits=logits)
    table("accuracy", logits=logits)
    class_labels("accuracy", labels, logits.shape[1])
    _same_count("accuracy", logits, labels)
    return int(xp.sum(xp.astype(xp.argmax(logits, axis=1) == labels, xp.int64))) / logits.shape[0]


def _yes_or_no(name, logits, target):
    xp = namespace(name, logits=logits, target=target)
    same_shape(name, logits=logits, target=target)
    not_empty(name, logits=logits)
    low, high = float(xp.min(target)), float(xp.max(target))
    # NaN fails the comparison too
    if not (low >= 0 and high <= 1):
        raise ValueError(t("inputs.target_unit", name=name, low=f"{low:g}", high=f"{high:g}"))
    return xp


def _probabilities(name, xp, logits, target):
    """Labels as one-hot rows in the logits' dtype; probabilities as they are."""
    table(name, logits=logits)
    if not is_array_api_obj(target):
        raise TypeError(t("inputs.labels_type", name=name, got=type(target).__name__))
    if xp.isdtype(target.dtype, "integral"):
        _same_count(name, logits, target)
        class_labels(name, target, logits.shape[1])
        return xp.astype(one_hot(target, classes=logits.shape[1]), logits.dtype)
    if tuple(target.shape) != tuple(logits.shape) or not xp.isdtype(target.dtype, "real floating"):
        n, classes = logits.shape
        got = {"shape": tuple(target.shape), "dtype": target.dtype}
        raise ValueError(t("inputs.target", name=name, n=n, classes=classes, **got))
    sums = xp.sum(target, axis=1)
    low, high, least = float(xp.min(sums)), float(xp.max(sums)), float(xp.min(target))
    if not (least >= 0 and low > 0.999 and high < 1.001):
        numbers = {"low": f"{low:g}", "high": f"{high:g}", "least": f"{least:g}"}
        raise ValueError(t("inputs.target_sum", name=name, **numbers))
    return target


def _same_count(name, logits, labels):
    if tuple(labels.shape) != (logits.shape[0],):
        got = tuple(labels.shape)
        raise ValueError(t("inputs.labels_count", name=name, n=logits.shape[0], got=got))
