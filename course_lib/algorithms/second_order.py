"""Second-order rules, and the line searches that choose how far they go.

A rule here takes `grad_fn` in the gradient's place. `search` is a line search of this file, called as
`search(p, d, g, f=f, grad_fn=grad_fn, lr=lr)`, or None for a step of fixed length `lr`:
`p, state = bfgs(p, grad_fn, state, f=f)`, `newton(p, grad_fn, hess_fn=hess_fn, f=f, search=backtracking)`.
"""

import math

from course_lib.algorithms._arrays import (
    device,
    fraction,
    namespace,
    non_negative,
    positive,
    same_shape,
    whole,
)
from course_lib.messages import t
from course_lib.registry import Range, register

STEP = Range(0.05, 2.0, "log", 31)
CAUTION = 1e-10  # least cosine between s and y that counts as positive curvature
ROUNDS = 60  # halvings of a step; what they leave of it is below float64's resolution
NEGLIGIBLE = 2.0**-ROUNDS


@register(
    "line search",
    ko="되돌아가기 직선 탐색",
    en="Backtracking line search",
    source="Armijo 1966; Nocedal & Wright 2006, Algorithm 3.1",
    ranges={"shrink": Range(0.1, 0.9), "c1": Range(1e-4, 0.5, "log")},
)
def backtracking(p, d, g, *, f, grad_fn=None, lr=1.0, shrink=0.5, c1=1e-4):
    """Shorten the step until the value falls enough (Armijo's rule).

        α ← ρ α   until   f(θ + α d) ≤ f(θ) + c₁ α gᵀd

    p, d, g: point, direction and gradient, of one shape, gᵀd ≤ 0. f(p): number. lr: first α, > 0.
    shrink: ρ in (0, 1). c1 in (0, 1). grad_fn is not used: every line search is called alike.
    Returns α, a float; where rounding hides every fall, a negligible one. Raises ValueError.
    """
    positive("backtracking", lr=lr, shrink=shrink, c1=c1)
    fraction("backtracking", shrink=shrink, c1=c1)
    value, slope, alpha = float(f(p)), _slope("backtracking", d, g), float(lr)
    # until f(θ + α d) ≤ f(θ) + c₁ α gᵀd (`not …`, as NaN is not lower)
    while not float(f(p + alpha * d)) <= value + c1 * alpha * slope and alpha > lr * NEGLIGIBLE:
        # α ← ρ α
        alpha = alpha * shrink
    return alpha


@register(
    "line search",
    ko="강한 Wolfe 직선 탐색",
    en="Strong Wolfe line search",
    source="Wolfe 1969; Nocedal & Wright 2006, eq. 3.7; halving after Lewis & Overton 2013, Algorithm 2.6",
    ranges={"c1": Range(1e-4, 0.4, "log"), "c2": Range(0.1, 0.9)},
)
def strong_wolfe(p, d, g, *, f, grad_fn, lr=1.0, c1=1e-4, c2=0.9):
    """A step where the value has fallen enough and the slope along d has become flat enough.

        f(θ + α d) ≤ f(θ) + c₁ α gᵀd        |∇f(θ + α d)ᵀd| ≤ c₂ |gᵀd|

    Too far: halve the interval; too near: double α while no step was too far. The interval always
    holds a valid step, so halving finds one; Nocedal & Wright interpolate instead, with fewer trials.

    p, d, g, f, lr: as in `backtracking`. grad_fn(p): gradient. 0 < c1 < c2 < 1.
    Returns α, a float; where rounding hides every valid step, the longest seen to fall, or 0.
    Raises ValueError.
    """
    positive("strong_wolfe", lr=lr, c1=c1, c2=c2)
    fraction("strong_wolfe", c1=c1, c2=c2)
    value, slope, alpha = float(f(p)), _slope("strong_wolfe", d, g), float(lr)
    near, far = 0.0, math.inf
    for _ in range(ROUNDS):
        q = p + alpha * d
        # f(θ + α d) ≤ f(θ) + c₁ α gᵀd, or α is too far; the gradient is asked for only if it holds
        fell = float(f(q)) <= value + c1 * alpha * slope
        slope_there = _dot(grad_fn(q), d) if fell else math.inf
        # |∇f(θ + α d)ᵀd| ≤ c₂ |gᵀd|
        if abs(slope_there) <= -c2 * slope:
            return alpha
        # still falling steeply: too near; rising steeply: too far
        near, far = (alpha, far) if slope_there < 0 else (near, alpha)
        alpha = 2 * near if far == math.inf else (near + far) / 2
    return near


