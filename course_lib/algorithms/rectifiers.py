"""Rectifiers: ReLU and its kin. Maxout and the probe for dead units stand in `units`.

`y = f(x)`, and `f_backward(dy, x)` multiplies the gradient that arrives at y by f′(x). At a corner the
derivative is the one from the left, as in PyTorch: ReLU's at 0 is 0.
"""

from array_api_compat import size

from course_lib.algorithms._arrays import namespace, non_negative, same_shape
from course_lib.algorithms._inputs import pointwise
from course_lib.messages import t
from course_lib.registry import Range, register

SLOPE = Range(0.0, 1.5, count=31)
ALPHA = Range(0.0, 2.0, count=41)
# The two numbers that make mean 0 and variance 1 a fixed point of SELU.
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@register(
    "activation",
    ko="ReLU",
    en="ReLU",
    source="Nair & Hinton 2010; Glorot et al. 2011, Deep sparse rectifier neural networks",
)
def relu(x):
    """The rectifier: what is below 0 becomes 0. Two straight pieces, so it is not linear.

        f(x) = max(0, x)

    x: floating-point array. Returns an array of the same shape; NaN stays NaN. Raises TypeError.
    """
    xp = namespace("relu", x=x)
    # f(x) = max(0, x)
    return xp.clip(x, min=0.0)


@register("activation backward", ko="ReLU의 역전파", en="ReLU, backward", source="derivative of relu")
def relu_backward(dy, x):
    """Backward pass of ReLU: f′(x) = 1 where x > 0, else 0.

    dy, x: floating-point arrays of one shape. Returns dx. Raises TypeError and ValueError on bad input.
    """
    xp = pointwise("relu_backward", dy, x)
    # f′(x) = 1 where x > 0, else 0
    return xp.where(x > 0, dy, 0.0)


@register(
    "activation",
    ko="leaky ReLU",
    en="leaky ReLU",
    source="Maas et al. 2013, Rectifier nonlinearities improve neural network acoustic models, §2",
    ranges={"slope": SLOPE},
)
def leaky_relu(x, *, slope=0.01):
    """ReLU with a small slope below 0, so that a gradient always comes through.

        f(x) = x  where x > 0,   α x  elsewhere

    max(αx, x) is the same thing only while α ≤ 1.

    x: floating-point array. slope: α ≥ 0. Returns an array of the same shape. Raises TypeError, ValueError.
    """
    xp = namespace("leaky_relu", x=x)
    non_negative("leaky_relu", slope=slope)
    # f(x) = x  where x > 0,   α x  elsewhere
    return xp.where(x > 0, x, slope * x)


@register(
    "activation backward",
    ko="leaky ReLU의 역전파",
    en="leaky ReLU, backward",
    source="derivative of leaky_relu",
    ranges={"slope": SLOPE},
)
def leaky_relu_backward(dy, x, *, slope=0.01):
    """Backward pass of leaky ReLU: f′(x) = 1 where x > 0, else α.

    dy, x: floating-point arrays of one shape. slope: α ≥ 0. Returns dx. Raises TypeError and ValueError.
    """
    xp = pointwise("leaky_relu_backward", dy, x)
    non_negative("leaky_relu_backward", slope=slope)
    # f′(x) = 1 where x > 0, else α
    return xp.where(x > 0, dy, slope * dy)


