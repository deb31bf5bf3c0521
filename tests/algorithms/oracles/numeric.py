"""Numerical derivatives against autograd, and against what their formulas give exactly."""

import math

import numpy as np
import torch

from tests.algorithms.oracles._table import Table, close

TABLE = Table()


def wavy(q):
    """A function of any number of variables that mixes them all."""
    flat = q.reshape(-1)
    return torch.sin(flat).sum() * torch.exp(-(flat**2).sum() / 10) + (flat[0] - 2 * flat[-1]) ** 3


def value(x):
    return float(wavy(torch.tensor(np.asarray(x))))


for _seed, _shape in enumerate([(1,), (5,), (2, 3)]):

    def _check_gradient(function, seed=_seed, shape=_shape):
        x = np.random.default_rng(seed).standard_normal(shape)
        want = torch.autograd.functional.jacobian(wavy, torch.tensor(x)).numpy()
        got = function(value, x)
        assert got.shape == shape
        close(got, want, rtol=1e-7, atol=1e-8)

    def _check_hessian(function, seed=_seed, shape=_shape):
        x = np.random.default_rng(seed).standard_normal(shape)
        size = math.prod(shape)
        want = torch.autograd.functional.hessian(wavy, torch.tensor(x)).numpy().reshape(size, size)
        got = function(value, x)
        close(got, want, rtol=1e-5, atol=1e-5)
        close(got, got.T)

    TABLE.add("numerical_gradient", f"autograd {_shape}", _check_gradient)
    TABLE.add("numerical_hessian", f"autograd {_shape}", _check_hessian)


for _eps in (0.5, 1e-2):

    def _check_cubic(function, eps=_eps):
        # central differences of x³ give 3x² + h² exactly; forward ones 3x² + 3xh + h²
        x = np.array([0.5, -4.0])
        h = eps * np.maximum(1.0, np.abs(x))
        close(function(lambda x: np.sum(x**3), x, eps=eps), 3 * x**2 + h**2)

    def _check_quartic(function, eps=_eps):
        # on the diagonal the four corners of x⁴ give 12x² + 8h² exactly, and x²y³ off it 2x (3y² + k²)
        x, y = 0.5, -4.0
        h, k = eps, 4 * eps
        got = function(lambda p: p[0] ** 4 + p[0] ** 2 * p[1] ** 3, np.array([x, y]), eps=eps)
        close(got[0, 0], 12 * x**2 + 8 * h**2 + 2 * y**3, rtol=1e-8)
        close(got[0, 1], 2 * x * (3 * y**2 + k**2), rtol=1e-8)

    TABLE.add("numerical_gradient", f"cubic eps={_eps}", _check_cubic)
    TABLE.add("numerical_hessian", f"quartic eps={_eps}", _check_quartic)


def mean_error(function, exact, **eps):
    """Over many points, as rounding is luck at one; of f = exp, whose derivatives are all itself."""
    points = np.linspace(-1, 1, 21)
    found = [float(function(lambda x: math.exp(x[0]), np.array([p]), **eps).reshape(-1)[0]) for p in points]
    return np.mean(np.abs(np.array(found) - exact(points)))


def _default_row(name, larger, smaller):
    @TABLE.row(name, f"the default eps beats {larger} and {smaller} tenfold")
    def _(function):
        others = [mean_error(function, np.exp, eps=eps) for eps in (larger, smaller)]
        assert mean_error(function, np.exp) < min(others) / 10


_default_row("numerical_gradient", 1e-3, 1e-8)
_default_row("numerical_hessian", 1e-2, 6e-6)


@TABLE.row("relative_error", "by hand")
def _(function):
    # ‖(3,4) − (3,4.5)‖ = ½, ‖(3,4.5)‖ = √29.25
    close(function(np.array([3.0, 4.0]), np.array([3.0, 4.5])), 0.5 / math.sqrt(29.25))
    close(function(np.array([3.0, 4.5]), np.array([3.0, 4.0])), 0.5 / math.sqrt(29.25))
    close(function(np.array([[1.0, 2.0]]), np.array([[-1.0, -2.0]])), 2.0)
    assert function(np.zeros(3), np.zeros(3)) == 0.0
    close(function(np.zeros(2), np.array([0.0, 1e-9])), 1.0)
