"""What keeps a signal's size: nσ² by layer, and what fan-in and fan-out ask of one layer."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.panels.layers import functions
from course_lib.viz.sliders import frames

DEPTH, WIDTH, SAMPLES = 30, 200, 50
GAINS = (0.25, 0.35, 0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0, 2.4, 2.8, 4.0, 5.6, 8.0)
NAMES = ("linear", "tanh", "relu")


@lru_cache(maxsize=1)
def _draws(seed=1):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((WIDTH, WIDTH), dtype=np.float32) for _ in range(DEPTH)]


@lru_cache(maxsize=64)
def mean_squares(name, gain, *, seed=0):
    """E[h²] from the input to layer 30, (depth + 1,), with weights of variance gain/n."""
    rng = np.random.default_rng(seed)
    std = (gain / WIDTH) ** 0.5
    weights = [np.float32(std) * w for w in _draws()]
    x, dy = rng.standard_normal((2, SAMPLES, WIDTH), dtype=np.float32)
    f, df = functions(name)
    up, _ = registry.get("probe").function(x, weights, dy, f=f, df=df)
    return np.concatenate([[np.mean(x**2)], up.mean**2 + up.std**2])


def predicted(name, gain):
    """E[h²] by the formula: (nσ²)^l for linear units, (nσ²/2)^l for ReLU."""
    return (gain / (2 if name == "relu" else 1)) ** np.arange(DEPTH + 1.0)


def keeping_panel(*, start=1.0):
    """A slider over nσ²: the mean square of the activations by layer. Returns a FramesPanel."""
    more = {"background": _keeping_axes, "describe": _keeping_told, "numbers": _keeping_rows}
    return frames(_keeping, "gain", list(GAINS), start=start, title="nσ²", **more)


def _keeping_axes(figure):
    axes = figure.add_axes((0.1, 0.15, 0.875, 0.75))
    figures.loss_axes(axes, steps=DEPTH, low=1e-12, high=1e12, label="$E[h^2]$")
    axes.set(xlabel=t("viz.layers.number"), title=t("viz.keeping.title", depth=DEPTH, width=WIDTH))
    axes.axhline(1, color=figures.INK, linewidth=1, linestyle=":")


def _keeping(figure, gain):
    axes, artists = figure.axes[0], []
    for index, name in enumerate(NAMES):
        label = t("viz.keeping.linear") if name == "linear" else registry.get(name).title
        artists += figures.loss(axes, mean_squares(name, gain), index, every=3, label=label)
        if name != "tanh":
            line = {"color": figures.INK, "linestyle": "-", "linewidth": 0.9, "zorder": 6}
            words = t("viz.keeping.formula") if name == "relu" else None
            artists += axes.plot(predicted(name, gain), **line, label=words)
    # where no curve goes
    return [*artists, figures.legend(axes, loc="upper left" if gain <= 1 else "lower left")]


def _ends(gain):
    return {name: f"{mean_squares(name, gain)[-1]:.2g}" for name in NAMES}


def _keeping_told(gain):
    return t("viz.keeping.told", gain=f"{gain:g}", depth=DEPTH, **_ends(gain))


def _keeping_rows(gain):
    names = {
        name: t("viz.keeping.linear") if name == "linear" else registry.get(name).title for name in NAMES
    }
    top = t("viz.keeping.top", depth=DEPTH)
    return [
        {"nσ²": f"{gain:g}", t("viz.layers.name"): names[name], top: shown}
        for name, shown in _ends(gain).items()
    ]


# --- one layer between widths that differ ---

FAN_IN = 200
FAN_OUTS = (25, 35, 50, 71, 100, 141, 200, 283, 400, 566, 800, 1131, 1600)
RULES = ("fan_in", "fan_out", "xavier")


def factors(rule, fan_out):
    """What one linear layer does to the mean square on the way up and on the way down, by formula.

    up = fan_in σ²,   down = fan_out σ²,   σ² = 1/fan_in, 1/fan_out or 2/(fan_in + fan_out)
    """
    variance = {"fan_in": 1 / FAN_IN, "fan_out": 1 / fan_out, "xavier": 2 / (FAN_IN + fan_out)}[rule]
    return FAN_IN * variance, fan_out * variance


@lru_cache(maxsize=64)
def measured(rule, fan_out, *, seed=0):
    """The same two factors, measured on normal weights drawn by the rule."""
    rng = np.random.default_rng(seed)
    if rule == "xavier":
        w = registry.get("xavier_normal").function((fan_out, FAN_IN), rng=rng)
    else:
        w = registry.get("he_normal").function((fan_out, FAN_IN), rng=rng, mode=rule, gain=1.0)
    x, dz = rng.standard_normal((SAMPLES, FAN_IN)), rng.standard_normal((SAMPLES, fan_out))
    return float(np.mean((x @ w.T) ** 2) / np.mean(x**2)), float(np.mean((dz @ w) ** 2) / np.mean(dz**2))


def fans_panel(*, start=800):
    """A slider over the number of outputs of a layer with 200 inputs: what each rule keeps.

    Returns a FramesPanel.
    """
    more = {"background": _fans_axes, "describe": _fans_told, "numbers": _fans_rows}
    return frames(_fans, "fan_out", list(FAN_OUTS), start=start, title=t("viz.fans.slider"), **more)


def _fans_axes(figure):
    for column, key in enumerate(("up", "down")):
        axes = figure.add_axes((0.085 + 0.495 * column, 0.15, 0.405, 0.74))
        axes.set_yscale("log", base=2)
        axes.set(xlim=(-0.5, 2.5), ylim=(2**-4.3, 2**4.3), title=t(f"viz.fans.{key}"))
        axes.set_xticks(range(3), [t(f"viz.fans.{rule}") for rule in RULES])
        axes.set_yticks([2.0**k for k in range(-3, 4)], ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
        axes.minorticks_off()
        axes.axhline(1, color=figures.INK, linewidth=1.2, linestyle=":")


def _fans(figure, fan_out):
    artists = []
    for way, axes in enumerate(figure.axes):
        for index, rule in enumerate(RULES):
            look, height = figures.style(index), factors(rule, fan_out)[way]
            artists += axes.bar(index, height - 1, bottom=1, width=0.55, color=look["color"], alpha=0.35)
            seen = measured(rule, fan_out)[way]
            artists += axes.plot(
                index, seen, color=look["color"], marker=look["marker"], markersize=9, zorder=5
            )
            above = 12 if seen >= 0.99 else -18
            artists.append(
                axes.annotate(
                    f"{seen:.2f}",
                    (index, seen),
                    (0, above),
                    textcoords="offset points",
                    ha="center",
                    zorder=6,
                )
            )
    return artists


def _fans_told(fan_out):
    told = {f"{rule}_rule": "{:.2f}, {:.2f}".format(*factors(rule, fan_out)) for rule in RULES}
    return t("viz.fans.told", fan_in=FAN_IN, fan_out=fan_out, **told)


def _fans_rows(fan_out):
    return [
        {
            "fan_in": FAN_IN,
            "fan_out": fan_out,
            t("viz.fans.rule"): t(f"viz.fans.{rule}"),
            t("viz.fans.up"): f"{measured(rule, fan_out)[0]:.3f}",
            t("viz.fans.down"): f"{measured(rule, fan_out)[1]:.3f}",
        }
        for rule in RULES
    ]
