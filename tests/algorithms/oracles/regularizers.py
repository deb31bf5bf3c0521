"""Penalties, weight decay, dropout, early stopping, ensembles, by torch, scikit-learn and plain loops."""

import math

import numpy as np
import torch
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import Lasso
from sklearn.preprocessing import LabelEncoder

from tests.algorithms.oracles._table import RISING_FALLING, STEPS, VECTORS, Table, close
from tests.algorithms.oracles.rules import scalar_path, torch_path

TABLE = Table()
SHAPES = ((5,), (3, 4), (2, 3, 2, 2))


def weights(seed, shape):
    """Weights of both signs with an exact zero among them."""
    w = np.random.default_rng(seed).standard_normal(shape)
    w.reshape(-1)[0] = 0.0
    return w


# --- penalties: a loop over the weights, and autograd through it ---

TERMS = {
    "l1": lambda w, strength: strength * abs(w),
    "l2": lambda w, strength: strength * w**2 / 2,
    "elastic_net": lambda w, strength, mix: strength * mix * abs(w) + strength * (1 - mix) / 2 * w**2,
}
CONFIGS = [(name, {"strength": s}) for name in ("l1", "l2") for s in (1e-4, 0.3, 2.0, 0.0)]
CONFIGS += [("elastic_net", {"strength": s, "mix": m}) for s in (0.01, 0.7) for m in (0.0, 0.3, 1.0)]


for _name, _config in CONFIGS:
    for _shape in SHAPES:

        def _value(penalty, term=TERMS[_name], config=_config, shape=_shape):
            w = weights(1, shape)
            close(penalty(w, **config), math.fsum(term(float(x), **config) for x in w.reshape(-1)))

        def _gradient(gradient, term=TERMS[_name], config=_config, shape=_shape):
            w = torch.tensor(weights(1, shape), requires_grad=True)
            term(w, **config).sum().backward()
            close(gradient(w.detach().numpy(), **config), w.grad.numpy())

        TABLE.add(f"{_name}_penalty", f"loop {_shape} {_config}", _value)
        TABLE.add(f"{_name}_gradient", f"autograd {_shape} {_config}", _gradient)

for _shape in SHAPES:

    @TABLE.row("l2_norm", f"torch {_shape}")
    def _(norm, shape=_shape):
        w = weights(2, shape)
        close(norm(w), torch.linalg.vector_norm(torch.tensor(w)).item())


for _threshold in (0.0, 0.1, 0.8, 5.0):

    @TABLE.row("proximal_l1", f"torch softshrink {_threshold}")
    def _(prox, threshold=_threshold):
        w = weights(3, (4, 5))
        got = prox(w, threshold=threshold)
        close(got, torch.nn.functional.softshrink(torch.tensor(w), threshold).numpy())
        # What it is by its definition: nothing near it has a lower κ|u| + ½ (u − w)²
        cost = lambda u: threshold * np.abs(u) + 0.5 * (u - w) ** 2  # noqa: E731
        assert all(np.all(cost(got) <= cost(got + step) + 1e-12) for step in (-0.1, -1e-3, 1e-3, 0.1))


@TABLE.row("proximal_gradient_l1", "scikit-learn's Lasso, its zeros exact")
def _(step):
    rng = np.random.default_rng(4)
    x = rng.standard_normal((60, 8))
    y = x @ np.array([2.0, 0, 0, -1.0, 0, 0.5, 0, 0]) + 0.1 * rng.standard_normal(60)
    want = Lasso(alpha=0.1, fit_intercept=False, tol=1e-14, max_iter=100_000).fit(x, y).coef_
    w = np.zeros(8)
    for _ in range(500):
        w = step(w, x.T @ (x @ w - y) / 60, lr=0.3, strength=0.1)
    assert 0 < np.sum(want == 0) < 8 and np.array_equal(w == 0, want == 0)
    close(w, want, rtol=1e-7, atol=1e-9)


