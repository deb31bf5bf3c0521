"""The experiments of unit 5, activations. Each is a claim; its texts stand in messages/unit5.toml."""

from functools import cache, partial

import numpy as np
import torch

from course_lib.algorithms.activations import gelu, sigmoid, sigmoid_backward, silu, tanh
from course_lib.algorithms.probe import probe
from course_lib.algorithms.rectifiers import elu, leaky_relu, relu, relu_backward, selu
from course_lib.data.digits import load_digits
from course_lib.experiments.statements import states
from course_lib.experiments.tuning import decades, tuned
from course_lib.experiments.unit5_nets import (
    RATES,
    binary_cross_entropy,
    surprise,
    train_digits,
    train_memory,
    train_output,
    validation,
)

ONE, THREE, SIX = (32,), (32,) * 3, (32,) * 6  # hidden layers
BRIEF = RATES[3:5]  # rates of a quick run
UPPER = RATES[2:]  # 0.01 … 3.2, where these places learn

# --- 15, 35: the gradient through a deep stack -------------------------------------------------------------


def growth(f, backward, std, *, depth, width, seed, samples=32):
    """Powers of ten by which the gradient's root mean square grows from the top layer to the first.

    std: the standard deviation of the normal weights.
    """
    rng = np.random.default_rng(seed)
    weights = [std * rng.standard_normal((width, width), dtype=np.float32) for _ in range(depth)]
    x, dy = rng.standard_normal((2, samples, width), dtype=np.float32)
    _, down = probe(x, weights, dy, f=f, df=partial(_slope, backward))
    size = np.hypot(down.mean, down.std)
    return float(np.log10(size[0]) - np.log10(size[-1]))


def _slope(backward, z):
    return backward(np.ones_like(z), z)


@states(15, seeds=range(12), margin=0.1)
def relu_keeps_gradients(seeds, f=relu, backward=relu_backward, width=100):
    """1 minus the powers of ten by which a ReLU net's gradient grows or shrinks: positive within tenfold."""
    scales = {"small": 1.0, "he": 2**0.5, "large": 2.0}
    return {
        f"{name}_{depth}": [
            1 - abs(growth(f, backward, scale / width**0.5, depth=depth, width=width, seed=seed))
            for seed in seeds
        ]
        for name, scale in scales.items()
        for depth in (3, 10, 40)
    }


@states(35, seeds=range(8), margin=0.1)
def sigmoid_never_explodes(seeds, f=sigmoid, backward=sigmoid_backward):
    """1 minus the powers of ten by which a sigmoid net's gradient grows: positive below tenfold growth."""
    cases = {
        "small_500_10": (0.01, 500, 10),
        "lecun_500_10": (500**-0.5, 500, 10),
        "one_50_10": (1.0, 50, 10),
        "one_500_10": (1.0, 500, 10),
        "one_500_30": (1.0, 500, 30),
    }
    return {
        name: [1 - growth(f, backward, std, depth=depth, width=width, seed=seed) for seed in seeds]
        for name, (std, width, depth) in cases.items()
    }


# --- 17: whether a sigmoid has a place ---------------------------------------------------------------------


@states(17, seeds=range(10), margin=0.1, stored=True, quick={"seeds": range(3), "epochs": 1, "steps": 4})
def never_sigmoid(seeds, watch=iter, **settings):
    """Powers of ten by which the loss falls when the best other function takes the sigmoid's place.

    All tuned; which other function is the best is decided on the tuning seeds, as its rate is.
    """
    return {place: _replaced(make, seeds, **settings) for place, make in watch(list(PLACES.items()))}


def _replaced(make, seeds, **settings):
    mine, *others = (tuned(losses) for losses in make(seeds, **settings))
    best = min(others, key=lambda run: run.mean)
    return decades(mine.fresh, best.fresh)


def _hidden(hidden, seeds, *, epochs=8, steps=None):
    """Validation losses of nets whose hidden layers are sigmoid, ReLU, tanh."""
    data = load_digits()
    for f in (sigmoid, relu, tanh):
        _, params = train_digits(f, hidden, data, seeds, epochs=epochs, rates=UPPER)
        yield validation(params, data, f, UPPER)[0]


def _cut(z):
    return torch.clip(z + 0.5, 0.0, 1.0)


# Functions in a gate's place, and the gate's bias at the start: each lets through 0.12.
OPEN = (sigmoid, -2.0)
FREE = ((relu, 0.12), (tanh, 0.12))
CUT = ((_cut, -0.38),)


def _gates(rivals, seeds, *, epochs=None, steps=120):
    """Losses of memories gated by the sigmoid, and by each rival."""
    for gate, bias in (OPEN, *rivals):
        yield _memory(gate, bias, tuple(seeds), steps)


@cache
def _memory(gate, bias, seeds, steps):
    return train_memory(gate, seeds, bias=bias, steps=steps, rates=UPPER)


def _outputs(seeds, *, epochs=20, steps=None):
    """Losses of probabilities by sigmoid, by a straight line with squared error, by ReLU, by the line."""
    line = partial(torch.add, other=0.5)
    for probability, loss in (
        (sigmoid, binary_cross_entropy),
        (line, lambda scores, y: (line(scores) - y).square().mean(-1)),
        (relu, lambda scores, y: surprise(relu(scores), y)),
        (line, lambda scores, y: surprise(line(scores), y)),
    ):
        yield train_output(probability, loss, seeds, epochs=epochs, rates=UPPER)


