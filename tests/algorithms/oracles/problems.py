"""Problems against their formulas in torch with autograd, SciPy and scikit-learn; trace against a loop."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.optimize
import torch
from sklearn.linear_model import LogisticRegression

from tests.algorithms.oracles._table import Table, close

TABLE = Table()


def turned(x, y, angle):
    """Coordinates along axes turned by `angle` degrees."""
    c, s = np.cos(np.pi * angle / 180), np.sin(np.pi * angle / 180)
    return c * x + s * y, c * y - s * x


def quadratic(x, y, condition=10.0, angle=0.0):
    along, across = turned(x, y, angle)
    return along**2 / 2 + condition * across**2 / 2


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def beale(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def himmelblau(x, y):
    return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2


def saddle(x, y):
    return x * x / 2 + y**4 / 4 - y * y / 2


def rastrigin(x, y):
    cos = torch.cos if isinstance(x, torch.Tensor) else np.cos
    return 20 + x * x + y * y - 10 * cos(2 * np.pi * x) - 10 * cos(2 * np.pi * y)


def cliff(x, y):
    exp = torch.exp if isinstance(x, torch.Tensor) else np.exp
    return (1 + (x + 1) ** 2) ** 0.5 + (1 + y * y) ** 0.5 - 2 + 10 / (1 + exp(8 - 8 * x))


# the formula, and its global minima: (x, y), … with the value there
FORMULAS = {
    "quadratic": (quadratic, [(0, 0)], 0.0),
    "rosenbrock": (rosenbrock, [(1, 1)], 0.0),
    "beale": (beale, [(3, 0.5)], 0.0),
    "himmelblau": (
        himmelblau,
        [(3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)],
        0,
    ),
    "saddle": (saddle, [(0, 1), (0, -1)], -0.25),
    "rastrigin": (rastrigin, [(0, 0)], 0.0),
    "cliff": (
        cliff,
        [(-1.000009, 0)],
        scipy.optimize.minimize_scalar(lambda x: cliff(x, 0), (-1.1, -0.9)).fun,
    ),
}
CONFIGS = {
    "quadratic": [
        {},
        {"condition": 1.0, "angle": 20.0},
        {"condition": 30.0, "angle": 30.0},
        {"condition": 1000.0, "angle": 90.0},
    ]
}


def points(window, count=30):
    (x0, x1), (y0, y1) = window
    return np.random.default_rng(0).uniform((x0, y0), (x1, y1), (count, 2))


def derivatives(formula, p):
    """∇f and ∇²f at a point, by autograd."""

    def f(q):
        return formula(q[0], q[1])

    q = torch.tensor(p, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(f, q)
    return jacobian.numpy(), torch.autograd.functional.hessian(f, q).numpy()


def matches(problem, formula, minima, value):
    """Values, gradients, Hessians, vectorizing, and minima are those of the formula."""
    cloud = points(problem.window)
    close(problem.f(cloud), [formula(x, y) for x, y in cloud])
    for p in cloud:
        gradient, hessian = derivatives(formula, p)
        close(problem.f(p), formula(*p))
        close(problem.grad(p), gradient, atol=1e-9)
        close(problem.hess(p), hessian, atol=1e-9)
        assert scipy.optimize.check_grad(problem.f, problem.grad, p) < 1e-4 * (1 + np.linalg.norm(gradient))
    grid = cloud.reshape(2, 5, 3, 2)
    close(problem.f(grid).reshape(-1), problem.f(cloud))
    close(problem.grad(grid).reshape(-1, 2), [problem.grad(p) for p in cloud])
    close(sorted(problem.minima.tolist()), sorted([float(a), float(b)] for a, b in minima), atol=1e-6)
    close(problem.f(problem.minima), [value] * len(minima))
    close(problem.grad(problem.minima), np.zeros((len(minima), 2)))
    for m in problem.minima:
        found = scipy.optimize.minimize(lambda p: formula(*p), m + 0.01, method="Nelder-Mead", tol=1e-10)
        close(m, found.x, atol=1e-5)
        assert problem.f(m) <= found.fun + 1e-12
    (x0, x1), (y0, y1) = problem.window
    for p in (problem.start, *problem.minima):
        assert x0 < p[0] < x1 and y0 < p[1] < y1, "the window must show start and minima"
    close(problem.curvature, max(np.linalg.eigvals(derivatives(formula, problem.minima[0])[1]).real))
    assert problem.noise == 0 and problem.samples is None


for _name, (_formula, _minima, _value) in FORMULAS.items():
    for _config in CONFIGS.get(_name, [{}]):

        def _check(factory, formula=_formula, minima=_minima, value=_value, config=_config):
            matches(factory(**config), functools.partial(formula, **config), minima, value)

        TABLE.add(_name, f"formula {_config}", _check)


@TABLE.row("rosenbrock", "scipy")
def _(factory):
    problem = factory()
    for p in points(problem.window):
        close(problem.f(p), scipy.optimize.rosen(p))
        close(problem.grad(p), scipy.optimize.rosen_der(p), atol=1e-9)
        close(problem.hess(p), scipy.optimize.rosen_hess(p), atol=1e-9)


def is_noisy(problem, window, formula, sigma):
    """f, Hessian and minima exact; the gradient right on average, and spread by sigma; drawn anew."""
    cloud = points(window, 3)
    close(problem.f(cloud), [formula(x, y) for x, y in cloud])
    count = 20_000
    for p in cloud:
        gradient, hessian = derivatives(formula, p)
        close(problem.hess(p), hessian, atol=1e-9)
        draws = problem.grad(np.broadcast_to(p, (count, 2)))
        assert np.all(np.abs(draws.mean(axis=0) - gradient) <= 5 * sigma / count**0.5 + 1e-12)
        close(draws.std(axis=0), [sigma] * 2, rtol=0.05)
        assert abs(np.corrcoef(draws.T - gradient[:, None])[0, 1]) < 0.05
        assert not np.array_equal(problem.grad(p), problem.grad(p))
    assert problem.noise == sigma


@dataclass(frozen=True)
class Bare:
    """The least that `noisy` and `trace` need of a problem: anything with these fields will do."""

    f: Callable
    grad: Callable
    hess: Callable | None
    start: np.ndarray
    minima: np.ndarray
    noise: float = 0.0
    samples: int | None = None
    name: str = "bare"


def bare(formula):
    """A formula, differentiated by autograd."""

    def grad(p):
        q = torch.tensor(np.asarray(p), requires_grad=True)
        formula(q[..., 0], q[..., 1]).sum().backward()
        return q.grad.numpy()

    return Bare(
        f=lambda p: formula(p[..., 0], p[..., 1]),
        grad=grad,
        hess=lambda p: derivatives(formula, p)[1],
        start=np.array([1.0, 2.0]),
        minima=np.zeros((1, 2)),
    )


def _noisy_rows(sigma):
    config = {"condition": 20.0, "angle": 40.0}
    formula = functools.partial(quadratic, **config)

    @TABLE.row("noisy_quadratic", f"moments sigma={sigma}")
    def _(factory):
        problem = factory(**config, sigma=sigma, rng=np.random.default_rng(1))
        is_noisy(problem, problem.window, formula, sigma)
        again = factory(**config, sigma=sigma, rng=np.random.default_rng(1))
        first, later = again.grad(problem.start), problem.grad(problem.start)
        assert not np.array_equal(first, later), "the rng must be drawn from"

    @TABLE.row("noisy", f"moments sigma={sigma}")
    def _(transform):
        problem = transform(bare(formula), sigma=sigma, rng=np.random.default_rng(2))
        is_noisy(problem, ((-2, 2), (-2, 2)), formula, sigma)


_noisy_rows(0.5)
_noisy_rows(3.0)


@TABLE.row("noisy", "the same draws from the same seed")
def _(transform):
    one, two = (transform(bare(quadratic), sigma=0.5, rng=np.random.default_rng(3)) for _ in range(2))
    close([one.grad(np.ones(2)) for _ in range(3)], [two.grad(np.ones(2)) for _ in range(3)], rtol=0, atol=0)


def _logistic_row(samples, l2, seed):
    def check(factory):
        problem = factory(samples=samples, l2=l2, rng=np.random.default_rng(seed))
        x, y = problem.data
        assert x.shape == (samples, 2) and set(y.tolist()) == {-1.0, 1.0} and problem.samples == samples

        def formula(a, b):
            # in torch the sum over the samples stands on the last axis
            a, b = torch.as_tensor(a)[..., None], torch.as_tensor(b)[..., None]
            margins = torch.tensor(y) * (a * torch.tensor(x[:, 0]) + b * torch.tensor(x[:, 1]))
            loss = torch.nn.functional.softplus(-margins).mean(dim=-1)
            return loss + l2 / 2 * (a[..., 0] ** 2 + b[..., 0] ** 2)

        for p in points(problem.window, 10):
            gradient, hessian = derivatives(formula, p)
            close(problem.f(p), formula(*p))
            close(problem.grad(p), gradient)
            close(problem.hess(p), hessian)
            batches = np.random.default_rng(0).permutation(samples).reshape(4, -1)
            close(np.mean([problem.batch_grad(p, batch) for batch in batches], axis=0), gradient)
            one = torch.tensor(p, requires_grad=True)
            torch.nn.functional.softplus(-y[0] * (one * torch.tensor(x[0])).sum()).backward()
            close(problem.batch_grad(p, [0]), one.grad.numpy() + l2 * p)
        grid = points(problem.window, 12).reshape(3, 4, 2)
        close(problem.f(grid), formula(grid[..., 0], grid[..., 1]))
        close(problem.grad(grid).reshape(-1, 2), [problem.grad(p) for p in grid.reshape(-1, 2)])
        model = LogisticRegression(C=1 / (l2 * samples), fit_intercept=False, tol=1e-12, max_iter=10_000)
        close(problem.minima, model.fit(x, y).coef_, rtol=1e-5)
        close(problem.grad(problem.minima), np.zeros((1, 2)))

    TABLE.add("logistic_regression", f"torch, scikit-learn samples={samples} l2={l2} seed={seed}", check)


_logistic_row(200, 1e-3, 0)
_logistic_row(40, 0.1, 1)


@TABLE.row("logistic_regression", "the clouds are those of the docstring")
def _(factory):
    x, y = factory(samples=20_000, rng=np.random.default_rng(0)).data
    for label in (-1.0, 1.0):
        cloud = x[y == label]
        close(cloud.mean(axis=0), [label, label], rtol=0, atol=0.1)
        close(np.cov(cloud.T), [[1, 0], [0, 4]], rtol=0, atol=0.15)


def heavy_ball(p, g, state=(0.0,), *, lr=0.1, mu=0.5):
    v = mu * state[0] - lr * g
    return p + v, (v,)


def look_around(p, grad_fn, state=(), *, lr=0.1):
    return p - lr * 0.5 * (grad_fn(p) + grad_fn(p + 0.1)), state


def scaled_newton(p, grad_fn, state=(), *, f, hess_fn, lr=1.0):
    return p - lr * np.linalg.solve(hess_fn(p), grad_fn(p)) / (1 + f(p)), state


def _trace_row(label, rule, hyper, take):
    def check(trace):
        problem = bare(functools.partial(quadratic, condition=5.0, angle=30.0))
        for start in (None, np.array([-1.0, 0.3])):
            p, memory = problem.start if start is None else start, {}
            want = [p]
            for _ in range(25):
                p = take(p, problem, memory)
                want.append(p)
            path = trace(rule, problem, steps=25, start=start, **hyper)
            close(path.points, want)
            close(path.values, [problem.f(p) for p in want])
            assert path.diverged is None

    TABLE.add("trace", label, check)


def _heavy(p, problem, memory, lr=0.05, mu=0.5):
    memory["v"] = mu * memory.get("v", 0.0) - lr * problem.grad(p)
    return p + memory["v"]


def _around(p, problem, memory):
    return p - 0.01 * (problem.grad(p) + problem.grad(p + 0.1)) / 2


def _scaled(p, problem, memory):
    return p - 0.1 * np.linalg.inv(problem.hess(p)) @ problem.grad(p) / (1 + problem.f(p))


_trace_row("loop, gradient", heavy_ball, {"lr": 0.05}, _heavy)
_long, _long_by_hand = functools.partial(heavy_ball, mu=0.9), functools.partial(_heavy, mu=0.9)
_trace_row("loop, partial", _long, {"lr": 0.05}, _long_by_hand)
_trace_row("loop, gradient function", look_around, {"lr": 0.01}, _around)
_trace_row("loop, values and Hessian", scaled_newton, {"lr": 0.1}, _scaled)


@TABLE.row("trace", "a diverging path stops where it left")
def _(trace):
    # θ_{k+1} = (1 − lr κ) θ_k: |−9|ᵏ · 2 passes 10⁶ at k = 6
    problem = bare(lambda x, y: (x * x + y * y) / 2)
    path = trace(heavy_ball, problem, steps=20, lr=10.0, mu=0.0)
    assert path.diverged == 6
    close(path.points[:6], [(-9.0) ** k * problem.start for k in range(6)])
    assert np.isnan(path.points[6:]).all() and np.isnan(path.values[6:]).all()
    assert path.points.shape == (21, 2) and path.values.shape == (21,)