for _lr, _strength in ((0.1, 0.5), (0.5, 2.0), (0.3, 0.0)):

    @TABLE.row("proximal_gradient_l1", f"loop lr={_lr} strength={_strength}")
    def _(step, lr=_lr, strength=_strength):
        p, g = weights(5, (3, 4)), weights(6, (3, 4))
        moved = p - lr * g
        shrunk = [
            x - lr * strength if x > lr * strength else min(x + lr * strength, 0.0) for x in moved.reshape(-1)
        ]
        close(step(p, g, lr=lr, strength=strength), np.reshape(shrunk, (3, 4)))


# --- weight decay: the rules here are this file's own ---


def plain(p, g, state=(), *, lr):
    return p - lr * g, ()


def heavy(p, g, state=(0.0,), *, lr, momentum=0.9):
    v = momentum * state[0] - lr * g
    return p + v, (v,)


def adaptive(p, g, state=(0.0, 0.0, 0), *, lr):
    m, v, count = 0.9 * state[0] + 0.1 * g, 0.99 * state[1] + 0.01 * g**2, state[2] + 1
    return p - lr * (m / (1 - 0.9**count)) / (np.sqrt(v / (1 - 0.99**count)) + 1e-3), (m, v, count)


def follow(decayed, rule, gradients, lrs, decay):
    p, state, path = gradients.start.copy(), (), []
    for t in range(STEPS):
        p, *state = decayed(p, gradients(t, p), *state, rule=rule, lr=lrs[t], weight_decay=decay)
        path.append(p)
    return np.stack(path)


_adam = {"betas": (0.9, 0.99), "eps": 1e-3}
TORCH = {
    "coupled_weight_decay": (
        (plain, lambda ps, decay: torch.optim.SGD(ps, weight_decay=decay), RISING_FALLING),
        (
            heavy,
            lambda ps, decay: torch.optim.SGD(ps, lr=0.05, momentum=0.9, weight_decay=decay),
            [0.05] * STEPS,
        ),
        (adaptive, lambda ps, decay: torch.optim.Adam(ps, weight_decay=decay, **_adam), RISING_FALLING),
    ),
    "decoupled_weight_decay": (
        (adaptive, lambda ps, decay: torch.optim.AdamW(ps, weight_decay=decay, **_adam), RISING_FALLING),
        (plain, lambda ps, decay: torch.optim.SGD(ps, weight_decay=decay), RISING_FALLING),
    ),
}
for _name, _rows in TORCH.items():
    for _rule, _make, _lrs in _rows:
        for _gradients in VECTORS:
            for _decay in (0.0, 0.1, 0.7):

                def _check(function, rule=_rule, make=_make, lrs=_lrs, gradients=_gradients, decay=_decay):
                    want = torch_path(lambda ps: make(ps, decay), gradients, lrs)
                    close(follow(function, rule, gradients, lrs, decay), want)

                TABLE.add(_name, f"torch {_rule.__name__} {_gradients} {_decay}", _check)


def _decoupled_momentum(decay):
    def step(theta, slope, memory, lr):
        memory["v"] = 0.9 * memory.get("v", 0.0) - lr * slope(theta)
        return (1 - lr * decay) * theta + memory["v"]

    return step


for _gradients in VECTORS:
    for _decay in (0.1, 0.7):

        def _check(function, gradients=_gradients, decay=_decay):
            want = scalar_path(_decoupled_momentum(decay), gradients, RISING_FALLING)
            close(follow(function, heavy, gradients, RISING_FALLING, decay), want)

        TABLE.add("decoupled_weight_decay", f"loop momentum {_gradients} {_decay}", _check)

for _axis, _shape in ((0, (4, 6)), (1, (4, 6)), (0, (5, 3, 3, 3)), (1, (2, 4, 3, 3)), (2, (3, 2, 4))):
    for _limit in (0.5, 2.0, 50.0):

        @TABLE.row("max_norm", f"torch renorm {_shape} axis={_axis} limit={_limit}")
        def _(function, axis=_axis, shape=_shape, limit=_limit):
            w = 1.5 * weights(7, shape)
            got = function(w, limit=limit, units_axis=axis)
            # torch divides by ‖w‖ + 1e-7
            close(got, torch.renorm(torch.tensor(w), 2, axis, limit).numpy(), rtol=1e-6)
            for unit, before in zip(np.moveaxis(got, axis, 0), np.moveaxis(w, axis, 0), strict=True):
                length = math.sqrt(math.fsum(float(x) ** 2 for x in before.reshape(-1)))
                close(unit, before * min(1.0, limit / length))


