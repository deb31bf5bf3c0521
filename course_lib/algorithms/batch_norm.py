"""Batch normalization: the one whose training and inference differ."""

import math

from course_lib.algorithms._arrays import fraction
from course_lib.algorithms._norms import checked, enough, gather, spread
from course_lib.algorithms.norm_axes import norm_axes
from course_lib.messages import t
from course_lib.registry import Range, register

EPS = Range(1e-8, 1.0, "log", 33)


@register(
    "normalization",
    ko="배치 정규화",
    en="Batch normalization",
    source="Ioffe & Szegedy 2015, arXiv:1502.03167, Algorithms 1 and 2",
    ranges={"momentum": Range(0.01, 0.99), "eps": EPS},
)
def batch_norm(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    """Batch norm: each channel gets mean 0 and variance 1 over the batch, then a learned scale and shift.

        x̂ = (x − μ)/√(σ² + ε),   y = γ x̂ + β
        training:   μ, σ² of the batch, σ² divided by m;   running ← (1 − α) running + α (μ, m/(m − 1) σ²)
        inference:  μ, σ² are the running ones, and the state stays

    As in PyTorch, the running variance is the unbiased one, while x̂ uses the biased one; and α, the weight of
    the new batch, is called momentum.

    x: floating-point (N, C), (N, C, L) or (N, C, H, W); m = number of values per channel, ≥ 2 in training.
    gamma, beta: (C,). state: running (mean, variance), each of shape (1, C, 1, 1), with as many axes as x.
    training: True or False. momentum: α in [0, 1). eps: ε > 0. Returns (y, state).
    Raises TypeError, ValueError.
    """
    xp = checked("batch_norm", x, eps, gamma=gamma, beta=beta)
    fraction("batch_norm", momentum=momentum)
    gamma, beta = spread("batch_norm", x, (1,), gamma=gamma), spread("batch_norm", x, (1,), beta=beta)
    mean, var = state = _running("batch_norm", x, state)
    if training:
        axes = norm_axes("batch", ndim=x.ndim)
        enough("batch_norm", x, axes)
        m = math.prod(x.shape) // x.shape[1]
        # μ = 1/m Σ x,  σ² = 1/m Σ (x − μ)²
        mean = xp.mean(x, axis=axes, keepdims=True)
        var = xp.mean((x - mean) ** 2, axis=axes, keepdims=True)
        # running ← (1 − α) running + α (μ, m/(m − 1) σ²)
        running_mean = (1 - momentum) * state[0] + momentum * mean
        running_var = (1 - momentum) * state[1] + momentum * var * (m / (m - 1))
        state = (running_mean, running_var)
    # x̂ = (x − μ)/√(σ² + ε)
    x_hat = (x - mean) * (var + eps) ** -0.5
    # y = γ x̂ + β
    return gamma * x_hat + beta, state


@register(
    "normalization backward",
    ko="배치 정규화의 역전파",
    en="Batch normalization, backward",
    source="Ioffe & Szegedy 2015, arXiv:1502.03167, §3 (the equations after Algorithm 1)",
    ranges={"eps": EPS},
)
def batch_norm_backward(dy, x, gamma, state=(0.0, 1.0), *, training, eps=1e-5):
    """Gradients of batch norm, with μ and σ² computed anew from x.

        dβ = Σ dy,   dγ = Σ dy x̂,   dx̂ = γ dy
        training:   dx = (dx̂ − mean(dx̂) − x̂ mean(dx̂ x̂))/√(σ² + ε)     as μ and σ² depend on x too
        inference:  dx = dx̂/√(σ² + ε)                                  as they are constants

    dy, x: floating-point (N, C, …) of one shape. gamma: (C,). state: that which `batch_norm` was given.
    training: True or False. eps: ε > 0. Returns (dx, dγ, dβ). Raises TypeError, ValueError.
    """
    xp = checked("batch_norm_backward", x, eps, dy=dy, gamma=gamma)
    gamma = spread("batch_norm_backward", x, (1,), gamma=gamma)
    mean, var = _running("batch_norm_backward", x, state)
    axes = norm_axes("batch", ndim=x.ndim)
    if training:
        enough("batch_norm_backward", x, axes)
        mean = xp.mean(x, axis=axes, keepdims=True)
        var = xp.mean((x - mean) ** 2, axis=axes, keepdims=True)
    # x̂ = (x − μ)/√(σ² + ε)
    root = (var + eps) ** -0.5
    x_hat = (x - mean) * root
    # dx̂ = γ dy
    dx = gamma * dy
    if training:
        # dx̂ − mean(dx̂) − x̂ mean(dx̂ x̂)
        pull = xp.mean(dx * x_hat, axis=axes, keepdims=True)
        dx = dx - xp.mean(dx, axis=axes, keepdims=True) - x_hat * pull
    # dγ = Σ dy x̂,  dβ = Σ dy
    return dx * root, gather(xp, dy * x_hat, (1,)), gather(xp, dy, (1,))


def _running(name, x, state):
    """The running (mean, variance), each a number, or an array that has x's channels and 1 elsewhere."""
    want = (1, x.shape[1], *[1] * (x.ndim - 2))
    for one in state:
        got = tuple(getattr(one, "shape", ()))
        if got not in ((), want):
            raise ValueError(t("norm.state", name=name, want=want, got=got))
    mean, var = state
    return mean, var
