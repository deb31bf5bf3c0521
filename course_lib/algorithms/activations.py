"""Smooth activations: sigmoid, tanh, softplus, SiLU, GELU.

`y = f(x)` works on each number alone, and `f_backward(dy, x)` multiplies the gradient that arrives at y by
f′(x); `f_backward(xp.ones_like(x), x)` is the derivative itself. No exponential overflows: each takes a
number ≤ 0. The rectifiers stand in `rectifiers`, softmax in `probabilities`.
"""

import math

import numpy as np

from course_lib.algorithms._arrays import namespace, positive
from course_lib.algorithms._inputs import pointwise
from course_lib.registry import Range, register

BETA = Range(0.1, 20.0, "log", 41)


@register(
    "activation",
    ko="sigmoid",
    en="sigmoid",
    source="Bishop 2006, Pattern Recognition and Machine Learning, eq. 4.59",
)
def sigmoid(x):
    """The logistic sigmoid, between 0 and 1: flat ("saturated") at both ends, never centred on 0.

        σ(x) = 1 / (1 + exp(−x)) = exp(x) / (1 + exp(x))

    Of the two forms the one whose exponent is ≤ 0 is used.

    x: floating-point array. Returns an array of the same shape. Raises TypeError on bad input.
    """
    xp = namespace("sigmoid", x=x)
    e = xp.exp(-xp.abs(x))
    # σ(x) = 1 / (1 + exp(−x)) = exp(x) / (1 + exp(x))
    return xp.where(x >= 0, 1.0, e) / (1 + e)


@register(
    "activation backward", ko="sigmoid의 역전파", en="sigmoid, backward", source="Bishop 2006, eq. 4.88"
)
def sigmoid_backward(dy, x):
    """Backward pass of sigmoid, at most a quarter of dy: σ′(x) = σ(x) (1 − σ(x)).

    dy, x: floating-point arrays of one shape. Returns dx. Raises TypeError and ValueError on bad input.
    """
    pointwise("sigmoid_backward", dy, x)
    y = sigmoid(x)
    # σ′(x) = σ(x) (1 − σ(x))
    return dy * y * (1 - y)


@register(
    "activation",
    ko="tanh",
    en="tanh",
    source="LeCun et al. 1998, Efficient BackProp, §4.4",
)
def tanh(x):
    """The hyperbolic tangent, between −1 and 1: a sigmoid centred on 0.

        tanh(x) = (exp(x) − exp(−x)) / (exp(x) + exp(−x)) = 2 σ(2x) − 1

    x: floating-point array. Returns an array of the same shape. Raises TypeError on bad input.
    """
    xp = namespace("tanh", x=x)
    return xp.tanh(x)


@register("activation backward", ko="tanh의 역전파", en="tanh, backward", source="derivative of tanh")
def tanh_backward(dy, x):
    """Backward pass of tanh: tanh′(x) = 1 − tanh²(x).

    dy, x: floating-point arrays of one shape. Returns dx. Raises TypeError and ValueError on bad input.
    """
    xp = pointwise("tanh_backward", dy, x)
    y = xp.tanh(x)
    # tanh′(x) = 1 − tanh²(x)
    return dy * (1 - y * y)


@register(
    "activation",
    ko="softplus",
    en="softplus",
    source="Dugas et al. 2000; Glorot et al. 2011, Deep sparse rectifier neural networks, §3",
    ranges={"beta": BETA},
)
def softplus(x, *, beta=1.0):
    """A ReLU with its corner rounded; the larger β, the sharper.

        f(x) = log(1 + exp(βx)) / β = max(x, 0) + log(1 + exp(−β|x|)) / β

    The second form is used, as its exponent is ≤ 0.

    x: floating-point array. beta: β > 0. Returns an array of the same shape. Raises TypeError and ValueError.
    """
    xp = namespace("softplus", x=x)
    positive("softplus", beta=beta)
    # f(x) = max(x, 0) + log(1 + exp(−β|x|)) / β
    return xp.clip(x, min=0.0) + xp.log1p(xp.exp(-beta * xp.abs(x))) / beta


@register(
    "activation backward",
    ko="softplus의 역전파",
    en="softplus, backward",
    source="derivative of softplus",
    ranges={"beta": BETA},
)
def softplus_backward(dy, x, *, beta=1.0):
    """Backward pass of softplus: f′(x) = σ(βx).

    dy, x: floating-point arrays of one shape. beta: β > 0. Returns dx. Raises TypeError and ValueError.
    """
    pointwise("softplus_backward", dy, x)
    positive("softplus_backward", beta=beta)
    # f′(x) = σ(βx)
    return dy * sigmoid(beta * x)


