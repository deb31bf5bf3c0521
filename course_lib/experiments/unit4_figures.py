"""What unit 4 looks at rather than judges: covariate shift while training, and brighter test data."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from course_lib.algorithms.optim import adam, gd
from course_lib.data.digits import load_digits
from course_lib.experiments.unit4 import NOISES
from course_lib.training.norm_nets import Trained, deep, score, train, walk

DEPTH = 6
PROBE = 200
SHIFTS = tuple(k / 4 for k in range(-8, 9))  # −2 … 2 standard deviations


@dataclass(frozen=True, eq=False)
class Shift:
    """rate: the learning rate. losses: (epochs,), at the end of each. shifts: (DEPTH,), by layer.

    A shift: by how many standard deviations the mean of an activation's input moves from step to step.
    Losses are those on the first PROBE training digits, with batch statistics and without noise.
    """

    rate: float
    losses: np.ndarray
    shifts: np.ndarray


def covariate_shift(*, seeds=range(3), epochs=5) -> dict[str, Shift]:
    """How far training moves the inputs of each activation, and how fast it is, for four nets on the digits.

    Without a norm; with batch norm; and with noise behind every norm, mild and strong. Rates: about the best
    of each.
    """
    arms = {"plain": (0.1, {}), "norm": (0.3, {"before": ("batch",)})}
    arms |= {name: (0.3, {"before": ("batch", "jitter"), "jitter": a}) for name, a in NOISES.items()}
    return {name: _shift(deep(32, depth=DEPTH, **how), lr, seeds, epochs) for name, (lr, how) in arms.items()}


def _shift(net, rate, seeds, epochs):
    split, means, losses = load_digits(), [], []
    probe, noise = torch.tensor(split.x_train[:PROBE]), np.random.default_rng(0)
    places = [i - 1 for i, op in enumerate(net.ops) if op == "relu"]
    fresh = [(0.0, 1.0)] * net.ops.count("batch")
    per_epoch = len(split.y_train) // 64

    @torch.no_grad()
    def look(params):
        seen, _ = walk(net, params, fresh, probe, training=True, rng=noise)
        means.append([(seen[i].mean(1), seen[i].std(1)) for i in places])
        if len(means) % per_epoch == 0:
            now = Trained(params, fresh, np.empty(0))
            losses.append(
                score(net, now, split.x_train[:PROBE], split.y_train[:PROBE], training=True)[0].mean()
            )

    train(net, split.x_train, split.y_train, gd, seeds=seeds, settings={"lr": rate}, epochs=epochs, each=look)
    moved = [[_moved(*pair) for pair in zip(*steps, strict=True)] for steps in pairwise(means)]
    return Shift(rate, np.array(losses), np.mean(moved, axis=0))


def _moved(before, after):
    """|difference of the means| ÷ standard deviation, averaged over units and nets."""
    (old, std), (new, _) = before, after
    return ((new - old) / std.clamp_min(1e-3)).abs().mean()


@dataclass(frozen=True, eq=False)
class BrighterTest:
    """shifts: what is added to every standardized pixel. accuracy: {way: (shifts,)} in percent, over seeds.

    outputs: (shifts, values), what the first norm puts out at inference, by running statistics.
    Ways: "plain" (no norm), "batch" (running statistics), "fresh" (those of the test data), "layer".
    """

    shifts: tuple[float, ...]
    accuracy: dict[str, np.ndarray]
    outputs: np.ndarray


def brighter_test(*, shifts=SHIFTS, seeds=range(3), epochs=5) -> BrighterTest:
    """Nets with and without norms, trained on the digits, tested on brighter or darker ones."""
    split = load_digits()
    nets = {
        name: deep(48, depth=3, before=before)
        for name, before in (("plain", ()), ("batch", ("batch",)), ("layer", ("layer",)))
    }
    fitted = {
        name: train(
            net, split.x_train, split.y_train, adam, seeds=seeds, settings={"lr": 0.003}, epochs=epochs
        )
        for name, net in nets.items()
    }
    ways = {"plain": ("plain", False), "batch": ("batch", False), "fresh": ("batch", True)}
    ways["layer"] = ("layer", False)
    accuracy = {
        way: np.array([_percent(nets[name], fitted[name], split, b, fresh) for b in shifts])
        for way, (name, fresh) in ways.items()
    }
    return BrighterTest(tuple(shifts), accuracy, _first_norm(nets["batch"], fitted["batch"], split, shifts))


def _percent(net, fitted, split, added, fresh):
    x = split.x_val + np.float32(added)
    return 100 * float(score(net, fitted, x, split.y_val, training=fresh)[1].mean())


@torch.no_grad()
def _first_norm(net, fitted, split, shifts):
    at = net.ops.index("batch")
    rows = []
    for b in shifts:
        x = torch.tensor(split.x_val[:100] + np.float32(b))
        rows.append(walk(net, fitted.params, fitted.state, x, training=False)[0][at][0].numpy().ravel())
    return np.array(rows)
