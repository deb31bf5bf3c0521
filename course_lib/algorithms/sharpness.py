"""Sharpness-aware minimization: look for minima whose whole neighbourhood is low."""

from course_lib.algorithms._arrays import namespace, non_negative, same_shape
from course_lib.registry import Range, register

RHO = Range(0.005, 0.5, "log", 31)


@register(
    "sharpness",
    ko="SAM의 기울기",
    en="SAM's gradient",
    source="Foret et al. 2021, arXiv:2010.01412, eq. 2–3 (p = 2)",
    ranges={"rho": RHO},
)
def sam_gradient(p, grad_fn, *, rho=0.05):
    """The gradient at the worst point near p, by a first-order guess; any rule can step with it.

        ε̂ = ρ ∇L(θ) / ‖∇L(θ)‖          g = ∇L(θ + ε̂)

    The term with the derivative of ε̂ is left out, as in the paper. At a zero gradient ε̂ = 0.

    p: θ, floating-point array of all parameters, as the norm is over all. grad_fn(p): gradient, shaped
    like p. rho: ρ ≥ 0. Returns g, shaped like p. Raises TypeError and ValueError on bad input.
    """
    return _gradient("sam_gradient", p, grad_fn, rho)


@register(
    "optimizer",
    ko="SAM",
    en="SAM",
    source="Foret et al. 2021, arXiv:2010.01412, Algorithm 1",
    ranges={"lr": Range(1e-3, 1.0, "log", 31), "rho": RHO},
)
def sam(p, grad_fn, state=(), *, lr=0.1, rho=0.05):
    """SAM with gradient descent: climb to the worst point near by, take the gradient there, step from here.

        ε̂ = ρ ∇L(θ) / ‖∇L(θ)‖          θ ← θ − η ∇L(θ + ε̂)

    Two gradients a step. For another rule: `adam(p, sam_gradient(p, grad_fn), state)`.

    p: θ, floating-point array. grad_fn(p): gradient, shaped like p. lr: η ≥ 0. rho: ρ ≥ 0. state: empty.
    Returns (p, state). Raises TypeError and ValueError on bad input.
    """
    non_negative("sam", lr=lr)
    # θ ← θ − η ∇L(θ + ε̂)
    return p - lr * _gradient("sam", p, grad_fn, rho), state


def _gradient(name, p, grad_fn, rho):
    xp = namespace(name, p=p)
    non_negative(name, rho=rho)
    g = grad_fn(p)
    same_shape(name, p=p, g=g)
    norm = float(xp.sqrt(xp.sum(g * g)))
    # ε̂ = ρ ∇L(θ) / ‖∇L(θ)‖
    worst = p + rho / norm * g if norm > 0 else p
    g = grad_fn(worst)
    same_shape(name, p=p, g=g)
    return g
