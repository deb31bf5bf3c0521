"""Layer, instance and group normalization: one formula, `normalize_over`, on different axes.

None looks at other samples, so that training and inference are the same.
"""

from course_lib.algorithms._arrays import whole
from course_lib.algorithms._norms import checked, enough, gather, spread
from course_lib.algorithms.norm_axes import norm_axes, split_groups
from course_lib.registry import Range, register

EPS = Range(1e-8, 1.0, "log", 33)
GROUPS = Range(1, 32, "log", 6)


@register(
    "normalization tool",
    ko="축을 따라 정규화",
    en="Normalize over axes",
    source="Wu & He 2018, arXiv:1803.08494, eqs. 1 and 2",
    ranges={"eps": EPS},
)
def normalize_over(x, *, axes, eps=1e-5):
    """Mean 0 and variance 1 over some axes: x̂ = (x − μ)/√(σ² + ε), with the biased σ².

    x: floating-point array. axes: tuple of its axes. eps: ε > 0, inside the root. Returns x̂, of x's shape.
    A NaN spreads to all cells that share its statistics. Raises TypeError, ValueError.
    """
    xp = checked("normalize_over", x, eps, low=1)
    # μ = mean(x),  σ² = mean((x − μ)²)
    mean = xp.mean(x, axis=axes, keepdims=True)
    var = xp.mean((x - mean) ** 2, axis=axes, keepdims=True)
    # x̂ = (x − μ)/√(σ² + ε)
    return (x - mean) * (var + eps) ** -0.5


@register(
    "normalization backward",
    ko="축을 따라 정규화의 역전파",
    en="Normalize over axes, backward",
    source="Ioffe & Szegedy 2015, arXiv:1502.03167, §3, collected",
    ranges={"eps": EPS},
)
def normalize_over_backward(dy, x, *, axes, eps=1e-5):
    """dx = (dy − mean(dy) − x̂ mean(dy x̂))/√(σ² + ε): μ and σ² depend on x too.

    dy, x: floating-point arrays of one shape. axes, eps: as in the forward pass. Returns dx.
    Raises TypeError, ValueError.
    """
    xp = checked("normalize_over_backward", x, eps, low=1, dy=dy)
    x_hat = normalize_over(x, axes=axes, eps=eps)
    var = xp.var(x, axis=axes, keepdims=True, correction=0)
    # dx = (dy − mean(dy) − x̂ mean(dy x̂))/√(σ² + ε)
    pull = xp.mean(dy * x_hat, axis=axes, keepdims=True)
    return (dy - xp.mean(dy, axis=axes, keepdims=True) - x_hat * pull) * (var + eps) ** -0.5


@register(
    "normalization",
    ko="층 정규화",
    en="Layer normalization",
    source="Ba et al. 2016, arXiv:1607.06450, eq. 3",
    ranges={"eps": EPS},
)
def layer_norm(x, gamma, beta, *, over="sample", eps=1e-5):
    """Layer norm: each sample by its own mean and variance, over its features.

        y = γ x̂ + β,   with μ, σ² over (C, H, W), or over C at each position

    x: floating-point (N, …). gamma, beta: of the shape that is normalized. over: "sample", all axes but the
    first; "channels", axis 1 alone (images, at each position); "last", the last axis (tokens (N, T, C)).
    eps: ε > 0. Returns y. Raises TypeError, ValueError.
    """
    checked("layer_norm", x, eps, over=over, gamma=gamma, beta=beta)
    axes = norm_axes("layer", ndim=x.ndim, over=over)
    gamma, beta = spread("layer_norm", x, axes, gamma=gamma), spread("layer_norm", x, axes, beta=beta)
    # y = γ x̂ + β
    return gamma * normalize_over(x, axes=axes, eps=eps) + beta


@register(
    "normalization backward",
    ko="층 정규화의 역전파",
    en="Layer normalization, backward",
    source="by the chain rule from Ba et al. 2016, arXiv:1607.06450, eq. 3",
    ranges={"eps": EPS},
)
def layer_norm_backward(dy, x, gamma, *, over="sample", eps=1e-5):
    """Gradients of layer norm: dβ = Σ dy, dγ = Σ dy x̂ (over samples and positions), dx by dx̂ = γ dy.

    dy, x: floating-point arrays of one shape. gamma, over, eps: as in the forward pass. Returns (dx, dγ, dβ).
    Raises TypeError, ValueError.
    """
    xp = checked("layer_norm_backward", x, eps, over=over, dy=dy, gamma=gamma)
    axes = norm_axes("layer", ndim=x.ndim, over=over)
    # dx̂ = γ dy
    dx_hat = spread("layer_norm_backward", x, axes, gamma=gamma) * dy
    x_hat = normalize_over(x, axes=axes, eps=eps)
    dx = normalize_over_backward(dx_hat, x, axes=axes, eps=eps)
    # dγ = Σ dy x̂,  dβ = Σ dy
    return dx, gather(xp, dy * x_hat, axes), gather(xp, dy, axes)


