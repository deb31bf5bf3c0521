"""Ten layers of 500 units, just initialized: what goes up, what comes down, layer by layer."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.sliders import columns, dropdown, live, value_slider
from course_lib.viz.theme import new_figure

LAYERS, WIDTH, SAMPLES, BINS = 10, 500, 100, 41
# σ of the weights; among them 1/√500 = 0.0447 and √(2/500) = 0.0632
SIGMAS = (
    0.003,
    0.005,
    0.007,
    0.01,
    0.014,
    0.02,
    0.03,
    500**-0.5,
    250**-0.5,
    0.09,
    0.13,
    0.2,
    0.3,
    0.5,
    0.7,
    1.0,
)
NAMES = ("tanh", "sigmoid", "relu")
REACH = {"tanh": (-1, 1), "sigmoid": (0, 1), "relu": (0, 3)}
LOW, HIGH = 1e-12, 1e12


@lru_cache(maxsize=1)
def _draws(seed=0):
    """Standard normal weights, inputs and gradients at the top, float32."""
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((WIDTH, WIDTH), dtype=np.float32) for _ in range(LAYERS)]
    return weights, *(rng.standard_normal((SAMPLES, WIDTH), dtype=np.float32) for _ in range(2))


def functions(name):
    """An activation and its derivative, by name; "linear" is the identity."""
    if name == "linear":
        return (lambda z: z), np.ones_like
    f, backward = (registry.get(part).function for part in (name, f"{name}_backward"))
    return f, lambda z: backward(np.ones_like(z), z)


@lru_cache(maxsize=128)
def stack(name, sigma):
    """Activations and gradients of the ten layers with N(0, σ²) weights: two `Moments` with histograms.

    Input and gradient at the top are standard normal, 100 samples.
    """
    weights, x, dy = _draws()
    f, df = functions(name)
    scaled = [np.float32(sigma) * w for w in weights]
    return registry.get("probe").function(x, scaled, dy, f=f, df=df, bins=BINS)


def rms(moments):
    """Root mean square of each layer: (layers,)."""
    return np.hypot(moments.mean, moments.std)


def layers_panel(*, name="tanh", sigma=0.01):
    """A choice of activation and a slider over σ: the histograms of ten layers, and the sizes of both ways.

    Returns a LivePanel.
    """
    controls = {
        "name": dropdown(t("viz.layers.name"), [(registry.get(n).title, n) for n in NAMES], name),
        "sigma": value_slider("sigma", SIGMAS, start=sigma, title="σ"),
    }
    return live(
        _draw,
        controls,
        shown=[columns(controls.values())],
        describe=_describe,
        numbers=_numbers,
        background=_background,
        size=(8.4, 4.9),
    )


def _background(figure, name):
    low, high = REACH[name]
    for layer in range(LAYERS):
        axes = figure.add_axes((0.035 + 0.0955 * layer, 0.65, 0.083, 0.22))
        axes.set(xlim=(low - 0.02 * (high - low), high), ylim=(0, 1.08), yticks=[], xticks=[low, high])
        axes.set_title(t("viz.layers.layer", layer=layer + 1), fontsize=10)
        # neighbours would run into each other
        axes.tick_params(labelsize=9, labelbottom=layer == 0)
    figure.text(0.5, 0.955, t("viz.layers.histograms"), ha="center", fontsize=12)
    for left, key in ((0.095, "up"), (0.59, "down")):
        axes = figure.add_axes((left, 0.11, 0.395, 0.4))
        axes.set(xlim=(0.5, LAYERS + 0.5), ylim=(LOW, HIGH), xlabel=t("viz.layers.number"))
        axes.set(xticks=range(1, LAYERS + 1), title=t(f"viz.layers.{key}"))
        figures.log_scale(axes)
        axes.axhline(1, color=figures.INK, linewidth=1, linestyle=":")


def _draw(figure, name, sigma):
    up, down = stack(name, sigma)
    artists = []
    for layer, axes in enumerate(figure.axes[:LAYERS]):
        artists += _histogram(axes, up.counts[layer], up.edges[layer], REACH[name])
    for index, (axes, moments) in enumerate(zip(figure.axes[LAYERS:], (up, down), strict=True)):
        sizes = np.clip(rms(moments), 1e-300, None)
        look = figures.style(index) | {"markersize": 6}
        artists += axes.plot(np.arange(1, LAYERS + 1), sizes, **look, zorder=5)
    return artists


def _histogram(axes, counts, edges, reach):
    """Bars scaled to the highest one; a heap narrower than a hair is drawn as a hair.

    Where most of the range is outside the frame the largest number stands there instead of bars.
    """
    hair = 0.02 * (reach[1] - reach[0])
    if edges[-1] > 5 * reach[1]:
        words = t("viz.layers.beyond", most=f"{edges[-1]:.0e}".replace("e+", "e"))
        return [axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", fontsize=9)]
    if edges[-1] - edges[0] < hair:
        middle = (edges[-1] + edges[0]) / 2
        counts, edges = np.array([1]), np.array([middle - hair / 2, middle + hair / 2])
    return [axes.stairs(counts / counts.max(), edges, fill=True, color=figures.style(0)["color"], zorder=4)]


def _describe(name, sigma):
    up, down = stack(name, sigma)
    return t(
        "viz.layers.told",
        name=registry.get(name).title,
        sigma=f"{sigma:.3g}",
        gain=f"{WIDTH * sigma**2:.3g}",
        up=f"{rms(up)[-1]:.2g}",
        down=f"{rms(down)[0]:.2g}",
    )


def _numbers(name, sigma):
    up, down = stack(name, sigma)
    return [
        {
            t("viz.layers.number"): layer + 1,
            t("viz.layers.mean"): float(up.mean[layer]),
            t("viz.layers.std"): float(up.std[layer]),
            t("viz.layers.zeros"): f"{up.zeros[layer]:.2f}",
            t("viz.layers.gradient"): float(rms(down)[layer]),
        }
        for layer in range(LAYERS)
    ]


RULES = ("normal_init", "lecun_normal", "xavier_normal", "he_normal", "orthogonal")


@lru_cache
def by_rule(name):
    """Root mean squares of ten layers of 200 units for each rule: {rule: (activations, gradients)}."""
    f, df = functions(name)
    found = {}
    for rule in RULES:
        rng = np.random.default_rng(1)
        draw = registry.get(rule).function
        weights = [draw((200, 200), rng=rng) for _ in range(LAYERS)]
        x, dy = rng.standard_normal((2, SAMPLES, 200))
        up, down = registry.get("probe").function(x, weights, dy, f=f, df=df)
        found[rule] = rms(up), rms(down)
    return found


def rules_picture():
    """Every rule at its defaults under tanh and ReLU: activations by layer. Returns a Picture."""
    figure = new_figure((8.4, 3.9))
    told = []
    for column, name in enumerate(("tanh", "relu")):
        axes = figure.add_axes((0.085 + 0.49 * column, 0.27, 0.405, 0.62))
        for index, (rule, (up, _)) in enumerate(by_rule(name).items()):
            axes.plot(range(1, LAYERS + 1), up, **figures.style(index), markersize=5)
            told.append(f"{registry.get(name).title} {_rule_title(rule)} {up[-1]:.2g}")
        axes.set(ylim=(1e-9, 1e1), xlabel=t("viz.layers.number"), xticks=range(1, LAYERS + 1))
        axes.set_title(f"{registry.get(name).title}: {t('viz.layers.up')}")
        figures.log_scale(axes)
    names = {index: _rule_title(rule) for index, rule in enumerate(RULES)}
    figures.legend_below(figure.axes[0], names, columns=5)
    return show(figure, t("viz.layers.rules_alt", rows=", ".join(told)))


def _rule_title(rule):
    return t("viz.starting.small") if rule == "normal_init" else registry.get(rule).title
