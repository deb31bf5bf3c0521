"""Wrong versions of second-order rules, line searches and numerical derivatives."""

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong


@wrong("newton")
def newton_hessian_not_inverted(p, grad_fn, state=(), *, hess_fn, f=None, lr=1.0, damping=0.0, search=None):
    return p - lr * (hess_fn(p) @ grad_fn(p).reshape(-1)).reshape(p.shape), state


@wrong("newton")
def newton_damping_subtracted(p, grad_fn, state=(), *, hess_fn, f=None, lr=1.0, damping=0.0, search=None):
    h = hess_fn(p) - damping * np.eye(p.size)
    return p - lr * np.linalg.solve(h, grad_fn(p).reshape(-1)).reshape(p.shape), state


@wrong("bfgs")
def bfgs_gradient_not_difference(p, grad_fn, state=(None, None, None), *, f=None, lr=1.0, search=None):
    h, p_last, _ = state
    g = grad_fn(p)
    if p_last is not None:
        h = right.inverse_hessian(h, (p - p_last).reshape(-1), g.reshape(-1))
    d = -g if h is None else -(h @ g.reshape(-1)).reshape(p.shape)
    step = lr if search is None else search(p, d, g, f=f, grad_fn=grad_fn, lr=lr)
    return p + step * d, (h, p, g)


@wrong("inverse_hessian")
def inverse_hessian_swapped(h, s, y):
    return right.inverse_hessian(h, y, s)


@wrong("inverse_hessian")
def inverse_hessian_no_caution(h, s, y):
    rho, eye = 1 / float(y @ s), np.eye(len(s))
    h = eye / (rho * float(y @ y)) if h is None else h
    left = eye - rho * np.outer(s, y)
    return left @ h @ left.T + rho * np.outer(s, s)


@wrong("lbfgs")
def lbfgs_keeps_everything(
    p, grad_fn, state=((), None, None), *, f=None, lr=1.0, memory=10, search=right.strong_wolfe
):
    return right.lbfgs(p, grad_fn, state, f=f, lr=lr, memory=1000, search=search)


@wrong("two_loop")
def two_loop_oldest_first(g, pairs):
    return right.two_loop(g, list(reversed(pairs)))


@wrong("two_loop")
def two_loop_no_scale(g, pairs):
    q, alphas = g, []
    for s, y in reversed(pairs):
        alphas.append((s * q).sum() / (y * s).sum())
        q = q - alphas[-1] * y
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        q = q + s * (alpha - (y * q).sum() / (y * s).sum())
    return q


@wrong("backtracking")
def backtracking_any_decrease(p, d, g, *, f, grad_fn=None, lr=1.0, shrink=0.5, c1=1e-4):
    alpha = lr
    while not f(p + alpha * d) < f(p) and alpha > 1e-18:
        alpha *= shrink
    return alpha


@wrong("strong_wolfe")
def strong_wolfe_armijo_only(p, d, g, *, f, grad_fn, lr=1.0, c1=1e-4, c2=0.9):
    return right.backtracking(p, d, g, f=f, lr=lr, c1=c1)


@wrong("numerical_gradient")
def numerical_gradient_forward(f, x, *, eps=None):
    h = 1e-5
    slopes = [(f(x + h * e.reshape(x.shape)) - f(x)) / h for e in np.eye(x.size)]
    return np.array(slopes, dtype=x.dtype).reshape(x.shape)


@wrong("numerical_gradient")
def numerical_gradient_divides_by_h(f, x, *, eps=None):
    return 2 * right.numerical_gradient(f, x, eps=eps)


@wrong("numerical_hessian")
def numerical_hessian_divides_by_two(f, x, *, eps=None):
    return 2 * right.numerical_hessian(f, x, eps=eps)


@wrong("relative_error")
def relative_error_absolute(a, b):
    return float(((a - b) ** 2).sum()) ** 0.5


@wrong("relative_error")
def relative_error_squares(a, b):
    return float(((a - b) ** 2).sum()) / max(float((a * a).sum()), float((b * b).sum()), 1e-300)