@register(
    "normalization",
    ko="인스턴스 정규화",
    en="Instance normalization",
    source="Ulyanov et al. 2016, arXiv:1607.08022, eq. 3",
    ranges={"eps": EPS},
)
def instance_norm(x, gamma, beta, *, eps=1e-5):
    """Instance norm: each channel of each sample by its own mean and variance, over its positions.

        y = γ x̂ + β,   with μ, σ² over (H, W)

    x: floating-point (N, C, L) or (N, C, H, W), ≥ 2 positions. gamma, beta: (C,). eps: ε > 0. Returns y.
    Raises TypeError, ValueError.
    """
    checked("instance_norm", x, eps, low=3, gamma=gamma, beta=beta)
    axes = norm_axes("instance", ndim=x.ndim)
    enough("instance_norm", x, axes)
    gamma, beta = spread("instance_norm", x, (1,), gamma=gamma), spread("instance_norm", x, (1,), beta=beta)
    # y = γ x̂ + β
    return gamma * normalize_over(x, axes=axes, eps=eps) + beta


@register(
    "normalization backward",
    ko="인스턴스 정규화의 역전파",
    en="Instance normalization, backward",
    source="by the chain rule from Ulyanov et al. 2016, arXiv:1607.08022, eq. 3",
    ranges={"eps": EPS},
)
def instance_norm_backward(dy, x, gamma, *, eps=1e-5):
    """Gradients of instance norm: dβ = Σ dy, dγ = Σ dy x̂ (over samples and positions), dx by dx̂ = γ dy.

    dy, x: floating-point (N, C, L) or (N, C, H, W). gamma: (C,). eps: ε > 0. Returns (dx, dγ, dβ).
    Raises TypeError, ValueError.
    """
    xp = checked("instance_norm_backward", x, eps, low=3, dy=dy, gamma=gamma)
    axes = norm_axes("instance", ndim=x.ndim)
    enough("instance_norm_backward", x, axes)
    # dx̂ = γ dy
    dx_hat = spread("instance_norm_backward", x, (1,), gamma=gamma) * dy
    x_hat = normalize_over(x, axes=axes, eps=eps)
    dx = normalize_over_backward(dx_hat, x, axes=axes, eps=eps)
    # dγ = Σ dy x̂,  dβ = Σ dy
    return dx, gather(xp, dy * x_hat, (1,)), gather(xp, dy, (1,))


@register(
    "normalization",
    ko="그룹 정규화",
    en="Group normalization",
    source="Wu & He 2018, arXiv:1803.08494, eq. 7",
    ranges={"groups": GROUPS, "eps": EPS},
)
def group_norm(x, gamma, beta, *, groups=32, eps=1e-5):
    """Group norm: the channels in groups of neighbours, each group of each sample by its own statistics.

        y = γ x̂ + β,   with μ, σ² over (C/G, H, W).   G = 1: layer norm's statistics;  G = C: instance norm

    x: floating-point (N, C, …). gamma, beta: (C,), one for each channel, not for each group. groups: G,
    a divisor of C. eps: ε > 0. Returns y. Raises TypeError, ValueError.
    """
    checked("group_norm", x, eps, gamma=gamma, beta=beta)
    whole("group_norm", groups=groups)
    gamma, beta = spread("group_norm", x, (1,), gamma=gamma), spread("group_norm", x, (1,), beta=beta)
    # (N, C, …) → (N, G, C/G, …)
    grouped = x.reshape(split_groups("group_norm", x.shape, groups))
    x_hat = normalize_over(grouped, axes=tuple(range(2, grouped.ndim)), eps=eps)
    # y = γ x̂ + β
    return gamma * x_hat.reshape(x.shape) + beta


@register(
    "normalization backward",
    ko="그룹 정규화의 역전파",
    en="Group normalization, backward",
    source="by the chain rule from Wu & He 2018, arXiv:1803.08494, eq. 7",
    ranges={"groups": GROUPS, "eps": EPS},
)
def group_norm_backward(dy, x, gamma, *, groups=32, eps=1e-5):
    """Gradients of group norm: dβ = Σ dy, dγ = Σ dy x̂ (over samples and positions), dx by dx̂ = γ dy.

    dy, x: floating-point (N, C, …). gamma: (C,). groups: G, a divisor of C. eps: ε > 0. Returns (dx, dγ, dβ).
    Raises TypeError, ValueError.
    """
    xp = checked("group_norm_backward", x, eps, dy=dy, gamma=gamma)
    whole("group_norm_backward", groups=groups)
    split = split_groups("group_norm_backward", x.shape, groups)
    axes = tuple(range(2, len(split)))
    # dx̂ = γ dy
    dx_hat = spread("group_norm_backward", x, (1,), gamma=gamma) * dy
    x_hat = normalize_over(x.reshape(split), axes=axes, eps=eps).reshape(x.shape)
    dx = normalize_over_backward(dx_hat.reshape(split), x.reshape(split), axes=axes, eps=eps)
    # dγ = Σ dy x̂,  dβ = Σ dy
    return dx.reshape(x.shape), gather(xp, dy * x_hat, (1,)), gather(xp, dy, (1,))