@register(
    "second order",
    ko="Newton 방법",
    en="Newton's method",
    source="Nocedal & Wright 2006, §3.3; damping: Levenberg 1944",
    ranges={"lr": STEP, "damping": Range(1e-3, 100.0, "log")},
)
def newton(p, grad_fn, state=(), *, hess_fn, f=None, lr=1.0, damping=0.0, search=None):
    """Newton's method: jump to where the quadratic that fits here is flat.

        (∇²f(θ) + λ I) d = −∇f(θ),    θ ← θ + α d

    Flat may be a saddle or a maximum: pure Newton (λ = 0, no search) is drawn to those as well.

    p: floating-point array of n numbers. grad_fn(p): gradient, shaped like p. hess_fn(p): (n, n).
    f(p): number, for the search. lr: α, or the first α of the search. damping: λ ≥ 0.
    Returns (p, state), the state empty. Raises ValueError on a singular matrix or an uphill direction.
    """
    xp = namespace("newton", p=p)
    positive("newton", lr=lr)
    non_negative("newton", damping=damping)
    g = grad_fn(p)
    same_shape("newton", p=p, g=g)
    h = hess_fn(p)
    h = h + damping * xp.eye(h.shape[0], dtype=h.dtype, device=device(h))
    # (∇²f + λ I) d = −∇f
    try:
        d = xp.reshape(-xp.linalg.solve(h, xp.reshape(g, (-1, 1))), p.shape)
    except (ValueError, RuntimeError) as error:  # the LinAlgError of NumPy, of torch
        raise ValueError(t("second_order.singular", got=error)) from error
    # θ ← θ + α d
    return p + _length("newton", search, p, d, g, f, grad_fn, lr) * d, state


@register(
    "second order",
    ko="BFGS",
    en="BFGS",
    source="Broyden, Fletcher, Goldfarb, Shanno 1970; Nocedal & Wright 2006, Algorithm 6.1",
    ranges={"lr": STEP},
)
def bfgs(p, grad_fn, state=(None, None, None), *, f=None, lr=1.0, search=strong_wolfe):
    """BFGS: Newton's direction without a Hessian, whose inverse is learned from gradients on the way.

        d = −H ∇f(θ),    θ ← θ + α d,    H by `inverse_hessian` from s = Δθ and y = Δ∇f

    p: floating-point array. grad_fn(p): gradient, shaped like p. f(p): number, for the search.
    lr: first α of the search (with search=None, α itself), > 0.
    state: (H, last θ, last ∇f), H (n, n). Returns (p, state). Raises TypeError and ValueError.
    """
    xp = namespace("bfgs", p=p)
    positive("bfgs", lr=lr)
    h, p_last, g_last = state
    g = grad_fn(p)
    same_shape("bfgs", p=p, g=g)
    d = -g
    if p_last is not None:
        h = inverse_hessian(h, xp.reshape(p - p_last, (-1,)), xp.reshape(g - g_last, (-1,)))
    if h is not None:
        # d = −H ∇f(θ)
        d = xp.reshape(-(h @ xp.reshape(g, (-1,))), p.shape)
    # θ ← θ + α d
    return p + _length("bfgs", search, p, d, g, f, grad_fn, lr) * d, (h, p, g)


@register(
    "direction",
    ko="BFGS의 역헤시안 갱신",
    en="BFGS update of the inverse Hessian",
    source="Nocedal & Wright 2006, eq. 6.17 and 6.20; the caution: Li & Fukushima 2001, SIAM J. Optim. 11",
)
def inverse_hessian(h, s, y):
    """The matrix nearest to H that maps the change of the gradient to the step: H y = s.

        H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ,    ρ = 1/(yᵀs)

    The curvature condition yᵀs > 0 keeps H positive definite. A Wolfe search ensures it; without one,
    a pair with yᵀs ≤ 1e-10 ‖y‖ ‖s‖ is left out. The first H is (yᵀs/yᵀy) I.

    h: (n, n), or None before the first pair. s, y: (n,). Returns H, None while there was no good pair.
    """
    xp = namespace("inverse_hessian", s=s, y=y)
    same_shape("inverse_hessian", s=s, y=y)
    if not _curved(s, y):
        return h
    eye = xp.eye(s.shape[0], dtype=s.dtype, device=device(s))
    rho = 1 / _dot(y, s)
    if h is None:
        # (yᵀs/yᵀy) I
        h = eye / (rho * _dot(y, y))
    # (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ
    left = eye - rho * s[:, None] * y[None, :]
    return left @ h @ left.mT + rho * s[:, None] * s[None, :]