@register(
    "activation",
    ko="SiLU (Swish)",
    en="SiLU (Swish)",
    source="Elfwing et al. 2018, arXiv:1702.03118, §2; Ramachandran et al. 2017, arXiv:1710.05941",
)
def silu(x):
    """SiLU: each number is let through by its own sigmoid. It dips below 0 and is not monotone.

        f(x) = x σ(x)

    x: floating-point array. Returns an array of the same shape. Raises TypeError on bad input.
    """
    namespace("silu", x=x)
    # f(x) = x σ(x)
    return x * sigmoid(x)


@register("activation backward", ko="SiLU의 역전파", en="SiLU, backward", source="derivative of silu")
def silu_backward(dy, x):
    """Backward pass of SiLU: f′(x) = σ(x) (1 + x (1 − σ(x))).

    dy, x: floating-point arrays of one shape. Returns dx. Raises TypeError and ValueError on bad input.
    """
    pointwise("silu_backward", dy, x)
    y = sigmoid(x)
    # f′(x) = σ(x) (1 + x (1 − σ(x)))
    return dy * y * (1 + x * (1 - y))


@register(
    "activation",
    ko="GELU",
    en="GELU",
    source="Hendrycks & Gimpel 2016, arXiv:1606.08415, §2",
)
def gelu(x):
    """GELU, exact: each number is let through with the probability that a standard normal lies below it.

        f(x) = x Φ(x),    Φ(x) = ½ (1 + erf(x / √2))

    erf is torch's own for tensors, and the standard library's, element by element, for NumPy.

    x: floating-point array. Returns an array of the same shape. Raises TypeError on bad input.
    """
    xp = namespace("gelu", x=x)
    # f(x) = x Φ(x)
    return x * _normal_below(xp, x)


@register("activation backward", ko="GELU의 역전파", en="GELU, backward", source="derivative of gelu")
def gelu_backward(dy, x):
    """Backward pass of GELU: f′(x) = Φ(x) + x φ(x),  φ(x) = exp(−x²/2) / √(2π).

    dy, x: floating-point arrays of one shape. Returns dx. Raises TypeError and ValueError on bad input.
    """
    xp = pointwise("gelu_backward", dy, x)
    density = xp.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    # f′(x) = Φ(x) + x φ(x)
    return dy * (_normal_below(xp, x) + x * density)


@register(
    "activation",
    ko="GELU (tanh 근사)",
    en="GELU (tanh approximation)",
    source="Hendrycks & Gimpel 2016, arXiv:1606.08415, §2",
)
def gelu_tanh(x):
    """GELU by tanh, from when erf was slow: within 5·10⁻⁴ of the exact one, yet not the same.

        f(x) = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))

    x: floating-point array. Returns an array of the same shape. Raises TypeError on bad input.
    """
    xp = namespace("gelu_tanh", x=x)
    # f(x) = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))
    return 0.5 * x * (1 + xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


@register(
    "activation backward",
    ko="GELU (tanh 근사)의 역전파",
    en="GELU (tanh approximation), backward",
    source="derivative of gelu_tanh",
)
def gelu_tanh_backward(dy, x):
    """Backward pass of the tanh approximation, with u = √(2/π) (x + 0.044715 x³):

        f′(x) = ½ (1 + tanh u) + ½ x (1 − tanh² u) u′,    u′ = √(2/π) (1 + 3 · 0.044715 x²)

    dy, x: floating-point arrays of one shape. Returns dx. Raises TypeError and ValueError on bad input.
    """
    xp = pointwise("gelu_tanh_backward", dy, x)
    c = math.sqrt(2 / math.pi)
    y = xp.tanh(c * (x + 0.044715 * x * x * x))
    # f′(x) = ½ (1 + tanh u) + ½ x (1 − tanh² u) u′
    return dy * (0.5 * (1 + y) + 0.5 * x * (1 - y * y) * c * (1 + 3 * 0.044715 * x * x))


def _normal_below(xp, x):
    """Φ(x): how likely a standard normal number lies below x."""
    z = x / math.sqrt(2)
    # The array API has no erf, and neither has NumPy.
    erf = xp.erf(z) if hasattr(xp, "erf") else np.vectorize(math.erf, otypes=[z.dtype])(z)
    return 0.5 * (1 + erf)
