"""Dead units: a small net trained at one learning rate after another, and its units that are off for good."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

STEPS, UNITS, SAMPLES = 150, 50, 100
FAR = 1e30  # a score beyond this has left for good
RATES = (0.01, 0.03, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0)
NAMES = {"relu": {}, "leaky_relu": {"slope": 0.1}}


def _data():
    x = np.random.default_rng(0).uniform(-1, 1, (SAMPLES, 2))
    return x, (np.sin(3 * x[:, :1]) * x[:, 1:] > 0) * 1.0


def _he(rng, n_in, n_out):
    return rng.standard_normal((n_in, n_out)) * (2 / n_in) ** 0.5


@lru_cache(maxsize=128)
def training(name, lr, *, steps=STEPS, seed=0):
    """Gradient descent on a net with two hidden layers: losses and dead units at each step.

    Points are told apart by a sigmoid output and cross-entropy, whose gradient stays bounded.
    Returns (losses (steps + 1,), shares (steps + 1,)); a share is that of the hidden units whose slope is 0
    for every sample. Both are NaN from where the training has left the floating-point range.
    """
    f, backward = (registry.get(part).function for part in (name, f"{name}_backward"))
    sigmoid, dead_units = (registry.get(part).function for part in ("sigmoid", "dead_units"))
    rng, (x, y) = np.random.default_rng(seed), _data()
    weights = [_he(rng, a, b) for a, b in ((2, UNITS), (UNITS, UNITS), (UNITS, 1))]
    biases = [np.zeros(w.shape[1]) for w in weights]
    losses, shares = np.full(steps + 1, np.nan), np.full(steps + 1, np.nan)
    for step in range(steps + 1):
        hs, slopes = [x], []
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            z = hs[-1] @ w + b
            hs.append(f(z, **NAMES[name]))
            slopes.append(backward(np.ones_like(z), z, **NAMES[name]))
        z = hs[-1] @ weights[-1] + biases[-1]
        if not np.all(np.abs(z) < FAR):
            break
        losses[step] = np.mean(np.logaddexp(0, z) - y * z)
        shares[step] = np.mean([dead_units(s) for s in slopes])
        _descend(weights, biases, hs, slopes, (sigmoid(z) - y) / len(x), lr)
    return losses, shares


def _descend(weights, biases, hs, slopes, g, lr):
    """One step of gradient descent, from the top down; changes the two lists."""
    for layer in (2, 1, 0):
        below = (g @ weights[layer].T) * slopes[layer - 1] if layer else None
        weights[layer] = weights[layer] - lr * hs[layer].T @ g
        biases[layer] = biases[layer] - lr * g.sum(0)
        g = below


def _ending(name, lr):
    """(dead share, loss) after the last step; None for the loss where the training flew off."""
    losses, shares = training(name, lr)
    there = np.isfinite(losses)
    return float(shares[there][-1]), float(losses[-1]) if there[-1] else None


def dead_panel(*, start=0.5):
    """A slider over the learning rate: the share of dead units by step, and the loss, for two activations.

    Returns a FramesPanel.
    """

    def background(figure):
        left = figure.add_axes((0.08, 0.14, 0.4, 0.75))
        right = figure.add_axes((0.575, 0.14, 0.405, 0.75))
        figures.loss_axes(left, steps=STEPS, low=-0.03, high=1.03, log=False, label=t("viz.dying.share"))
        figures.loss_axes(right, steps=STEPS, low=1e-3, high=1e4)
        left.set_title(t("viz.dying.title"))
        right.set_title(t("viz.loss_by_step"))

    def draw(figure, lr):
        left, right = figure.axes
        artists = []
        for index, name in enumerate(NAMES):
            losses, shares = training(name, lr)
            label = registry.get(name).title
            artists += figures.loss(left, shares, index, every=15)
            artists += figures.loss(right, losses, index, every=15, label=label)
        return [*artists, figures.legend(right)]

    def loss_of(name, lr):
        loss = _ending(name, lr)[1]
        return t("viz.dying.lost") if loss is None else f"{loss:.2g}"

    def describe(lr):
        told = {name: loss_of(name, lr) for name in NAMES}
        share = f"{100 * _ending('relu', lr)[0]:.0f}"
        return t("viz.dying.told", lr=f"{lr:g}", share=share, relu=told["relu"], leaky=told["leaky_relu"])

    def numbers(lr):
        return [
            {
                "lr": f"{lr:g}",
                t("viz.signals.activation"): registry.get(name).title,
                t("viz.dying.share"): f"{_ending(name, lr)[0]:.2f}",
                t("viz.loss_after", steps=STEPS): loss_of(name, lr),
            }
            for name in NAMES
        ]

    return frames(
        draw,
        "lr",
        list(RATES),
        start=start,
        title=t("viz.parameter.lr"),
        describe=describe,
        numbers=numbers,
        background=background,
    )
