"""Activations against torch and its autograd, SciPy, and differences of definitions written with `math`."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import special

from tests.algorithms.oracles._differences import slopes_of
from tests.algorithms.oracles._table import Table, close

TABLE = Table()
FAR = [-1e4, -745.2, -89.0, -40.0, -1e-8, 0.0, 1e-8, 40.0, 89.0, 710.0, 1e4, -30.0]
GRIDS = {
    "near": np.linspace(-6, 6, 60).reshape(12, 5),
    "far": np.array(FAR).reshape(3, 4),
    "images": 3 * np.random.default_rng(0).standard_normal((2, 4, 3, 3)),
}

TORCH = {
    "sigmoid": (torch.sigmoid, [{}]),
    "tanh": (torch.tanh, [{}]),
    "silu": (F.silu, [{}]),
    "gelu": (F.gelu, [{}]),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), [{}]),
    "relu": (F.relu, [{}]),
    "leaky_relu": (
        lambda x, slope: F.leaky_relu(x, slope),
        [{"slope": s} for s in (0.0, 0.01, 1.0, 1.5)],
    ),
    "elu": (lambda x, alpha: F.elu(x, alpha), [{"alpha": a} for a in (0.0, 0.5, 1.0, 2.0)]),
    "selu": (F.selu, [{}]),
    # torch's own softplus turns straight beyond 20; this is the definition
    "softplus": (
        lambda x, beta: torch.logaddexp(beta * x, torch.zeros_like(x)) / beta,
        [{"beta": b} for b in (0.3, 1.0, 8.0)],
    ),
    "softmax": (
        lambda x, temperature: F.softmax(x / temperature, dim=-1),
        [{"temperature": T} for T in (0.1, 1.0, 5.0)],
    ),
    "log_softmax": (lambda x: F.log_softmax(x, dim=-1), [{}]),
}

for _name, (_function, _configs) in TORCH.items():
    for _config in _configs:
        for _grid, _x in GRIDS.items():
            _given = torch.tensor(_x, requires_grad=True)
            _want = _function(_given, **_config)
            _dy = np.random.default_rng(1).standard_normal(_x.shape)
            (_slope,) = torch.autograd.grad(_want, _given, torch.tensor(_dy))
            _label = f"{_grid} {_config or ''}".strip()
            TABLE.add(
                _name,
                f"torch {_label}",
                lambda f, x=_x, want=_want, config=_config: close(f(x, **config), want.detach()),
            )
            TABLE.add(
                f"{_name}_backward",
                f"autograd {_label}",
                lambda f, x=_x, dy=_dy, want=_slope, config=_config: close(f(dy, x, **config), want),
            )

# --- the definitions, one number after the other ---


def selu_one(x):
    """α and λ solve E f(z) = 0 and E f(z)² = 1 for a standard normal z: here by that derivation."""
    # E[z; z > 0] = 1/√(2π); E[exp z − 1; z < 0] = √e Φ(−1) − ½
    below = math.sqrt(math.e) * special.ndtr(-1) - 0.5
    alpha = -1 / math.sqrt(2 * math.pi) / below
    # E[z²; z > 0] = ½; E[(exp z − 1)²; z < 0] = e² Φ(−2) − 2 √e Φ(−1) + ½
    square = math.e**2 * special.ndtr(-2) - 2 * math.sqrt(math.e) * special.ndtr(-1) + 0.5
    scale = 1 / math.sqrt(0.5 + alpha**2 * square)
    return scale * (x if x > 0 else alpha * math.expm1(x))


ONE = {
    "sigmoid": (lambda x: 1 / (1 + math.exp(-x)), {}),
    "tanh": (lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)), {}),
    "silu": (lambda x: x / (1 + math.exp(-x)), {}),
    "gelu": (lambda x: x * special.ndtr(x), {}),
    "gelu_tanh": (lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))), {}),
    "relu": (lambda x: x if x > 0 else 0.0, {}),
    "leaky_relu": (lambda x: x if x > 0 else 1.3 * x, {"slope": 1.3}),
    "elu": (lambda x: x if x > 0 else 0.6 * (math.exp(x) - 1), {"alpha": 0.6}),
    "selu": (selu_one, {}),
    "softplus": (lambda x: math.log(1 + math.exp(2.5 * x)) / 2.5, {"beta": 2.5}),
}
POINTS = np.linspace(-5, 5, 24).reshape(4, 6)  # none at a corner
for _name, (_one, _config) in ONE.items():
    TABLE.add(
        _name,
        "math, number by number",
        lambda f, one=_one, config=_config: close(f(POINTS, **config), np.vectorize(one)(POINTS)),
    )
    TABLE.add(
        f"{_name}_backward",
        "differences of the definition",
        lambda f, one=_one, config=_config: close(
            f(np.ones_like(POINTS), POINTS, **config),
            slopes_of(lambda x: sum(map(one, x.ravel())), POINTS),
            rtol=1e-6,
            atol=1e-8,
        ),
    )


@TABLE.row("sigmoid", "scipy")
def _(function):
    close(function(GRIDS["far"]), special.expit(GRIDS["far"]), atol=0)


@TABLE.row("elu", "digits kept near 0, where exp(x) − 1 loses them")
def _(function):
    x = -(10.0 ** -np.arange(1, 16))
    close(function(x), [math.expm1(value) for value in x], rtol=1e-14, atol=0)


for _temperature in (0.2, 1.0, 9.0):

    def _check(function, temperature=_temperature):
        for x in GRIDS.values():
            close(function(x, temperature=temperature), special.softmax(x / temperature, axis=-1))

    TABLE.add("softmax", f"scipy temperature={_temperature}", _check)


@TABLE.row("log_softmax", "scipy")
def _(function):
    for x in GRIDS.values():
        close(function(x), special.log_softmax(x, axis=-1))


def expected(function, weights):
    """Differences of Σ weights · function(x): what a backward pass with dy = weights must give."""
    return slopes_of(lambda x: float((weights * function(x)).sum()), GRIDS["near"])


WEIGHTS = np.random.default_rng(2).standard_normal(GRIDS["near"].shape)


@TABLE.row("softmax_backward", "differences of scipy's softmax")
def _(function):
    want = expected(lambda x: special.softmax(x / 2.0, axis=-1), WEIGHTS)
    close(function(WEIGHTS, GRIDS["near"], temperature=2.0), want, rtol=1e-6, atol=1e-8)


@TABLE.row("log_softmax_backward", "differences of scipy's log_softmax")
def _(function):
    want = expected(lambda x: special.log_softmax(x, axis=-1), WEIGHTS)
    close(function(WEIGHTS, GRIDS["near"]), want, rtol=1e-6, atol=1e-8)


# --- PReLU: a slope of its own for each channel ---

for _label, _x in {"vectors": GRIDS["near"], **{k: GRIDS[k] for k in ("far", "images")}}.items():
    for _count in ("one", "each"):
        _slope = np.random.default_rng(3).uniform(-0.3, 1.6, 1 if _count == "one" else _x.shape[1])
        _dy = np.random.default_rng(4).standard_normal(_x.shape)
        _tx, _ta = torch.tensor(_x, requires_grad=True), torch.tensor(_slope, requires_grad=True)
        _want = F.prelu(_tx, _ta)
        _gradients = torch.autograd.grad(_want, (_tx, _ta), torch.tensor(_dy))
        TABLE.add(
            "prelu",
            f"torch {_label} {_count}",
            lambda f, x=_x, a=_slope, want=_want: close(f(x, a), want.detach()),
        )

        def _check(function, x=_x, a=_slope, dy=_dy, want=_gradients):
            dx, da = function(dy, x, a)
            assert da.shape == a.shape
            close(dx, want[0])
            close(da, want[1])

        TABLE.add("prelu_backward", f"autograd {_label} {_count}", _check)


@TABLE.row("prelu_backward", "differences of the definition")
def _(function):
    x, dy, a = GRIDS["near"], WEIGHTS, np.array([0.3, 1.4, -0.2, 0.0, 1.0])
    _, da = function(dy, x, a)
    want = slopes_of(lambda a: float((dy * np.where(x > 0, x, a * x)).sum()), a)
    close(da, want, rtol=1e-6, atol=1e-8)


@TABLE.row("prelu", "a slope without axes, on a vector")
def _(function):
    close(function(np.array([-2.0, 3.0]), np.array(0.5)), [-1.0, 3.0])


# --- maxout ---

for _n, _inside, _pieces, _units in [(1, 1, 1, 1), (5, 3, 2, 4), (7, 2, 5, 1), (3, 4, 3, 6)]:
    _rng = np.random.default_rng(_n)
    _arrays = [
        _rng.standard_normal(s) for s in ((_n, _inside), (_pieces, _inside, _units), (_pieces, _units))
    ]
    _dy = _rng.standard_normal((_n, _units))
    _given = [torch.tensor(a, requires_grad=True) for a in _arrays]
    _want = (torch.einsum("ni,piu->pnu", _given[0], _given[1]) + _given[2].unsqueeze(1)).max(dim=0).values
    _gradients = torch.autograd.grad(_want, _given, torch.tensor(_dy))
    _label = f"n={_n} inputs={_inside} pieces={_pieces} units={_units}"
    TABLE.add(
        "maxout", f"torch {_label}", lambda f, a=_arrays, want=_want: close(f(*a), want.detach(), atol=1e-11)
    )

    def _check(function, arrays=_arrays, dy=_dy, gradients=_gradients):
        for got, want in zip(function(dy, *arrays), gradients, strict=True):
            assert got.shape == tuple(want.shape)
            close(got, want, atol=1e-11)

    TABLE.add("maxout_backward", f"autograd {_label}", _check)


def maxout_loop(x, w, b):
    n, units = len(x), b.shape[1]
    out = np.empty((n, units))
    for i in range(n):
        for u in range(units):
            out[i, u] = max(
                sum(x[i, k] * w[j, k, u] for k in range(x.shape[1])) + b[j, u] for j in range(len(w))
            )
    return out


@TABLE.row("maxout", "loop")
def _(function):
    rng = np.random.default_rng(9)
    arrays = [rng.standard_normal(s) for s in ((4, 3), (3, 3, 2), (3, 2))]
    close(function(*arrays), maxout_loop(*arrays))


@TABLE.row("maxout_backward", "differences of a loop")
def _(function):
    rng = np.random.default_rng(9)
    x, w, b = (rng.standard_normal(s) for s in ((4, 3), (3, 3, 2), (3, 2)))
    dy = rng.standard_normal((4, 2))
    wants = (
        slopes_of(lambda x: float((dy * maxout_loop(x, w, b)).sum()), x),
        slopes_of(lambda w: float((dy * maxout_loop(x, w, b)).sum()), w),
        slopes_of(lambda b: float((dy * maxout_loop(x, w, b)).sum()), b),
    )
    for got, want in zip(function(dy, x, w, b), wants, strict=True):
        close(got, want, rtol=1e-6, atol=1e-8)


@TABLE.row("maxout_backward", "of equal pieces the first")
def _(function):
    ones = np.ones((2, 1, 1))
    _, dw, db = function(np.ones((1, 1)), np.ones((1, 1)), ones, np.zeros((2, 1)))
    close(dw.ravel(), [1.0, 0.0])
    close(db.ravel(), [1.0, 0.0])


# --- dead units ---

for _shape in [(1, 3), (8, 20), (5, 4, 2, 3)]:
    for _tolerance in (0.0, 0.05):

        def _check(function, shape=_shape, tolerance=_tolerance):
            rng = np.random.default_rng(5)
            slopes = np.where(rng.random(shape) < 0.6, 0.0, 0.2 * rng.standard_normal(shape))
            slopes[:, 0] = 0.0
            slopes[:, 1] = np.resize([0.3, -0.3], len(slopes)).reshape(-1, *[1] * (slopes.ndim - 2))
            slopes[:, 2] = -0.2
            got = function(slopes, tolerance=tolerance)
            want = np.ones(shape[1:], dtype=bool)
            for index in np.ndindex(shape):
                want[index[1:]] &= abs(slopes[index]) <= tolerance
            assert got.dtype == bool and got.shape == want.shape
            assert np.array_equal(got, want)

        TABLE.add("dead_units", f"loop {_shape} tolerance={_tolerance}", _check)


# --- weight gradients ---

for _shape in [(1, 1), (6, 3), (4, 5)]:

    def _check(function, shape=_shape):
        rng = np.random.default_rng(shape)
        x, dy, w = rng.standard_normal(shape), rng.standard_normal(shape[0]), rng.standard_normal(shape[1])
        got = function(dy, x)
        for n in range(shape[0]):
            leaf = torch.tensor(w, requires_grad=True)
            (dy[n] * (torch.tensor(x[n]) @ leaf)).backward()
            close(got[n], leaf.grad.numpy())

    TABLE.add("weight_gradients", f"autograd, sample by sample {_shape}", _check)