@TABLE.row("max_norm", "a unit of zeros stays")
def _(function):
    close(function(np.zeros((2, 3)), limit=0.5), np.zeros((2, 3)))


for _strength in (0.0, 0.1, 3.0):

    @TABLE.row("regularized_loss", f"loop strength={_strength}")
    def _(function, strength=_strength):
        ws = [weights(8, (3, 2)), weights(9, (4,))]
        flat = [float(x) for w in ws for x in w.reshape(-1)]
        close(function(1.25, ws, strength=strength), 1.25 + strength / 2 * math.fsum(x * x for x in flat))
        own = lambda w, strength: strength * np.abs(w).sum()  # noqa: E731
        want = 1.25 + strength * math.fsum(map(abs, flat))
        close(function(1.25, ws, strength=strength, penalty=own), want)


@TABLE.row("rises_with_regularization", "a parabola, a loss without its penalty, one that falls")
def _(function):
    strengths = (0.0, 0.5, 3.0)
    assert function(lambda lam: 2 + 7 * lam, strengths=strengths) == (True, [2.0, 5.5, 23.0])
    assert function(lambda lam: 2.0, strengths=strengths) == (False, [2.0] * 3)
    assert not function(lambda lam: 2 - lam, strengths=strengths)[0]
    assert not function(lambda lam: -((lam - 0.5) ** 2), strengths=strengths)[0]
    assert function(lambda lam: lam)[0]


# --- dropout: the same draws, number by number ---

INPUTS = ((6,), (5, 7), (2, 3, 4, 4))


def dropped(x, rate, seed, train_factor, test_factor, training):
    """y and the factor of every number, from draws in row order."""
    draws = iter(np.random.default_rng(seed).random(x.size).tolist())
    factor = [
        (train_factor if next(draws) >= rate else 0.0) if training else test_factor for _ in range(x.size)
    ]
    factor = np.reshape(factor, x.shape)
    return x * factor, factor


for _name, _factors in (
    ("dropout", lambda rate: (1 / (1 - rate), 1.0)),
    ("vanilla_dropout", lambda rate: (1.0, 1 - rate)),
):
    for _rate in (0.0, 0.2, 0.5, 0.9):
        for _training in (True, False):
            for _shape in INPUTS:

                def _check(function, factors=_factors, rate=_rate, training=_training, shape=_shape):
                    x = np.random.default_rng(10).standard_normal(shape)
                    y, mask = function(x, rate=rate, training=training, rng=np.random.default_rng(11))
                    want = dropped(x, rate, 11, *factors(rate), training)
                    close(y, want[0])
                    close(mask, want[1])

                TABLE.add(_name, f"loop {_shape} rate={_rate} training={_training}", _check)


@TABLE.row("dropout", "torch's Dropout: the same values are possible, the same share, nothing in evaluation")
def _(function):
    x = np.random.default_rng(12).uniform(1, 2, (100, 200))
    module = torch.nn.Dropout(0.3)
    theirs = module.train()(torch.tensor(x)).numpy() / x
    ours = function(x, rate=0.3, training=True, rng=np.random.default_rng(13))[0] / x
    close(np.unique(ours.round(9)), np.unique(theirs.round(9)))
    assert abs((ours == 0).mean() - 0.3) < 0.02 and abs((theirs == 0).mean() - 0.3) < 0.02
    y, _ = function(x, rate=0.3, training=False, rng=np.random.default_rng(13))
    close(y, module.eval()(torch.tensor(x)).numpy())


for _rate in (0.0, 0.3, 0.5):
    for _shape in ((4, 5, 6), (3, 4, 2, 5)):

        @TABLE.row("spatial_dropout", f"loop {_shape} rate={_rate}")
        def _(function, rate=_rate, shape=_shape):
            x = np.random.default_rng(14).standard_normal(shape)
            y, mask = function(x, rate=rate, training=True, rng=np.random.default_rng(15))
            draws = iter(np.random.default_rng(15).random(shape[0] * shape[1]).tolist())
            for n in range(shape[0]):
                for c in range(shape[1]):
                    factor = 1 / (1 - rate) if next(draws) >= rate else 0.0
                    close(y[n, c], factor * x[n, c])
                    close(mask[n, c], np.full(shape[2:], factor))
            module = torch.nn.Dropout1d(rate) if len(shape) == 3 else torch.nn.Dropout2d(rate)
            y, mask = function(x, rate=rate, training=False, rng=np.random.default_rng(15))
            close(y, module.eval()(torch.tensor(x)).numpy())
            close(mask, np.ones(shape))


