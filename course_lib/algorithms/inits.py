"""Initial weights: what a layer holds before it has learned anything.

A shape is PyTorch's: (out, in) of a dense layer, (out, in, kh, kw) of a convolution; transpose the result
for weights that are kept as (in, out). All come back as NumPy float64, and
`parameter.copy_(torch.from_numpy(w))` fills a torch parameter of any dtype, without gradients on.
Orthogonal and identity matrices stand in `init_matrices.py`, gains and biases in `init_rules.py`.
"""

import math
from numbers import Real

import numpy as np

from course_lib.algorithms._arrays import generator, non_negative, positive
from course_lib.algorithms._inits import GAIN, fan_of, fans_of, whole_shape
from course_lib.messages import t
from course_lib.registry import Range, register

SPREAD = Range(1e-3, 1.0, "log", 31)


@register(
    "fan",
    ko="fan-in과 fan-out",
    en="Fan-in and fan-out",
    source="He et al. 2015, arXiv:1502.01852, §2.2; layout of torch.nn.init",
)
def fans(shape):
    """How many numbers flow into one output of a layer, and out of one input.

        fan_in = in · kh · kw,    fan_out = out · kh · kw

    With a stride above 1 or groups, fewer flow out of an input; PyTorch does not count that either.

    shape: (out, in) or (out, in, *kernel). Returns (fan_in, fan_out), whole numbers. Raises ValueError.
    """
    return fans_of("fans", shape)


@register(
    "initialization", ko="0 초기화", en="Zeros", source="Goodfellow et al. 2016, §8.4 (why not for weights)"
)
def zeros_init(shape):
    """All zeros: usual for biases; weights that start alike stay alike, so a hidden layer learns one unit.

    shape: of any number of axes. Returns an array. Raises ValueError.
    """
    return np.zeros(whole_shape("zeros_init", shape))


@register("initialization", ko="상수 초기화", en="Constant", source="Goodfellow et al. 2016, §8.4")
def constant_init(shape, *, value):
    """One value everywhere: as blind as zeros for weights; a small one (0.01) is a bias that wakes ReLUs.

    shape: of any number of axes. value: a finite number. Returns an array. Raises ValueError.
    """
    if not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(t("init.value", got=repr(value)))
    return np.full(whole_shape("constant_init", shape), float(value))


@register(
    "initialization",
    ko="정규분포 N(0, σ²)",
    en="Normal N(0, σ²)",
    source="Krizhevsky et al. 2012, §5 (σ = 0.01)",
    ranges={"std": SPREAD},
)
def normal_init(shape, *, rng, std=0.01):
    """W ~ N(0, σ²), the same spread whatever the width of the layer.

    shape: of any number of axes. rng: NumPy Generator. std: σ ≥ 0. Returns an array.
    Raises TypeError, ValueError.
    """
    non_negative("normal_init", std=std)
    # W = σ Z,  Z ~ N(0, 1)
    return std * generator("normal_init", rng).standard_normal(whole_shape("normal_init", shape))


@register(
    "initialization",
    ko="균등분포 U(−a, a)",
    en="Uniform U(−a, a)",
    source="LeCun et al. 1998, Efficient BackProp, §4.6 (as the plain alternative)",
    ranges={"bound": SPREAD},
)
def uniform_init(shape, *, rng, bound=0.05):
    """W ~ U(−a, a), whose standard deviation is a/√3.

    shape: of any number of axes. rng: NumPy Generator. bound: a ≥ 0. Returns an array.
    Raises TypeError, ValueError.
    """
    non_negative("uniform_init", bound=bound)
    return generator("uniform_init", rng).uniform(-bound, bound, whole_shape("uniform_init", shape))


@register(
    "initialization", ko="LeCun 정규", en="LeCun normal", source="LeCun et al. 1998, Efficient BackProp, §4.6"
)
def lecun_normal(shape, *, rng):
    """σ = 1/√fan_in: inputs of unit variance give outputs of unit variance. Right for linear units and SELU.

    shape: (out, in) or (out, in, *kernel). rng: NumPy Generator. Returns an array.
    Raises TypeError, ValueError.
    """
    fan_in, _ = fans_of("lecun_normal", shape)
    # σ = 1/√fan_in
    std = 1 / math.sqrt(fan_in)
    return std * generator("lecun_normal", rng).standard_normal(shape)


