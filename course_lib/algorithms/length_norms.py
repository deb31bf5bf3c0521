"""Norms that divide by a length and subtract no mean: RMS normalization, weight normalization."""

from course_lib.algorithms._arrays import namespace
from course_lib.algorithms._norms import checked, gather, spread
from course_lib.algorithms.norm_axes import norm_axes
from course_lib.messages import t
from course_lib.registry import Range, register

EPS = Range(1e-8, 1.0, "log", 33)


@register(
    "normalization",
    ko="RMS 정규화",
    en="RMS normalization",
    source="Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4 (ε added, as in torch.nn.functional.rms_norm)",
    ranges={"eps": EPS},
)
def rms_norm(x, gamma, *, over="sample", eps=1e-5):
    """RMS norm: layer norm without the mean and without the shift.

        y = γ x/√(mean(x²) + ε)

    x: floating-point (N, …). gamma: of the shape that is normalized. over: "sample", "channels" or "last", as
    in `layer_norm`. eps: ε > 0. Returns y. Raises TypeError, ValueError.
    """
    xp = checked("rms_norm", x, eps, over=over, gamma=gamma)
    axes = norm_axes("rms", ndim=x.ndim, over=over)
    gamma = spread("rms_norm", x, axes, gamma=gamma)
    # y = γ x/√(mean(x²) + ε)
    return gamma * x * (xp.mean(x * x, axis=axes, keepdims=True) + eps) ** -0.5


@register(
    "normalization backward",
    ko="RMS 정규화의 역전파",
    en="RMS normalization, backward",
    source="by the chain rule from Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4",
    ranges={"eps": EPS},
)
def rms_norm_backward(dy, x, gamma, *, over="sample", eps=1e-5):
    """Gradients of RMS norm, with x̂ = x/r and r = √(mean(x²) + ε).

        dγ = Σ dy x̂,   dx̂ = γ dy,   dx = (dx̂ − x̂ mean(dx̂ x̂))/r

    dy, x: floating-point arrays of one shape. gamma, over, eps: as in the forward pass. Returns (dx, dγ).
    Raises TypeError, ValueError.
    """
    xp = checked("rms_norm_backward", x, eps, over=over, dy=dy, gamma=gamma)
    axes = norm_axes("rms", ndim=x.ndim, over=over)
    # dx̂ = γ dy
    dx_hat = spread("rms_norm_backward", x, axes, gamma=gamma) * dy
    # x̂ = x/r,  1/r = (mean(x²) + ε)^(−½)
    inverse = (xp.mean(x * x, axis=axes, keepdims=True) + eps) ** -0.5
    x_hat = x * inverse
    # dx = (dx̂ − x̂ mean(dx̂ x̂))/r,  dγ = Σ dy x̂
    dx = (dx_hat - x_hat * xp.mean(dx_hat * x_hat, axis=axes, keepdims=True)) * inverse
    return dx, gather(xp, dy * x_hat, axes)


@register(
    "weight normalization",
    ko="가중치 정규화",
    en="Weight normalization",
    source="Salimans & Kingma 2016, arXiv:1602.07868, eq. 2",
)
def weight_norm(v, g):
    """Weight norm: each output's weights as a direction and a length that are learned apart.

        w = g v/‖v‖,   one ‖v‖ for each output

    v: floating-point (out, in) or (out, in, *kernel), no output all zeros. g: (out,).
    Returns w, of v's shape. Raises TypeError, ValueError.
    """
    xp = namespace("weight_norm", v=v, g=g)
    length = _length("weight_norm", xp, v)
    # w = g v/‖v‖
    return spread("weight_norm", v, (0,), g=g) * v / length


@register(
    "weight normalization backward",
    ko="가중치 정규화의 역전파",
    en="Weight normalization, backward",
    source="Salimans & Kingma 2016, arXiv:1602.07868, eq. 3",
)
def weight_norm_backward(dw, v, g):
    """Gradients of weight norm: that of v has no part along v, so that a step can only lengthen v.

        dg = Σ dw v/‖v‖,   dv = g/‖v‖ dw − g dg/‖v‖² v

    dw, v: floating-point (out, in, …) of one shape. g: (out,). Returns (dv, dg).
    Raises TypeError, ValueError.
    """
    xp = namespace("weight_norm_backward", dw=dw, v=v, g=g)
    length = _length("weight_norm_backward", xp, v)
    if dw.shape != v.shape:
        raise ValueError(t("norm.dw", want=tuple(v.shape), got=tuple(dw.shape)))
    g = spread("weight_norm_backward", v, (0,), g=g)
    # dg = Σ dw v/‖v‖
    dg = xp.sum(dw * v / length, axis=norm_axes("weight", ndim=v.ndim), keepdims=True)
    # dv = g/‖v‖ dw − g dg/‖v‖² v
    return g / length * dw - g * dg / length**2 * v, dg.reshape(-1)


def _length(name, xp, v):
    """‖v‖ of each output, (out, 1, …); refuses a v without inputs, and an output whose v has no direction."""
    if v.ndim < 2 or 0 in v.shape:
        raise ValueError(t("norm.v", name=name, got=tuple(v.shape)))
    length = xp.sum(v * v, axis=norm_axes("weight", ndim=v.ndim), keepdims=True) ** 0.5
    if xp.any(length == 0):
        raise ValueError(t("norm.zero_v", name=name))
    return length