@TABLE.row("dropout_backward", "autograd and differences, through every kind of mask")
def _(backward):
    rng = np.random.default_rng(16)
    for values in ((0.0, 2.0), (0.0, 1.0), (0.5, 0.5)):
        x, dy = rng.standard_normal((2, 4, 5))
        mask = rng.choice(values, (4, 5))
        leaf = torch.tensor(x, requires_grad=True)
        (leaf * torch.tensor(mask)).backward(torch.tensor(dy))
        got = backward(dy, mask)
        close(got, leaf.grad.numpy())
        slope = ((x + 1e-4 * dy) * mask - (x - 1e-4 * dy) * mask).sum() / 2e-4
        close(got.sum(), slope, rtol=1e-6, atol=1e-9)


@TABLE.row("dropout_rates", "by hand: inputs kept at 0.8, hidden units at 0.5")
def _(function):
    close(function(), [0.2, 0.5, 0.5])
    close(function(layers=1), [0.2])
    close(function(layers=4, input_rate=0.1, hidden_rate=0.3), [0.1, 0.3, 0.3, 0.3])


# --- early stopping ---


def stops(losses, patience, min_delta):
    """By definition, from the whole past each time."""
    result = []
    for count in range(1, len(losses) + 1):
        best, best_at = math.inf, 0
        for at, loss in enumerate(losses[:count], 1):
            if best - loss > min_delta:
                best, best_at = loss, at
        result.append(count - best_at >= patience)
    return result


for _seed in range(6):
    for _patience, _delta in ((1, 0.0), (3, 0.0), (5, 1 / 32), (2, 1 / 8)):

        @TABLE.row("early_stopping", f"loop seed={_seed} patience={_patience} min_delta={_delta}")
        def _(function, seed=_seed, patience=_patience, delta=_delta):
            rng = np.random.default_rng(seed)
            losses = np.exp(-np.arange(40) / 8) + 0.1 * rng.standard_normal(40).cumsum() / 4
            losses = [
                round(64 * float(x)) / 64 for x in losses
            ]  # so that ties come up, and differences are exact
            state, got = (), []
            for count, loss in enumerate(losses, 1):
                stop, *state = function(loss, *state, patience=patience, min_delta=delta)
                got.append(stop)
                if delta == 0:
                    assert state[0] == (min(losses[:count]), int(np.argmin(losses[:count])) + 1, count)
            assert got == stops(losses, patience, delta)
            assert {type(x) for x in got} == {bool}


@TABLE.row("early_stopping", "a loss that is not a number never improves")
def _(function):
    stop, state = function(math.nan, patience=2)
    assert (stop, state) == (False, (math.inf, 0, 1))
    assert function(math.nan, state, patience=2)[0] is True


# --- ensembles ---


class Fixed:
    """An estimator that answers what it was given."""

    def __init__(self, answer):
        self.answer = answer

    def predict(self, x):
        return self.answer

    predict_proba = predict


def sklearn_vote(answers, classes, voting, weights=None):
    vote = VotingClassifier([(f"m{i}", None) for i in range(len(answers))], voting=voting, weights=weights)
    vote.estimators_ = [Fixed(a) for a in answers]
    vote.le_ = LabelEncoder().fit(np.arange(classes))
    vote.classes_ = vote.le_.classes_
    return vote.predict(np.zeros((answers.shape[1], 1)))