@register(
    "second order",
    ko="L-BFGS",
    en="L-BFGS",
    source="Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithm 7.5",
    ranges={"lr": STEP, "memory": Range(1, 20, count=20)},
)
def lbfgs(p, grad_fn, state=((), None, None), *, f=None, lr=1.0, memory=10, search=strong_wolfe):
    """L-BFGS: BFGS that keeps the last few pairs (s, y) instead of a matrix.

        d = −H ∇f(θ) by `two_loop`,    θ ← θ + α d

    Pairs without positive curvature, yᵀs ≤ 1e-10 ‖y‖ ‖s‖, are left out, as in `inverse_hessian`.

    p, grad_fn, f, lr, search: as in `bfgs`. memory: pairs kept, ≥ 1.
    state: (pairs, last θ, last ∇f). Returns (p, state). Raises TypeError and ValueError.
    """
    namespace("lbfgs", p=p)
    positive("lbfgs", lr=lr)
    whole("lbfgs", memory=memory)
    pairs, p_last, g_last = state
    g = grad_fn(p)
    same_shape("lbfgs", p=p, g=g)
    if p_last is not None and _curved(p - p_last, g - g_last):
        pairs = (*pairs, (p - p_last, g - g_last))[-int(memory) :]
    # d = −H ∇f(θ)
    d = -two_loop(g, pairs)
    # θ ← θ + α d
    return p + _length("lbfgs", search, p, d, g, f, grad_fn, lr) * d, (pairs, p, g)


@register(
    "direction",
    ko="L-BFGS의 두 단계 재귀",
    en="L-BFGS two-loop recursion",
    source="Nocedal 1980; Nocedal & Wright 2006, Algorithm 7.4, eq. 7.20",
)
def two_loop(g, pairs):
    """H g for the H that BFGS would build from the pairs, without ever building it.

    H starts as γ I with γ = yᵀs/yᵀy of the newest pair.

    g: floating-point array. pairs: [(s, y), …], oldest first, each shaped like g, yᵀs > 0.
    Returns an array shaped like g. Raises TypeError on bad input.
    """
    namespace("two_loop", g=g)
    q, alphas = g, []
    for s, y in reversed(pairs):
        # α_i = ρ_i s_iᵀ q,  q ← q − α_i y_i
        alpha = _dot(s, q) / _dot(y, s)
        q = q - alpha * y
        alphas.append(alpha)
    if pairs:
        # r = γ q
        s, y = pairs[-1]
        q = q * (_dot(y, s) / _dot(y, y))
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        # r ← r + s_i (α_i − ρ_i y_iᵀ r)
        q = q + s * (alpha - _dot(y, q) / _dot(y, s))
    return q


def _dot(a, b):
    return float((a * b).sum())


def _curved(s, y):
    # yᵀs > c ‖y‖ ‖s‖, and not so small that 1/yᵀs overflows
    info = namespace("inverse_hessian", s=s, y=y).finfo(s.dtype)
    least = CAUTION * math.sqrt(_dot(y, y)) * math.sqrt(_dot(s, s))
    return _dot(y, s) > max(least, float(info.smallest_normal) / float(info.eps))


def _slope(name, d, g):
    """gᵀd, the slope at the start of a search; uphill is refused."""
    slope = _dot(g, d)
    if slope > 0:
        raise ValueError(t("second_order.uphill", name=name, got=f"{slope:.3g}"))
    return slope


def _length(name, search, p, d, g, f, grad_fn, lr):
    """α: `lr` itself, or what the search finds starting from it."""
    if search is None:
        return lr
    if f is None:
        raise ValueError(t("second_order.no_f", name=name))
    return search(p, d, g, f=f, grad_fn=grad_fn, lr=lr)
