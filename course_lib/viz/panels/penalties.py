"""Penalties on weights: where the minimum moves, which weights end at zero, and weights cut to a length."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames, live, value_slider

# A loss ½ (w − w*)ᵀ A (w − w*) of two weights, without the penalty lowest at w*.
CURVATURES = np.array([[1.0, 0.35], [0.35, 1.6]])
LOWEST = np.array([0.55, 1.5])
STRENGTHS = tuple(round(0.1 * k, 1) for k in range(0, 31))
WINDOW = (-1.7, 2.3)


@lru_cache
def minimum(strength, mix, steps=400):
    """The weights at which the loss with its elastic-net penalty is smallest: (2,), zeros exact.

        argmin ½ (w − w*)ᵀ A (w − w*) + λ (α Σ |w| + ½ (1 − α) Σ w²)

    Proximal gradient steps, which end exactly on a corner. strength: λ. mix: α.
    """
    prox, w = registry.get("proximal_l1").function, np.zeros(2)
    lr = 1 / (np.linalg.eigvalsh(CURVATURES)[-1] + strength * (1 - mix))
    for _ in range(steps):
        g = CURVATURES @ (w - LOWEST) + strength * (1 - mix) * w
        w = prox(w - lr * g, threshold=lr * strength * mix)
    w.setflags(write=False)
    return w


def penalty_of(w, mix):
    """α Σ |w_i| + ½ (1 − α) Σ w_i² over the last axis: the elastic net without its λ."""
    return mix * np.abs(w).sum(-1) + 0.5 * (1 - mix) * np.square(w).sum(-1)


def geometry_panel():
    """Sliders over λ and the share of L1: where loss plus penalty is smallest. Returns a LivePanel."""
    controls = {
        "strength": value_slider("strength", list(STRENGTHS), start=0.8, title=t("viz.geometry.strength")),
        "mix": value_slider("mix", [0.0, 0.25, 0.5, 0.75, 1.0], start=1.0, title=t("viz.geometry.mix")),
    }

    def background(figure, mix):
        left, right = figures.two_axes(figure)
        _loss_contours(left)
        ways = np.array([minimum(s, mix) for s in STRENGTHS])
        left.plot(*ways.T, **figures.style(1) | {"marker": ""}, linewidth=1.2, zorder=4)
        left.set_title(t("viz.geometry.title"))
        for index, weights in enumerate(ways.T):
            right.plot(STRENGTHS, weights, **figures.style(index) | {"marker": ""}, label=f"$w_{index + 1}$")
        right.set(xlabel=t("viz.geometry.strength"), ylabel=t("viz.geometry.weight"), xlim=(-0.05, 3.05))
        right.set(ylim=(-0.08, 1.65), title=t("viz.geometry.by_strength"))
        figures.legend(right)

    def draw(figure, strength, mix):
        left, right = figure.axes
        w = minimum(strength, mix)
        level = _level_set(w, mix)
        shape = left.plot(*level.T, color=figures.style(2)["color"], linestyle="-", linewidth=2, zorder=5)
        dot = left.plot(*w, **figures.style(1) | {"linestyle": ""}, markersize=10, zorder=6)
        dots = [
            line
            for index in range(2)
            for line in right.plot(
                strength, w[index], **figures.style(index) | {"linestyle": ""}, markersize=8
            )
        ]
        return shape + dot + dots

    return live(draw, controls, background=background, describe=_geometry_told, numbers=_geometry_row)


def _geometry_told(strength, mix):
    w = minimum(strength, mix)
    key = "viz.geometry.told_zero" if (w == 0).any() else "viz.geometry.told"
    shown = {"w1": f"{w[0]:.2f}", "w2": f"{w[1]:.2f}", "zeros": int((w == 0).sum())}
    return t(key, strength=f"{strength:g}", mix=f"{mix:g}", **shown)


def _geometry_row(strength, mix):
    w = minimum(strength, mix)
    return [{"λ": f"{strength:g}", "α": f"{mix:g}", "w₁": float(w[0]), "w₂": float(w[1])}]


def _loss_contours(axes):
    x, y = np.meshgrid(np.linspace(*WINDOW, 161), np.linspace(*WINDOW, 161))
    off = np.stack([x, y], axis=-1) - LOWEST
    z = 0.5 * np.einsum("...i,ij,...j", off, CURVATURES, off)
    levels = np.linspace(0.02, 1, 9) ** 2 * z.max()
    axes.contour(x, y, z, levels=levels, colors=[figures.PALE], linewidths=1.1, linestyles="solid")
    axes.axhline(0, color=figures.INK, linewidth=0.9, linestyle="-", zorder=2)
    axes.axvline(0, color=figures.INK, linewidth=0.9, linestyle="-", zorder=2)
    axes.plot(*LOWEST, **figures.MINIMUM)
    axes.set(xlim=WINDOW, ylim=WINDOW, aspect="equal", xlabel="$w_1$", ylabel="$w_2$")
    axes.grid(False)


def _level_set(w, mix):
    """The line through w on which the penalty is the same, (points, 2): a diamond, a circle, or between."""
    turn = np.linspace(0, 2 * np.pi, 361)
    way = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    # α a r + ½ (1 − α) r² = c along each direction, a being its Σ |·|
    a, c = mix * np.abs(way).sum(-1), penalty_of(w, mix)
    half = 1 - mix
    r = (np.sqrt(a**2 + 2 * half * c) - a) / half if half else c / a
    return way * r[:, None]


# --- exact zeros ------------------------------------------------------------------------------------------


def zeros_panel(runs, *, start=0.1):
    """A slider over λ: every weight by step, by subgradient and by proximal steps. Returns a FramesPanel.

    runs: L1Paths.
    """
    ways = ("subgradient", "proximal")

    def at(strength):
        return {way: runs.paths[way][runs.strengths.index(strength)] for way in ways}

    def background(figure):
        for axes, way in zip(figures.two_axes(figure), ways, strict=True):
            steps = runs.paths[way].shape[1] - 1
            axes.set(xlim=(0, steps), ylim=(-1.45, 1.45), xlabel=t("viz.step"))
            axes.set_title(t(f"viz.zeros.{way}"))
        figure.axes[0].set_ylabel(t("viz.geometry.weight"))
        for useful, index in ((True, 0), (False, 7)):
            look = figures.style(index) | {"marker": ""}
            figure.axes[1].plot([], [], **look, label=t(f"viz.zeros.{'useful' if useful else 'useless'}"))
        figures.legend(figure.axes[1], "lower right")

    def draw(figure, strength):
        artists = []
        for axes, path in zip(figure.axes, at(strength).values(), strict=True):
            for useful, look in ((False, figures.style(7)), (True, figures.style(0))):
                lines = axes.plot(
                    path[:, (runs.truth != 0) == useful], **look | {"marker": ""}, linewidth=1.1
                )
                artists += lines
            artists += figures.note(axes, t("viz.zeros.count", count=_zeros(path), of=path.shape[1]))
        return artists

    def describe(strength):
        counts = {way: _zeros(path) for way, path in at(strength).items()}
        return t("viz.zeros.told", strength=f"{strength:g}", of=len(runs.truth), **counts)

    def numbers(strength):
        return [
            {
                "λ": f"{strength:g}",
                t("viz.zeros.way"): t(f"viz.zeros.{way}"),
                t("viz.zeros.exact"): _zeros(path),
                t("viz.zeros.largest_useless"): f"{np.abs(path[-1, runs.truth == 0]).max():.2g}",
            }
            for way, path in at(strength).items()
        ]

    more = {"describe": describe, "numbers": numbers, "background": background}
    title = t("viz.geometry.strength")
    return frames(draw, "strength", list(runs.strengths), start=start, title=title, **more)


def _zeros(path):
    return int(np.sum(path[-1] == 0))


# --- max-norm ---------------------------------------------------------------------------------------------

LIMITS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)


@lru_cache
def units(count=14):
    """The incoming weights of some units with two inputs each, (count, 2), of lengths 0.3 … 2.6."""
    turn, length = np.arange(count) * 2.4, np.linspace(0.3, 2.6, count)  # 2.4: the golden angle
    return np.stack([np.cos(turn), np.sin(turn)], axis=-1) * length[:, None]


def max_norm_panel(*, start=1.5):
    """A slider over the limit c: which units are shortened, and to what length. Returns a FramesPanel."""

    def cut(limit):
        return registry.get("max_norm").function(units(), limit=limit)

    def background(figure):
        left, right = figures.two_axes(figure)
        left.plot(*units().T, linestyle="", marker="o", markersize=5, color=figures.PALE)
        left.set(xlim=(-2.9, 2.9), ylim=(-2.9, 2.9), aspect="equal", xlabel="$w_1$", ylabel="$w_2$")
        left.set_title(t("viz.max_norm.title"))
        before = np.linalg.norm(units(), axis=1)
        right.plot(range(1, 15), before, **figures.style(7) | {"marker": "o"}, label=t("viz.max_norm.before"))
        right.set(xlabel=t("viz.max_norm.unit"), ylabel=t("viz.max_norm.length"), ylim=(0, 2.9))
        right.set_title(t("viz.max_norm.lengths"))
        right.set_xticks(range(2, 15, 2))

    def draw(figure, limit):
        left, right = figure.axes
        turn = np.linspace(0, 2 * np.pi, 181)
        circle = left.plot(limit * np.cos(turn), limit * np.sin(turn), **figures.style(1) | {"marker": ""})
        spokes = [line for w in cut(limit) for line in left.plot([0, w[0]], [0, w[1]], **_SPOKE)]
        after = np.linalg.norm(cut(limit), axis=1)
        lengths = right.plot(range(1, 15), after, **figures.style(0), markersize=5)
        edge = right.axhline(limit, color=figures.style(1)["color"], linestyle="--", linewidth=1.2)
        return [*circle, *spokes, *lengths, edge]

    def shortened(limit):
        return int(np.sum(np.linalg.norm(units(), axis=1) > limit))

    def describe(limit):
        return t("viz.max_norm.told", limit=f"{limit:g}", count=shortened(limit), of=len(units()))

    def numbers(limit):
        return [{"c": f"{limit:g}", t("viz.max_norm.shortened"): shortened(limit)}]

    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "limit", list(LIMITS), start=start, title=t("viz.max_norm.slider"), **more)


_SPOKE = {"color": figures.style(0)["color"], "linestyle": "-", "marker": "o", "markersize": 4, "zorder": 5}