for _seed, (_members, _classes) in enumerate(((1, 2), (2, 3), (4, 3), (5, 10), (7, 2))):
    _rng = np.random.default_rng(_seed)
    _labels = _rng.integers(0, _classes, (_members, 40))
    _probs = _rng.dirichlet(np.ones(_classes), (_members, 40))
    _shares = _rng.uniform(0.1, 2.0, _members)

    @TABLE.row("hard_vote", f"scikit-learn {_members} members, {_classes} classes")
    def _(vote, labels=_labels, classes=_classes):
        want = sklearn_vote(labels, classes, "hard")
        assert np.array_equal(vote(labels, classes=classes), want)

    @TABLE.row("weighted_vote", f"scikit-learn {_members} members, {_classes} classes")
    def _(vote, labels=_labels, classes=_classes, shares=_shares):
        want = sklearn_vote(labels, classes, "hard", shares)
        assert np.array_equal(vote(labels, shares, classes=classes), want)

    @TABLE.row("soft_vote", f"scikit-learn {_members} members, {_classes} classes")
    def _(vote, probs=_probs, classes=_classes, shares=_shares):
        assert np.array_equal(vote(probs), sklearn_vote(probs, classes, "soft"))
        assert np.array_equal(vote(probs, shares), sklearn_vote(probs, classes, "soft", shares))

    @TABLE.row("average_probabilities", f"numpy {_members} members, {_classes} classes")
    def _(average, probs=_probs, shares=_shares):
        close(average(probs), sum(list(probs)) / len(probs))
        close(average(probs, shares), np.average(probs, axis=0, weights=shares))


@TABLE.row("hard_vote", "ties go to the smallest label")
def _(vote):
    assert vote(np.array([[2, 1, 0], [1, 2, 2]]), classes=3).tolist() == [1, 1, 0]


@TABLE.row("weighted_vote", "ties go to the smallest label, and one member may outvote two")
def _(vote):
    labels = np.array([[2, 1], [1, 2], [1, 1]])
    assert vote(labels, np.array([2.0, 1.0, 1.0]), classes=3).tolist() == [1, 1]
    assert vote(labels, np.array([2.5, 1.0, 1.0]), classes=3).tolist() == [2, 1]


for _n, _members in ((1, 1), (10, 3), (200, 20)):

    @TABLE.row("bootstrap_indices", f"loop n={_n} members={_members}")
    def _(function, n=_n, members=_members):
        got = function(n=n, members=members, rng=np.random.default_rng(1))
        rng = np.random.default_rng(1)
        want = [[int(i) for i in row] for row in rng.integers(0, n, (members, n))]
        assert got.tolist() == want
        if n == 200:
            share = np.mean([len(set(row)) / n for row in got.tolist()])
            assert abs(share - (1 - (1 - 1 / n) ** n)) < 0.02, "with replacement 63.2% are seen"
            assert len({tuple(row) for row in got.tolist()}) == members

    @TABLE.row("out_of_bag", f"sets n={_n} members={_members}")
    def _(function, n=_n, members=_members):
        indices = np.random.default_rng(2).integers(0, n, (members, n))
        for row, drawn in zip(function(indices), indices.tolist(), strict=True):
            assert {i for i in range(n) if row[i]} == set(range(n)) - set(drawn)


for _members in (1, 2, 7):

    @TABLE.row("dropout_ensemble", f"loop members={_members}")
    def _(function, members=_members):
        def predict(x, *, rng):
            return x**2 * (rng.random(x.shape) > 0.5)

        x = np.linspace(-1, 2, 5)
        got = function(predict, x, members=members, rng=np.random.default_rng(3))
        rng, total = np.random.default_rng(3), np.zeros(5)
        for _ in range(members):
            total += predict(x, rng=rng)
        close(got, total / members)


@TABLE.row("accuracy_under_noise", "loop over samples, one draw for all strengths")
def _(function):
    rng = np.random.default_rng(5)
    x, labels = rng.standard_normal((50, 3)), rng.integers(0, 4, 50)
    scores = rng.standard_normal((3, 4))
    sigmas = (0.0, 0.5, 3.0)
    got = function(lambda z: z @ scores, x, labels, sigmas=sigmas, rng=np.random.default_rng(6))
    noise = np.random.default_rng(6).standard_normal((50, 3))
    for share, sigma in zip(got, sigmas, strict=True):
        right = sum(int(np.argmax((x[i] + sigma * noise[i]) @ scores) == labels[i]) for i in range(50))
        close(share, right / 50)
    assert len(set(got)) > 1
