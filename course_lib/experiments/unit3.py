"""The experiments of unit 3, initialization. Each is a claim; its texts stand in messages/unit3.toml."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import torch

from course_lib.algorithms.activations import sigmoid, sigmoid_backward, tanh, tanh_backward
from course_lib.algorithms.init_matrices import orthogonal
from course_lib.algorithms.inits import (
    he_normal,
    lecun_normal,
    normal_init,
    uniform_init,
    xavier_normal,
)
from course_lib.algorithms.probe import probe
from course_lib.algorithms.rectifiers import relu, relu_backward
from course_lib.data.digits import load_digits
from course_lib.experiments.statements import states
from course_lib.experiments.tuning import TUNING, decades, settled, tuned
from course_lib.training.deep_nets import descend, late, started


def same(z):
    """A linear unit."""
    return z


def slope(backward):
    """The derivative of an activation as a function, from its backward pass."""
    return lambda z: backward(np.ones_like(z), z)


ACTIVATIONS = {
    "linear": (same, np.ones_like),
    "tanh": (tanh, slope(tanh_backward)),
    "sigmoid": (sigmoid, slope(sigmoid_backward)),
    "relu": (relu, slope(relu_backward)),
}


def digits():
    """The training digits, (x, y)."""
    split = load_digits()
    return split.x_train, split.y_train


def sizes(rule, widths, activation, seed, *, samples=200):
    """Root mean squares of activations and of gradients in a net just initialized: two arrays (layers,).

    The input and the gradient at the top are standard normal. float32.
    """
    rng = np.random.default_rng(seed)
    weights = [rule((b, a), rng=rng).astype(np.float32) for a, b in pairwise(widths)]
    x, dy = (rng.standard_normal((samples, n), dtype=np.float32) for n in (widths[0], widths[-1]))
    f, df = ACTIVATIONS[activation]
    return tuple(np.hypot(part.mean, part.std) for part in probe(x, weights, dy, f=f, df=df))


def drift(rule, widths, activation, seed):
    """By how many doublings a layer changes the mean square, the worse of activations and gradients.

    0 where a rule keeps both.
    """
    return max(
        2 * abs(math.log2(rms[-1] / rms[0])) / (len(rms) - 1) for rms in sizes(rule, widths, activation, seed)
    )


# --- 1, 2: formulas of He and Xavier ----------------------------------------------------------------------

TEN = [200] * 11  # ten layers of 200 units


def of_fan_in(shape, *, rng, factor):
    """Normal weights with σ = factor/√fan_in."""
    return normal_init(shape, rng=rng, std=factor / math.sqrt(shape[1]))


@states(1, seeds=range(20), margin=0.1)
def he_is_two_over_root(seeds, right=he_normal, written=(2.0, 0.5)):
    """How much less the mean square drifts in ReLU nets, in doublings a layer, than with σ = √(2/n)."""
    effects = {}
    for factor in written:
        for width in (100, 300):
            other, widths = partial(of_fan_in, factor=factor), [width] * 11
            effects[f"{factor:g}_at_{width}"] = [
                drift(right, widths, "relu", seed) - drift(other, widths, "relu", seed) for seed in seeds
            ]
    return effects


def root_as_variance(shape, *, rng):
    """Normal weights of variance √(2/(fan_in + fan_out))."""
    return normal_init(shape, rng=rng, std=(2 / sum(shape)) ** 0.25)


SHAPES = {"even": TEN, "narrowing": [960, 480, 240, 120, 60], "widening": [60, 120, 240, 480, 960]}


@states(2, seeds=range(12), margin=0.1)
def xavier_root_is_the_variance(seeds, right=xavier_normal, other=root_as_variance):
    """How much less the mean square drifts, in doublings a layer, than with √(2/(n_in + n_out)) as σ."""
    cases = [(activation, shape) for activation in ("linear", "tanh") for shape in ("even", "narrowing")]
    return {
        f"{f}_{shape}": [
            drift(right, SHAPES[shape], f, seed) - drift(other, SHAPES[shape], f, seed) for seed in seeds
        ]
        for f, shape in cases
    }


AGREE = 0.1  # doublings a layer by which two rules may differ and count as the same


@states(2, seeds=range(12))
def xavier_is_one_over_root(seeds, one=lecun_normal, other=xavier_normal):
    """How far two rules stay below a difference of 0.1 doublings a layer in a linear net."""
    return {
        name: [
            AGREE - abs(drift(one, widths, "linear", seed) - drift(other, widths, "linear", seed))
            for seed in seeds
        ]
        for name, widths in SHAPES.items()
    }


# --- 3: symmetry ------------------------------------------------------------------------------------------

HALFWAY = 0.5  # between units that are copies (cosine 1) and ones that share nothing (0)


@states(3, seeds=range(10), margin=0.25)
def random_weights_are_alike(seeds, rules=None):
    """The mean cosine between the weights of two hidden units after training, less one half."""
    rules = rules or {
        "small": partial(normal_init, std=0.01),
        "uniform": partial(uniform_init, bound=0.05),
        "he": he_normal,
    }
    x, y = digits()
    effects = {}
    for name, rule in rules.items():
        params = started([64, 16, 10], rule, seeds=seeds)
        params, _ = descend(params, x, y, torch.relu, seeds=seeds, lr=[0.1] * len(seeds), steps=100)
        effects[name] = [float(c) - HALFWAY for c in likeness(params[0].numpy())]
    return effects


def likeness(weights):
    """The mean cosine between the incoming weights of two units. weights: (nets, in, units) → (nets,)."""
    unit = weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-30)
    count = weights.shape[2]
    cosines = unit.swapaxes(1, 2) @ unit  # (nets, units, units)
    return (cosines.sum((1, 2)) - count) / (count * (count - 1))


# --- 11, 12: orthogonal weights ---------------------------------------------------------------------------

LR = tuple(10 ** (k / 2) for k in range(-4, 1))  # 0.01 … 1, two a decade
KINDS = {  # activation, gain, hidden layers
    "linear_20": (same, 1.0, 20),
    "tanh_20": (torch.tanh, 1.0, 20),
    "relu_20": (torch.relu, 2**0.5, 20),
    "relu_2": (torch.relu, 2**0.5, 2),
}


def trained(rule, kind, seeds, *, steps=100, width=32):
    """Final training losses (rates, tuning seeds + seeds) of a deep net on the digits."""
    f, gain, depth = KINDS[kind]
    everyone = [*TUNING, *seeds] * len(LR)
    widths = [64, *[width] * depth, 10]
    rates = np.repeat(LR, len(TUNING) + len(seeds))
    params = started(widths, partial(rule, gain=gain), seeds=everyone)
    _, record = descend(params, *digits(), f, seeds=everyone, lr=rates, steps=steps)
    return settled(late(record).reshape(len(LR), -1), math.log(10))


def gaussian(shape, *, rng, gain=1.0):
    """Independent normal weights of the same size as orthogonal ones: σ = g/√fan_in."""
    return he_normal(shape, rng=rng, gain=gain)


@states(
    11,
    seeds=range(10),
    margin=0.1,
    stored=True,
    quick={"seeds": range(3), "kinds": ("tanh_20",), "steps": 40},
)
def never_orthogonal_in_feedforward(
    seeds, ours=orthogonal, other=gaussian, kinds=tuple(KINDS), steps=100, watch=iter
):
    """By how many powers of ten the final loss is higher from orthogonal weights, each at its best rate."""
    effects = {}
    for kind in watch(kinds):
        a, b = (tuned(trained(rule, kind, seeds, steps=steps)).fresh for rule in (ours, other))
        effects[kind] = decades(a, b)
    return effects


FIFTY = [100] * 51


@states(12, seeds=range(10))
def orthogonal_never_explodes(seeds, rule=orthogonal):
    """How far a signal stays below a tenfold change over fifty layers, in powers of ten."""
    cases = {
        "linear": ("linear", 1.0, FIFTY),
        "uneven": ("linear", 1.0, [100, 50] * 25 + [100]),
        "tanh": ("tanh", 1.0, FIFTY),
        "tanh_53": ("tanh", 5 / 3, FIFTY),
        "relu": ("relu", 1.0, FIFTY),
        "relu_root2": ("relu", 2**0.5, FIFTY),
    }
    return {
        name: [1 - worst_change(partial(rule, gain=gain), widths, f, seed) for seed in seeds]
        for name, (f, gain, widths) in cases.items()
    }


def worst_change(rule, widths, activation, seed):
    """The change of the root mean square through the whole net, in powers of ten: the worse of both ways."""
    return max(abs(math.log10(rms[-1] / rms[0])) for rms in sizes(rule, widths, activation, seed, samples=50))


# --- 24: a large variance ---------------------------------------------------------------------------------


@states(24, seeds=range(5), margin=1.0)
def large_variance_makes_gradients_vanish(seeds, std=1.0):
    """By how many powers of ten the gradient is smaller in the first of ten layers than in the last."""
    cases = {
        "tanh_500": ("tanh", 500),
        "tanh_50": ("tanh", 50),
        "sigmoid_500": ("sigmoid", 500),
        "sigmoid_100": ("sigmoid", 100),
        "sigmoid_20": ("sigmoid", 20),
        "relu_500": ("relu", 500),
    }
    rule = partial(normal_init, std=std)
    effects = {}
    for name, (activation, width) in cases.items():
        both = [sizes(rule, [width] * 11, activation, seed, samples=100)[1] for seed in seeds]
        effects[name] = [math.log10(rms[-1] / rms[0]) for rms in both]
    return effects