@register(
    "activation",
    ko="PReLU",
    en="PReLU",
    source="He et al. 2015, arXiv:1502.01852, eq. 1",
    learned=True,
)
def prelu(x, slope):
    """Leaky ReLU whose slope is learned, one for all or one for each channel.

        f(x) = x  where x > 0,   a_c x  elsewhere

    x: floating-point array (n, channels, …). slope: array a of one number, or (channels,).
    Returns an array shaped like x. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("prelu", x=x, slope=slope)
    a = _along_channels("prelu", xp, slope, x)
    # f(x) = x  where x > 0,   a_c x  elsewhere
    return xp.where(x > 0, x, a * x)


@register(
    "activation backward",
    ko="PReLU의 역전파",
    en="PReLU, backward",
    source="He et al. 2015, arXiv:1502.01852, §2.1",
    learned=True,
)
def prelu_backward(dy, x, slope):
    """Backward pass of PReLU, to its input and to its slope.

        dx = dy  where x > 0,   a_c dy  elsewhere;      da_c = Σ x dy  over all places of c where x ≤ 0

    dy, x: arrays of one shape (n, channels, …). slope: as in `prelu`.
    Returns (dx, dslope), shaped like x and slope. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("prelu_backward", dy=dy, x=x, slope=slope)
    same_shape("prelu_backward", dy=dy, x=x)
    a = _along_channels("prelu_backward", xp, slope, x)
    # dx = dy  where x > 0,   a_c dy  elsewhere
    dx = xp.where(x > 0, dy, a * dy)
    # da_c = Σ x dy  over all places of c where x ≤ 0
    each = xp.where(x > 0, 0.0, x * dy)
    shared = tuple(axis for axis in range(x.ndim) if axis != 1 or size(slope) == 1)
    return dx, xp.reshape(xp.sum(each, axis=shared), slope.shape)


@register(
    "activation",
    ko="ELU",
    en="ELU",
    source="Clevert et al. 2016, arXiv:1511.07289, §3",
    ranges={"alpha": ALPHA},
)
def elu(x, *, alpha=1.0):
    """ELU: below 0 it bends towards −α, which brings the mean of the outputs nearer to 0.

        f(x) = x  where x > 0,   α (exp(x) − 1)  elsewhere

    x: floating-point array. alpha: α ≥ 0. Returns an array of the same shape. Raises TypeError, ValueError.
    """
    xp = namespace("elu", x=x)
    non_negative("elu", alpha=alpha)
    # f(x) = x  where x > 0,   α (exp(x) − 1)  elsewhere
    return xp.where(x > 0, x, alpha * xp.expm1(xp.clip(x, max=0.0)))


@register(
    "activation backward",
    ko="ELU의 역전파",
    en="ELU, backward",
    source="derivative of elu",
    ranges={"alpha": ALPHA},
)
def elu_backward(dy, x, *, alpha=1.0):
    """Backward pass of ELU: f′(x) = 1 where x > 0, else α exp(x).

    dy, x: floating-point arrays of one shape. alpha: α ≥ 0. Returns dx. Raises TypeError and ValueError.
    """
    xp = pointwise("elu_backward", dy, x)
    non_negative("elu_backward", alpha=alpha)
    # f′(x) = 1 where x > 0, else α exp(x)
    return dy * xp.where(x > 0, 1.0, alpha * xp.exp(xp.clip(x, max=0.0)))


@register(
    "activation",
    ko="SELU",
    en="SELU",
    source="Klambauer et al. 2017, arXiv:1706.02515, eq. 2",
)
def selu(x):
    """SELU: an ELU scaled so that, with LeCun's normal weights, mean 0 and variance 1 keep themselves.

        f(x) = λ x  where x > 0,   λ α (exp(x) − 1)  elsewhere;      λ ≈ 1.0507, α ≈ 1.6733

    x: floating-point array. Returns an array of the same shape. Raises TypeError on bad input.
    """
    namespace("selu", x=x)
    # f(x) = λ · ELU(x; α)
    return SELU_SCALE * elu(x, alpha=SELU_ALPHA)


@register("activation backward", ko="SELU의 역전파", en="SELU, backward", source="derivative of selu")
def selu_backward(dy, x):
    """Backward pass of SELU: f′(x) = λ where x > 0, else λ α exp(x).

    dy, x: floating-point arrays of one shape. Returns dx. Raises TypeError and ValueError on bad input.
    """
    pointwise("selu_backward", dy, x)
    return SELU_SCALE * elu_backward(dy, x, alpha=SELU_ALPHA)


def _along_channels(name, xp, slope, x):
    """The slopes shaped to broadcast over x, a channel's along axis 1."""
    channels = x.shape[1] if x.ndim > 1 else 1
    if slope.ndim > 1 or size(slope) not in (1, channels):
        raise ValueError(t("inputs.slope", name=name, got=tuple(slope.shape), shape=tuple(x.shape)))
    return xp.reshape(slope, (-1, *[1] * (x.ndim - 2)))
