"""Wrong versions of the initializations."""

import math

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

RELU = math.sqrt(2)


def _fan(shape, mode):
    return right.fans(shape)[mode == "fan_out"]


# --- fans ---


@wrong("fans")
def fans_swapped(shape):
    return right.fans(shape)[::-1]


@wrong("fans")
def fans_kernel_forgotten(shape):
    return shape[1], shape[0]


@wrong("fans")
def fans_kernel_in_only(shape):
    return math.prod(shape[1:]), shape[0]


# --- plain draws ---


@wrong("normal_init")
def normal_init_uniform_draw(shape, *, rng, std=0.01):
    return std * rng.random(shape)


@wrong("normal_init")
def normal_init_variance_as_std(shape, *, rng, std=0.01):
    return math.sqrt(std) * rng.standard_normal(shape)


@wrong("normal_init")
def normal_init_std_as_variance(shape, *, rng, std=0.01):
    return std**2 * rng.standard_normal(shape)


@wrong("uniform_init")
def uniform_init_one_sided(shape, *, rng, bound=0.05):
    return rng.uniform(0, bound, shape)


@wrong("uniform_init")
def uniform_init_half_width(shape, *, rng, bound=0.05):
    return rng.uniform(-bound / 2, bound / 2, shape)


# --- LeCun ---


@wrong("lecun_normal")
def lecun_normal_fan_out(shape, *, rng):
    return rng.standard_normal(shape) / math.sqrt(right.fans(shape)[1])


@wrong("lecun_normal")
def lecun_normal_variance_as_std(shape, *, rng):
    return rng.standard_normal(shape) / right.fans(shape)[0]


@wrong("lecun_normal")
def lecun_normal_doubled(shape, *, rng):
    return right.he_normal(shape, rng=rng)


@wrong("lecun_uniform")
def lecun_uniform_bound_is_std(shape, *, rng):
    bound = 1 / math.sqrt(right.fans(shape)[0])
    return rng.uniform(-bound, bound, shape)


@wrong("lecun_uniform")
def lecun_uniform_fan_out(shape, *, rng):
    bound = math.sqrt(3 / right.fans(shape)[1])
    return rng.uniform(-bound, bound, shape)


# --- Xavier ---


@wrong("xavier_normal")
def xavier_normal_variance_as_std(shape, *, rng, gain=1.0):
    return gain * 2 / sum(right.fans(shape)) * rng.standard_normal(shape)


@wrong("xavier_normal")
def xavier_normal_one_fan(shape, *, rng, gain=1.0):
    return gain * rng.standard_normal(shape) / math.sqrt(right.fans(shape)[0])


@wrong("xavier_normal")
def xavier_normal_without_two(shape, *, rng, gain=1.0):
    return gain * rng.standard_normal(shape) / math.sqrt(sum(right.fans(shape)))


@wrong("xavier_normal")
def xavier_normal_six(shape, *, rng, gain=1.0):
    return gain * math.sqrt(6 / sum(right.fans(shape))) * rng.standard_normal(shape)


@wrong("xavier_uniform")
def xavier_uniform_bound_is_std(shape, *, rng, gain=1.0):
    bound = gain * math.sqrt(2 / sum(right.fans(shape)))
    return rng.uniform(-bound, bound, shape)


@wrong("xavier_uniform")
def xavier_uniform_one_fan(shape, *, rng, gain=1.0):
    bound = gain * math.sqrt(3 / right.fans(shape)[0])
    return rng.uniform(-bound, bound, shape)


@wrong("xavier_uniform")
def xavier_uniform_no_root(shape, *, rng, gain=1.0):
    bound = gain * 6 / sum(right.fans(shape))
    return rng.uniform(-bound, bound, shape)


# --- He ---


@wrong("he_normal")
def he_normal_without_two(shape, *, rng, mode="fan_in", gain=RELU):
    return rng.standard_normal(shape) / math.sqrt(_fan(shape, mode))


@wrong("he_normal")
def he_normal_two_outside(shape, *, rng, mode="fan_in", gain=RELU):
    return 2 / math.sqrt(_fan(shape, mode)) * rng.standard_normal(shape)


@wrong("he_normal")
def he_normal_two_below(shape, *, rng, mode="fan_in", gain=RELU):
    return rng.standard_normal(shape) / (2 * math.sqrt(_fan(shape, mode)))


@wrong("he_normal")
def he_normal_variance_as_std(shape, *, rng, mode="fan_in", gain=RELU):
    return gain**2 / _fan(shape, mode) * rng.standard_normal(shape)


@wrong("he_normal")
def he_normal_fans_swapped(shape, *, rng, mode="fan_in", gain=RELU):
    other = "fan_in" if mode == "fan_out" else "fan_out"
    return right.he_normal(shape, rng=rng, mode=other, gain=gain)


@wrong("he_normal")
def he_normal_mode_ignored(shape, *, rng, mode="fan_in", gain=RELU):
    return right.he_normal(shape, rng=rng, gain=gain)


