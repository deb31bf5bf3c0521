"""Losses, accuracy and one-hot against torch and its autograd, scikit-learn, and plain loops."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import special
from sklearn import metrics

from tests.algorithms.oracles._differences import slopes_of
from tests.algorithms.oracles._table import Table, close

TABLE = Table()
SHAPES = [(1, 1), (5, 3), (7, 4), (2, 3, 4)]
SPREADS = [0.01, 1.0, 30.0, 1e4]

TORCH = {
    "sse": lambda y, t: 0.5 * F.mse_loss(y, t, reduction="sum"),
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": lambda y, t, delta: F.huber_loss(y, t, delta=delta),
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "cross_entropy": F.cross_entropy,
}


def numbers(shape, spread, rng):
    return spread * rng.standard_normal(shape), rng.standard_normal(shape)


def yes_or_no(shape, spread, rng):
    target = np.where(rng.random(shape) < 0.5, rng.integers(0, 2, shape).astype(float), rng.random(shape))
    return spread * rng.standard_normal(shape), target


def labels(shape, spread, rng):
    return spread * rng.standard_normal(shape), rng.integers(0, shape[1], shape[0])


def soft(shape, spread, rng):
    return spread * rng.standard_normal(shape), rng.dirichlet(np.ones(shape[1]), shape[0])


def add(name, make, shape, spread, **config):
    label = f"{make.__name__} {shape} spread={spread:g} {config or ''}".strip()
    rng = np.random.default_rng([*shape, int(100 * spread)])
    given, target = make(shape, spread, rng)
    x = torch.tensor(given, requires_grad=True)
    want = TORCH[name](x, torch.tensor(target), **config)

    def value(loss):
        got = loss(given, target, **config)
        assert np.ndim(got) == 0
        close(got, want.item())

    TABLE.add(name, f"torch {label}", value)
    for dy in (1.0, -0.3):
        (gradient,) = torch.autograd.grad(want, x, torch.tensor(dy, dtype=torch.float64), retain_graph=True)
        TABLE.add(
            f"{name}_backward",
            f"autograd {label} dy={dy}",
            lambda f, dy=dy, gradient=gradient: close(f(dy, given, target, **config), gradient),
        )


for _spread in SPREADS:
    for _shape in SHAPES:
        for _name in ("sse", "mse", "mae"):
            add(_name, numbers, _shape, _spread)
        for _delta in (0.3, 1.0, 7.0):
            add("huber", numbers, _shape, _spread, delta=_delta)
        add("binary_cross_entropy", yes_or_no, _shape, _spread)
    for _shape in [(1, 2), (5, 3), (8, 10)]:
        for _make in (labels, soft):
            add("cross_entropy", _make, _shape, _spread)

# --- by hand: one number after the other, from the definition ---

RNG = np.random.default_rng(0)
Y, T = RNG.standard_normal((6, 3)), RNG.standard_normal((6, 3))
UNIT = RNG.random((6, 3))
KINDS = np.array([0, 2, 1, 1, 0, 2])


def softened(r, delta=0.7):
    return 0.5 * r * r if abs(r) <= delta else delta * (abs(r) - 0.5 * delta)


def surprise(z, t):
    p = 1 / (1 + math.exp(-z))
    return -(t * math.log(p) + (1 - t) * math.log(1 - p))


def mean_over(each):
    return lambda y, t: sum(each(a, b) for a, b in zip(y.ravel(), t.ravel(), strict=True)) / y.size


def class_surprise(z, t):
    return -sum(
        math.log(math.exp(row[k]) / sum(map(math.exp, row))) for row, k in zip(z, t, strict=True)
    ) / len(z)


LOOPS = {
    "sse": (lambda y, t: sum((a - b) ** 2 for a, b in zip(y.ravel(), t.ravel(), strict=True)) / 2, T, {}),
    "mse": (mean_over(lambda a, b: (a - b) ** 2), T, {}),
    "mae": (mean_over(lambda a, b: abs(a - b)), T, {}),
    "huber": (mean_over(lambda a, b: softened(a - b)), T, {"delta": 0.7}),
    "binary_cross_entropy": (mean_over(surprise), UNIT, {}),
    "cross_entropy": (class_surprise, KINDS, {}),
}
for _name, (_loop, _target, _config) in LOOPS.items():
    TABLE.add(
        _name,
        "loop from the definition",
        lambda f, loop=_loop, target=_target, config=_config: close(f(Y, target, **config), loop(Y, target)),
    )
    TABLE.add(
        f"{_name}_backward",
        "differences of a loop from the definition",
        lambda f, loop=_loop, target=_target, config=_config: close(
            f(2.0, Y, target, **config),
            2 * slopes_of(lambda y: loop(y, target), Y),
            rtol=1e-6,
            atol=1e-8,
        ),
    )


@TABLE.row("cross_entropy", "scipy, and labels of every integer type")
def _(loss):
    want = -np.mean(special.log_softmax(Y, axis=1)[np.arange(6), KINDS])
    for dtype in (np.int8, np.uint8, np.int32, np.int64):
        close(loss(Y, KINDS.astype(dtype)), want)


@TABLE.row("cross_entropy", "ln K where the net knows nothing")
def _(loss):
    for classes in (2, 10, 1000):
        close(loss(np.full((3, classes), 5.0), np.array([0, 1, classes - 1])), math.log(classes))


@TABLE.row("cross_entropy", "20,000 nats where it is sure of the wrong class")
def _(loss):
    close(loss(np.array([[1e4, -1e4]]), np.array([1])), 2e4)


@TABLE.row("binary_cross_entropy", "10,000 nats where it is sure and wrong, 0 where right")
def _(loss):
    close(loss(np.array([1e4, -1e4]), np.array([0.0, 1.0])), 1e4)
    close(loss(np.array([1e4, -1e4]), np.array([1.0, 0.0])), 0.0)


@TABLE.row("huber", "both pieces meet at δ")
def _(loss):
    close(loss(np.array([2.0]), np.array([0.0]), delta=2.0), 2.0)
    close(loss(np.array([2.0 + 1e-9]), np.array([0.0]), delta=2.0), 2.0, rtol=1e-8)


for _classes, _shape in [(1, (3,)), (3, (7,)), (10, (2, 5)), (4, (0,)), (5, ())]:

    def _check(function, classes=_classes, shape=_shape):
        given = np.random.default_rng(classes).integers(0, classes, shape)
        want = F.one_hot(torch.tensor(given), classes)
        got = function(np.asarray(given), classes=classes)
        assert got.dtype == np.float64 and got.shape == tuple(want.shape)
        close(got, want)

    TABLE.add("one_hot", f"torch {_shape} classes={_classes}", _check)


for _n, _classes in [(1, 2), (50, 3), (200, 10)]:

    def _check(function, n=_n, classes=_classes):
        rng = np.random.default_rng(n)
        scores, truth = rng.standard_normal((n, classes)), rng.integers(0, classes, n)
        close(function(scores, truth), metrics.accuracy_score(truth, scores.argmax(axis=1)))
        close(function(scores, scores.argmax(axis=1)), 1.0)

    TABLE.add("accuracy", f"scikit-learn n={_n} classes={_classes}", _check)


@TABLE.row("accuracy", "the first of equal scores")
def _(function):
    close(function(np.zeros((4, 3)), np.array([0, 0, 1, 2])), 0.5)
