"""Beside the weights: gains that make up for the activation function, and what biases start at."""

import math

import numpy as np

from course_lib.algorithms._arrays import generator, non_negative
from course_lib.algorithms._inits import fans_of
from course_lib.messages import t
from course_lib.registry import Range, register

GAINS = {
    "linear": lambda slope: 1.0,
    "sigmoid": lambda slope: 1.0,
    # tanh: an experimental value; `measured_gain(np.tanh)` is 1.593
    "tanh": lambda slope: 5 / 3,
    "relu": lambda slope: math.sqrt(2),
    # half of the variance passes, and a² of the other half
    "leaky_relu": lambda slope: math.sqrt(2 / (1 + slope**2)),
    # SELU: PyTorch's value for stability; `measured_gain` is 1, which LeCun's rule uses
    "selu": lambda slope: 3 / 4,
}


@register(
    "gain",
    ko="활성화 함수의 이득",
    en="Gain of an activation",
    source="torch.nn.init.calculate_gain; He et al. 2015, arXiv:1502.01852, eq. 15 (leaky)",
    ranges={"slope": Range(0.0, 1.0, count=21)},
)
def gain_of(activation, *, slope=0.01):
    """The factor g by which a rule's standard deviation makes up for what the activation takes away.

        ReLU √2,   leaky ReLU √(2/(1 + a²)),   tanh 5/3,   linear and sigmoid 1,   SELU 3/4

    activation: "linear", "sigmoid", "tanh", "relu", "leaky_relu" or "selu". slope: a ≥ 0, read for leaky ReLU
    alone. Returns a float. Raises ValueError.
    """
    non_negative("gain_of", slope=slope)
    if activation not in GAINS:
        raise ValueError(t("init.activation", got=repr(activation), names=", ".join(GAINS)))
    return GAINS[activation](slope)


@register(
    "gain",
    ko="재어 본 이득",
    en="Measured gain",
    source="He et al. 2015, arXiv:1502.01852, §2.2 (the condition, for any activation)",
)
def measured_gain(f):
    """The gain that keeps the second moment of any activation function, by integration.

        g = 1/√E[f(z)²],   z ~ N(0, 1)

    f: a function of a NumPy array, element by element. Returns a float. Raises ValueError where E[f(z)²] is
    zero or not finite.
    """
    z = np.linspace(-12, 12, 24001)
    density = np.exp(-(z**2) / 2)
    # E[f(z)²]
    second = float(np.sum(f(z) ** 2 * density) / np.sum(density))
    if not 0 < second < math.inf:
        raise ValueError(t("init.no_gain", got=f"{second:g}"))
    # g = 1/√E[f(z)²]
    return 1 / math.sqrt(second)


@register(
    "bias initialization",
    ko="fan-in 균등 편향",
    en="Uniform bias by fan-in",
    source="torch.nn.Linear and torch.nn.Conv2d (their default)",
)
def fan_in_bias(shape, *, rng):
    """b ~ U(−a, a) with a = 1/√fan_in: PyTorch's default. Zeros (`zeros_init`) are the more usual rule.

    shape: that of the layer's *weight*, (out, in) or (out, in, *kernel). rng: NumPy Generator.
    Returns an array (out,). Raises TypeError, ValueError.
    """
    fan_in, _ = fans_of("fan_in_bias", shape)
    # a = 1/√fan_in
    bound = 1 / math.sqrt(fan_in)
    return generator("fan_in_bias", rng).uniform(-bound, bound, shape[0])


@register(
    "bias initialization",
    ko="클래스 비율 편향",
    en="Bias by class shares",
    source="Lin et al. 2017, arXiv:1708.02002, §3.3 (for two classes)",
)
def prior_bias(counts):
    """The last layer's bias, so that an untrained net predicts each class as often as it occurs.

        b_k = ln(n_k/N)

    softmax(b) is then the share of each class, and the first loss the entropy of the labels. For one sigmoid
    output take b_1 − b_0 = ln(π/(1 − π)).

    counts: (K,) samples of each class, all > 0. Returns an array (K,). Raises ValueError.
    """
    n = np.asarray(counts, dtype=float)
    if n.ndim != 1 or not n.size or not np.all((n > 0) & np.isfinite(n)):
        raise ValueError(t("init.counts", got=repr(counts)))
    # b_k = ln(n_k/N)
    return np.log(n / n.sum())