PLACES = {
    "hidden_6": partial(_hidden, SIX),
    "hidden_1": partial(_hidden, ONE),
    "gate": partial(_gates, FREE),
    "gate_cut": partial(_gates, CUT),
    "output": _outputs,
}

# --- 17: which to choose -----------------------------------------------------------------------------------

RIVALS = {
    "sigmoid": sigmoid,
    "tanh": tanh,
    "leaky_relu": partial(leaky_relu, slope=0.1),
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "silu": silu,
}


@states(17, seeds=range(10), margin=0.1, stored=True, quick={"seeds": range(3), "epochs": 2, "rates": BRIEF})
def relu_is_best(seeds, ours=relu, rivals=RIVALS, watch=iter, epochs=8, rates=RATES):
    """Powers of ten by which ReLU's validation loss lies below each other activation's, all tuned."""
    data = load_digits()

    def final(f, hidden):
        _, params = train_digits(f, hidden, data, seeds, epochs=epochs, rates=rates)
        return tuned(validation(params, data, f, rates)[0]).fresh

    effects = {}
    for layers in watch((1, 6)):
        mine = final(ours, SIX[:layers])
        for name, f in rivals.items():
            effects[f"{name}_{layers}"] = decades(final(f, SIX[:layers]), mine)
    return effects


# --- 38: six times the performance -------------------------------------------------------------------------

GOAL = 0.1  # the training loss by which speed is measured
THREEFOLD = round(float(np.log2(3)), 3)  # half of "six times" would still count


@states(
    38, seeds=range(12), margin=THREEFOLD, stored=True, quick={"seeds": range(3), "epochs": 3, "rates": BRIEF}
)
def relu_six_times(seeds, ours=relu, theirs=tanh, watch=iter, epochs=10, rates=RATES):
    """How many times as good ReLU is as tanh, in doublings: by epochs to a loss, and by validation errors."""
    effects = {}
    for layers in watch((1, 6)):
        runs = [_speed_and_errors(f, SIX[:layers], seeds, epochs, rates) for f in (ours, theirs)]
        for name, mine, other in zip(("speed", "errors"), *runs, strict=True):
            effects[f"{name}_{layers}"] = [float(x) for x in np.log2(other) - np.log2(mine)]
    return effects


def _speed_and_errors(f, hidden, seeds, epochs, rates):
    data = load_digits()
    by_epoch, params = train_digits(f, hidden, data, seeds, epochs=epochs, rates=rates)
    return tuned(epochs_to(by_epoch)).fresh, tuned(validation(params, data, f, rates)[1]).fresh


def epochs_to(by_epoch, goal=GOAL):
    """Epochs until the mean loss of an epoch is `goal`, between epochs along a line of the logarithm.

    by_epoch: (epochs, …), begun from ln 10. A run that never gets there counts as all the epochs.
    """
    losses = np.concatenate([np.full_like(by_epoch[:1], np.log(10)), by_epoch])
    there = losses <= goal
    first = np.where(there.any(0), there.argmax(0), 0)
    after = np.take_along_axis(losses, first[None], 0)[0]
    before = np.take_along_axis(losses, np.maximum(first - 1, 0)[None], 0)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.log(before / goal) / np.log(before / after)
    return np.where(there.any(0), first - 1 + share, len(by_epoch))


# --- 39: why ELU is fast -----------------------------------------------------------------------------------


def gapped(x, *, gap):
    """An ELU that jumps by `gap` at 0, half of it up and half down, so that its middle stays."""
    return elu(x) + torch.where(x > 0, gap / 2, -gap / 2)


def lifted(x, *, lift):
    """An ELU with every output raised by `lift`: as continuous as before, and no longer centred on 0."""
    return elu(x) + lift


def _slowed(seeds, changed, watch, epochs, rates):
    """Powers of ten by which the training loss of three ELU layers is lower than with each changed ELU."""
    data = load_digits()

    def final(f):
        return tuned(train_digits(f, THREE, data, seeds, epochs=epochs, rates=rates)[0][-1]).fresh

    mine = final(elu)
    return {name: decades(final(f), mine) for name, f in watch(list(changed.items()))}


BRIEFLY = {"seeds": range(3), "epochs": 2, "rates": BRIEF}


@states(39, seeds=range(12), margin=0.1, stored=True, quick=BRIEFLY)
def elu_fast_by_continuity(seeds, watch=iter, epochs=8, rates=RATES):
    """Powers of ten by which ELU's training loss lies below that of an ELU with a gap at 0, all tuned."""
    changed = {f"gap_{gap:g}": partial(gapped, gap=gap) for gap in (0.1, 0.3, 1.0)}
    return _slowed(seeds, changed, watch, epochs, rates)


@states(39, seeds=range(12), margin=0.1, stored=True, quick=BRIEFLY)
def elu_fast_by_its_mean(seeds, watch=iter, epochs=8, rates=RATES):
    """Powers of ten by which ELU's training loss lies below that of an ELU lifted off 0, all tuned."""
    changed = {f"lift_{lift:g}": partial(lifted, lift=lift) for lift in (0.1, 0.5, 1.0)}
    return _slowed(seeds, changed, watch, epochs, rates)
