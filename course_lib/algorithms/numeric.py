"""Derivatives by differences: slow, general, and the honest check of a gradient written by hand."""

import math

from course_lib.algorithms._arrays import device, namespace, positive, same_shape
from course_lib.registry import Range, register

EPS = Range(1e-13, 1e-1, "log", 49)


@register(
    "check",
    ko="수치 기울기",
    en="Numerical gradient",
    source="Nocedal & Wright 2006, §8.1, eq. 8.7 (central differences)",
    ranges={"eps": EPS},
)
def numerical_gradient(f, x, *, eps=None):
    """The gradient by central differences: ∂f/∂x_i ≈ [f(x + h e_i) − f(x − h e_i)] / 2h.

    h = eps · max(1, |x_i|). The formula is off by about h² |f‴|/6 and rounding by u |f|/h, u the dtype's
    resolution; their sum is least near h = u^⅓, the default: 6e-6 in float64, 5e-3 in float32.

    f(x): number. x: floating-point array. Returns an array shaped like x. Raises TypeError, ValueError.
    """
    xp = namespace("numerical_gradient", x=x)
    moves = _moves("numerical_gradient", xp, x, eps, 1 / 3)
    # [f(x + h e_i) − f(x − h e_i)] / 2h
    slopes = [(float(f(x + e)) - float(f(x - e))) / (2 * h) for h, e in moves]
    return xp.reshape(xp.asarray(slopes, dtype=x.dtype, device=device(x)), x.shape)


@register(
    "check",
    ko="수치 헤시안",
    en="Numerical Hessian",
    source="Nocedal & Wright 2006, §8.1; Abramowitz & Stegun 1964, eq. 25.3.26",
    ranges={"eps": EPS},
)
def numerical_hessian(f, x, *, eps=None):
    """The Hessian by central differences of values, symmetric by its formula.

        ∂²f/∂x_i∂x_j ≈ [f(+,+) − f(+,−) − f(−,+) + f(−,−)] / 4 h_i h_j,   (±,±): x ± h_i e_i ± h_j e_j

    Rounding costs u |f|/h² here, so the best h is near u^¼, the default: 1.2e-4 in float64.

    f(x): number. x: floating-point array of n numbers. Returns (n, n). Raises TypeError, ValueError.
    """
    xp = namespace("numerical_hessian", x=x)
    moves = _moves("numerical_hessian", xp, x, eps, 1 / 4)

    def second(h, e, k, d):
        # [f(+,+) − f(+,−) − f(−,+) + f(−,−)] / 4 h_i h_j
        corners = float(f(x + e + d)) - float(f(x + e - d)) - float(f(x - e + d)) + float(f(x - e - d))
        return corners / (4 * h * k)

    rows = [[second(h, e, k, d) for k, d in moves] for h, e in moves]
    return xp.asarray(rows, dtype=x.dtype, device=device(x))


@register(
    "check",
    ko="상대 오차",
    en="Relative error",
    source="Goodfellow et al. 2016, §11.5 (compare back-propagated derivatives to numerical ones)",
)
def relative_error(a, b):
    """How far two gradients are apart for their size: ‖a − b‖ / max(‖a‖, ‖b‖); 0 if both are zero.

    Between a right gradient and `numerical_gradient` expect under 1e-7 in float64; 1e-2 is a bug.

    a, b: floating-point arrays of one shape. Returns a float. Raises TypeError, ValueError.
    """
    namespace("relative_error", a=a, b=b)
    same_shape("relative_error", a=a, b=b)
    size = max(_norm(a), _norm(b))
    return _norm(a - b) / size if size > 0 else 0.0


def _moves(name, xp, x, eps, power):
    """[(h_i, h_i e_i), …] for every coordinate."""
    eps = float(xp.finfo(x.dtype).eps) ** power if eps is None else eps
    positive(name, eps=eps)
    size = math.prod(x.shape)
    sizes = [eps * max(1.0, abs(float(value))) for value in xp.reshape(x, (-1,))]
    units = xp.eye(size, dtype=x.dtype, device=device(x))
    return [(h, xp.reshape(h * units[i, :], x.shape)) for i, h in enumerate(sizes)]


def _norm(a):
    return math.sqrt(float((a * a).sum()))
