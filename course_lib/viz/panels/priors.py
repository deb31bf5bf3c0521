"""The bias of the last layer: a first loss that knows how often each class occurs."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames

SAMPLES, INPUTS, STEPS, RATE = 2000, 20, 60, 0.5
SHARES = (0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.005)
STARTS = ("zero", "prior")


@lru_cache(maxsize=32)
def _data(share, seed=0):
    """Two classes of which one is rare: normal clouds a little apart; one-hot labels."""
    rng = np.random.default_rng(seed)
    rare = np.arange(SAMPLES) < round(share * SAMPLES)
    x = rng.standard_normal((SAMPLES, INPUTS)) + np.where(rare, 0.5, 0.0)[:, None]
    return x, np.stack([~rare, rare], axis=1) * 1.0


@lru_cache(maxsize=64)
def training(start, share):
    """Losses (steps + 1,) of softmax regression by gradient descent from a bias of 0 or of ln(n_k/N)."""
    x, y = _data(share)
    net_gradients = registry.get("net_gradients").function
    bias = registry.get("prior_bias").function(y.sum(0)) if start == "prior" else np.zeros(2)
    params, losses = [np.zeros((INPUTS, 2)), bias], []
    for _ in range(STEPS + 1):
        loss, gradients = net_gradients(x, y, params)
        losses.append(loss)
        params = [p - RATE * g for p, g in zip(params, gradients, strict=True)]
    return np.array(losses)


def entropy(share):
    """−Σ p ln p of two classes."""
    p = np.array([share, 1 - share])
    return float(-np.sum(p * np.log(p)))


def prior_panel(*, start=0.05):
    """A slider over the share of the rare class: the loss from both biases. Returns a FramesPanel."""

    def background(figure):
        axes = figure.add_axes((0.09, 0.15, 0.885, 0.75))
        figures.loss_axes(axes, steps=STEPS, low=0, high=0.75, log=False)
        axes.set_title(t("viz.prior.title"))
        axes.axhline(np.log(2), color=figures.INK, linewidth=1, linestyle=":")
        axes.text(STEPS, np.log(2) + 0.008, "ln 2", ha="right")

    def draw(figure, share):
        axes, artists = figure.axes[0], []
        for index, kind in enumerate(STARTS):
            label = t(f"viz.prior.{kind}")
            artists += figures.loss(axes, training(kind, share), index, every=6, label=label)
        # beside the end of the line "ln 2"
        return [*artists, figures.legend(axes, loc="upper center")]

    def told(share):
        firsts = {kind: f"{training(kind, share)[0]:.3f}" for kind in STARTS}
        return {"share": f"{100 * share:g}", "entropy": f"{entropy(share):.3f}", **firsts}

    def describe(share):
        return t("viz.prior.told", **told(share))

    def numbers(share):
        return [
            {
                t("viz.prior.slider"): f"{share:g}",
                t("viz.prior.bias"): t(f"viz.prior.{kind}"),
                t("viz.prior.first"): f"{training(kind, share)[0]:.3f}",
                t("viz.loss_after", steps=10): f"{training(kind, share)[10]:.3f}",
                t("viz.loss_after", steps=STEPS): f"{training(kind, share)[-1]:.3f}",
            }
            for kind in STARTS
        ]

    return frames(
        draw,
        "share",
        list(SHARES),
        start=start,
        title=t("viz.prior.slider"),
        describe=describe,
        numbers=numbers,
        background=background,
    )