@register(
    "initialization",
    ko="LeCun 균등",
    en="LeCun uniform",
    source="LeCun et al. 1998, Efficient BackProp, §4.6",
)
def lecun_uniform(shape, *, rng):
    """U(−a, a) with a = √(3/fan_in), and so σ = 1/√fan_in. (PyTorch's Linear starts at a = 1/√fan_in.)

    shape: (out, in) or (out, in, *kernel). rng: NumPy Generator. Returns an array.
    Raises TypeError, ValueError.
    """
    fan_in, _ = fans_of("lecun_uniform", shape)
    # a = √3 σ,  σ = 1/√fan_in
    bound = math.sqrt(3 / fan_in)
    return generator("lecun_uniform", rng).uniform(-bound, bound, shape)


@register(
    "initialization",
    ko="Xavier 정규",
    en="Xavier normal",
    source="Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward networks, §4.2.1",
    ranges={"gain": GAIN},
)
def xavier_normal(shape, *, rng, gain=1.0):
    """Xavier (Glorot): a compromise between keeping activations and keeping gradients at one variance.

        σ = g √(2/(fan_in + fan_out))

    shape: (out, in) or (out, in, *kernel). rng: NumPy Generator. gain: g > 0, see `gain_of`.
    Returns an array. Raises TypeError, ValueError.
    """
    positive("xavier_normal", gain=gain)
    # σ = g √(2/(fan_in + fan_out))
    std = gain * math.sqrt(2 / sum(fans_of("xavier_normal", shape)))
    return std * generator("xavier_normal", rng).standard_normal(shape)


@register(
    "initialization",
    ko="Xavier 균등",
    en="Xavier uniform",
    source="Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward networks, eq. 16",
    ranges={"gain": GAIN},
)
def xavier_uniform(shape, *, rng, gain=1.0):
    """U(−a, a) with Xavier's standard deviation: a = g √(6/(fan_in + fan_out)) = √3 σ.

    shape: (out, in) or (out, in, *kernel). rng: NumPy Generator. gain: g > 0, see `gain_of`.
    Returns an array. Raises TypeError, ValueError.
    """
    positive("xavier_uniform", gain=gain)
    # a = g √(6/(fan_in + fan_out))
    bound = gain * math.sqrt(6 / sum(fans_of("xavier_uniform", shape)))
    return generator("xavier_uniform", rng).uniform(-bound, bound, shape)


@register(
    "initialization",
    ko="He 정규",
    en="He normal",
    source="He et al. 2015, arXiv:1502.01852, eqs. 10 and 14",
    ranges={"gain": GAIN},
)
def he_normal(shape, *, rng, mode="fan_in", gain=2**0.5):
    """He (Kaiming): ReLU loses half of the second moment, so the weights get twice the variance.

        σ = g/√fan,    with ReLU's g = √2:  σ = √(2/fan)

    shape: (out, in) or (out, in, *kernel). rng: NumPy Generator. mode: "fan_in" keeps the size of the
    activations, "fan_out" that of the gradients. gain: g > 0, see `gain_of`. Returns an array.
    Raises TypeError, ValueError.
    """
    positive("he_normal", gain=gain)
    # σ = g/√fan
    std = gain / math.sqrt(fan_of("he_normal", shape, mode))
    return std * generator("he_normal", rng).standard_normal(shape)


@register(
    "initialization",
    ko="He 균등",
    en="He uniform",
    source="He et al. 2015, arXiv:1502.01852, eqs. 10 and 14; bound of torch.nn.init.kaiming_uniform_",
    ranges={"gain": GAIN},
)
def he_uniform(shape, *, rng, mode="fan_in", gain=2**0.5):
    """U(−a, a) with He's standard deviation: a = √3 g/√fan, which is √(6/fan) for ReLU.

    shape: (out, in) or (out, in, *kernel). rng: NumPy Generator. mode: "fan_in" or "fan_out".
    gain: g > 0, see `gain_of`. Returns an array. Raises TypeError, ValueError.
    """
    positive("he_uniform", gain=gain)
    # a = √3 σ,  σ = g/√fan
    bound = math.sqrt(3) * gain / math.sqrt(fan_of("he_uniform", shape, mode))
    return generator("he_uniform", rng).uniform(-bound, bound, shape)