@wrong("he_normal")
def he_normal_kernel_forgotten(shape, *, rng, mode="fan_in", gain=RELU):
    return gain / math.sqrt(shape[mode == "fan_in"]) * rng.standard_normal(shape)


@wrong("he_normal")
def he_normal_both_fans(shape, *, rng, mode="fan_in", gain=RELU):
    return right.xavier_normal(shape, rng=rng, gain=gain)


@wrong("he_normal")
def he_normal_uniform_draw(shape, *, rng, mode="fan_in", gain=RELU):
    return gain / math.sqrt(_fan(shape, mode)) * rng.random(shape)


@wrong("he_uniform")
def he_uniform_bound_is_std(shape, *, rng, mode="fan_in", gain=RELU):
    bound = gain / math.sqrt(_fan(shape, mode))
    return rng.uniform(-bound, bound, shape)


@wrong("he_uniform")
def he_uniform_without_two(shape, *, rng, mode="fan_in", gain=RELU):
    bound = math.sqrt(3 / _fan(shape, mode))
    return rng.uniform(-bound, bound, shape)


@wrong("he_uniform")
def he_uniform_three_outside(shape, *, rng, mode="fan_in", gain=RELU):
    bound = 3 * gain / math.sqrt(_fan(shape, mode))
    return rng.uniform(-bound, bound, shape)


@wrong("he_uniform")
def he_uniform_fans_swapped(shape, *, rng, mode="fan_in", gain=RELU):
    other = "fan_in" if mode == "fan_out" else "fan_out"
    return right.he_uniform(shape, rng=rng, mode=other, gain=gain)


@wrong("he_uniform")
def he_uniform_one_sided(shape, *, rng, mode="fan_in", gain=RELU):
    return rng.uniform(0, math.sqrt(3) * gain / math.sqrt(_fan(shape, mode)), shape)


# --- orthogonal and identity ---


def _square_or_tall(shape, rng):
    """(A, whether it was turned): the draw that the rule makes."""
    a = rng.standard_normal((shape[0], math.prod(shape[1:])))
    return (a.T, True) if a.shape[0] < a.shape[1] else (a, False)


@wrong("orthogonal")
def orthogonal_no_signs(shape, *, rng, gain=1.0):
    a, turned = _square_or_tall(shape, rng)
    q, _ = np.linalg.qr(a)
    return gain * (q.T if turned else q).reshape(shape)


@wrong("orthogonal")
def orthogonal_raw_normal(shape, *, rng, gain=1.0):
    a, turned = _square_or_tall(shape, rng)
    return gain * (a.T if turned else a).reshape(shape) / math.sqrt(len(a))


@wrong("orthogonal")
def orthogonal_unit_columns(shape, *, rng, gain=1.0):
    a, turned = _square_or_tall(shape, rng)
    a = a / np.linalg.norm(a, axis=0)
    return gain * (a.T if turned else a).reshape(shape)


@wrong("orthogonal")
def orthogonal_gain_forgotten(shape, *, rng, gain=1.0):
    return right.orthogonal(shape, rng=rng)


@wrong("identity_init")
def identity_init_corner_of_kernel(shape, *, gain=1.0):
    w = np.zeros(shape)
    i = np.arange(min(shape[:2]))
    w[(i, i, *[0] * (len(shape) - 2))] = gain
    return w


@wrong("identity_init")
def identity_init_whole_kernel(shape, *, gain=1.0):
    w = np.zeros(shape)
    i = np.arange(min(shape[:2]))
    w[i, i] = gain
    return w


# --- gains and biases ---


@wrong("gain_of")
def gain_of_slope_not_squared(activation, *, slope=0.01):
    if activation == "leaky_relu":
        return math.sqrt(2 / (1 + slope))
    return right.gain_of(activation)


@wrong("gain_of")
def gain_of_relu_two(activation, *, slope=0.01):
    return 2.0 if activation == "relu" else right.gain_of(activation, slope=slope)


@wrong("measured_gain")
def measured_gain_by_variance(f):
    z = np.linspace(-12, 12, 24001)
    density = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    mean = np.sum(f(z) * density)
    return float(np.sum((f(z) - mean) ** 2 * density)) ** -0.5


@wrong("fan_in_bias")
def fan_in_bias_of_its_own_length(shape, *, rng):
    bound = 1 / math.sqrt(shape[0])
    return rng.uniform(-bound, bound, shape[0])


@wrong("prior_bias")
def prior_bias_shares(counts):
    n = np.asarray(counts, dtype=float)
    return n / n.sum()


@wrong("prior_bias")
def prior_bias_inverse(counts):
    return -right.prior_bias(counts)


@wrong("prior_bias")
def prior_bias_log_odds(counts):
    share = np.asarray(counts, dtype=float) / np.sum(counts)
    return np.log(share / (1 - share))
