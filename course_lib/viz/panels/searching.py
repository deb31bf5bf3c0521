"""Hyperparameter search: grid against random, a best value at the edge, halving."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.registry import Range
from course_lib.viz import figures
from course_lib.viz.panels.running import plain_rates
from course_lib.viz.sliders import frames
from course_lib.viz.theme import COLOURS, PALE, style

COUNT, LANDSCAPES = 3, 400
WEIGHTS = tuple(10 ** (k / 4) for k in range(-16, 1))  # 0.0001 … 1
BEST = np.array([0.66, 0.42])  # of the landscape that is shown


def grid_points():
    """The grid's candidates, (9, 2), at the centres of nine equal squares."""
    edge = 0.5 / COUNT
    return _points(registry.get("grid").function(_square(edge), count=COUNT))


def random_points(seed):
    """As many random candidates, (9, 2)."""
    draw = registry.get("draw_candidates").function
    return _points(draw(_square(), count=COUNT**2, rng=np.random.default_rng(seed)))


def _square(edge=0.0):
    return {name: Range(edge, 1 - edge) for name in "xy"}


def _points(candidates):
    return np.array([list(candidate.values()) for candidate in candidates])


def heights(points, best, weight):
    """(x − x*)² + weight (y − y*)². points: (…, 2)."""
    return (points[..., 0] - best[..., 0]) ** 2 + weight * (points[..., 1] - best[..., 1]) ** 2


@lru_cache
def _draws():
    """Best points of many landscapes, (k, 1, 2), and random candidates for each, (k, 9, 2)."""
    best = np.random.default_rng(1).random((LANDSCAPES, 1, 2))
    return best, np.stack([random_points([2, k]) for k in range(LANDSCAPES)])


@lru_cache(maxsize=64)
def usual(weight):
    """(grid, random): the usual distance in loss from the best, a geometric mean over landscapes."""
    best, drawn = _draws()
    lowest = [heights(points, best, weight).min(1) for points in (grid_points()[None], drawn)]
    return tuple(float(np.exp(np.log(one).mean())) for one in lowest)


def grid_panel(*, start=0.001):
    """A slider over how much the second hyperparameter matters: nine candidates each. A FramesPanel."""
    both = {"grid": grid_points(), "random": random_points(10)}
    signs = {"grid": {"marker": "s", "color": COLOURS[1]}, "random": {"marker": "o", "color": COLOURS[0]}}
    curves = np.array([usual(weight) for weight in WEIGHTS])

    def background(figure):
        left, right = figures.two_axes(figure)
        left.set(xlim=(0, 1), ylim=(0, 1.12), xlabel=t("viz.grid.first"), ylabel=t("viz.grid.second"))
        left.set_yticks([0, 0.5, 1])
        left.grid(False)
        plain_rates(right, WEIGHTS)
        right.set(xlabel=t("viz.grid.weight"), title=t("viz.grid.usual"))
        right.set_ylim(3e-4, 6e-2)
        figures.log_scale(right)
        for index, name in enumerate(("random", "grid")):
            row = curves[:, 1 - index]
            look = {**style(index), "marker": signs[name]["marker"]}
            right.plot(WEIGHTS, row, **look, markersize=4, label=t(f"viz.grid.{name}"))
        figures.legend(right, "lower right")

    def draw(figure, weight):
        left, right = figure.axes
        artists = [_valley(left, weight)]
        for name, points in both.items():
            dots = {"linestyle": "", "markersize": 8, "markeredgecolor": "white", "zorder": 6}
            artists += left.plot(*points.T, **signs[name], **dots)
            lane = 1.035 if name == "grid" else 1.085
            ticks = {**signs[name], "linestyle": "", "markersize": 5, "zorder": 6}
            artists += left.plot(points[:, 0], np.full(len(points), lane), **ticks)
            chosen = points[np.argmin(heights(points, BEST, weight))]
            ring = {"markersize": 15, "markerfacecolor": "none", "markeredgewidth": 2, "zorder": 7}
            artists += left.plot(*chosen, **{**signs[name], **ring}, markeredgecolor=signs[name]["color"])
        artists += left.plot(*BEST, **{**figures.MINIMUM, "zorder": 8})
        for index, value in enumerate(reversed(usual(weight))):
            dot = {**style(index), "marker": ("o", "s")[index], "linestyle": ""}
            artists += right.plot(weight, value, **dot, markersize=11, zorder=6)
        return artists

    def describe(weight):
        grid, random = usual(weight)
        word = "random" if random < grid else "grid"
        ratio = max(grid, random) / min(grid, random)
        winner = t(f"viz.grid.{word}_wins", times=f"{ratio:.1f}")
        return t("viz.grid.told", weight=f"{weight:.2g}", grid=f"{grid:.2g}", random=f"{random:.2g}") + winner

    def numbers(weight):
        grid, random = usual(weight)
        heads = [t(f"viz.grid.{name}") for name in ("weight", "grid", "random")]
        return [dict(zip(heads, (f"{weight:.2g}", f"{grid:.2g}", f"{random:.2g}"), strict=True))]

    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "weight", list(WEIGHTS), start=start, title=t("viz.grid.slider"), **more)


def _valley(axes, weight):
    """The landscape behind the candidates, dark where the loss is low."""
    line = np.linspace(0, 1, 101)
    x, y = np.meshgrid(line, line)
    z = heights(np.stack([x, y], -1), BEST, weight)
    levels = np.linspace(0, 1, 13) ** 2 * z.max()
    return axes.contourf(x, y, z, levels=levels, colors=figures.GROUND(np.linspace(0, 1, 12)), zorder=1)


# --- the best value at the edge ---------------------------------------------------------------------------

WIDTH, CANDIDATES = 2.0, 5  # decades of a search, and rates tried


def searched(found, low):
    """One coarse search: its Range, the rates tried, their losses, the side of the best one.

    found: RateLosses. low: log10 of the lowest rate. The side is "low", "high" or "" as `at_edge` says.
    """
    span = Range(10**low, 10 ** (low + WIDTH), "log", CANDIDATES)
    rates = np.array(span.values())
    losses = np.exp(np.interp(np.log(rates), np.log(found.rates), np.log(found.losses)))
    best = {"lr": float(rates[np.argmin(losses)])}
    side = registry.get("at_edge").function(best, space={"lr": span}).get("lr", "")
    return span, rates, losses, side


def edge_panel(found, *, start=-4.0):
    """A slider over the range searched: the best of five rates, and whether it lies at the edge.

    found: RateLosses. Returns a FramesPanel.
    """
    starts = [round(-4 + 0.25 * k, 2) for k in range(17)]

    def background(figure):
        axes = figure.add_axes((0.09, 0.15, 0.88, 0.8))
        axes.plot(found.rates, found.losses, color=PALE, linestyle="-", linewidth=2.5, zorder=2)
        plain_rates(axes, found.rates)
        axes.set(ylim=(0, 2.6), ylabel=t("viz.watching.val"))

    def draw(figure, low):
        (axes,) = figure.axes
        span, rates, losses, side = searched(found, low)
        best = int(np.argmin(losses))
        colour = COLOURS[1] if side else COLOURS[2]
        band = axes.axvspan(span.low, span.high, color=colour, alpha=0.12, linewidth=0, zorder=1)
        dots = axes.plot(rates, losses, **{**style(0), "linestyle": ""}, markersize=8, zorder=5)
        ring = {"markersize": 17, "markerfacecolor": "none", "markeredgewidth": 2.2, "zorder": 6}
        mark = axes.plot(rates[best], losses[best], marker="o", markeredgecolor=colour, linestyle="", **ring)
        finer = []
        if not side:
            narrow = registry.get("narrow").function({"lr": rates[best]}, space={"lr": span}, share=0.5)["lr"]
            look = {"color": colour, "linestyle": "-", "linewidth": 6, "solid_capstyle": "butt", "zorder": 4}
            finer = axes.plot([narrow.low, narrow.high], [0.05, 0.05], **look)
        return [band, *dots, *mark, *finer]

    def told(low):
        span, rates, losses, side = searched(found, low)
        words = t(f"viz.edge.{side or 'inside'}")
        names = {"low": _plain(span.low), "high": _plain(span.high)}
        return names | {
            "best": _plain(rates[losses.argmin()]),
            "loss": f"{losses.min():.2f}",
            "words": words,
        }

    def describe(low):
        return t("viz.edge.told", **told(low))

    def numbers(low):
        _, rates, losses, _ = searched(found, low)
        heads = (t("viz.parameter.lr"), t("viz.watching.val"))
        return [
            {t("viz.edge.start"): f"{low:g}"} | dict(zip(heads, (f"{r:.2g}", f"{v:.2f}"), strict=True))
            for r, v in zip(rates, losses, strict=True)
        ]

    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "low", starts, start=start, title=t("viz.edge.slider"), **more)


def _plain(rate):
    """A rate with two digits, without powers of ten: 0.00018, 56, 100."""
    return np.format_float_positional(rate, 2, fractional=False, trim="-")


# --- successive halving -----------------------------------------------------------------------------------

LOSS_TOP = 3.6


def halving_panel(found, *, start=3):
    """A slider over how long all candidates run before the first are dropped. Returns a FramesPanel.

    found: Halvings.
    """
    looks = list(found.stops)
    most, count = found.losses.shape
    ends = found.losses.min(0)
    order = list(np.argsort(ends))

    def summary(look):
        rank = order.index(found.chosen[look]) + 1
        return {
            "look": look,
            "cost": int(found.stops[look].sum()),
            "full": most * count,
            "rank": rank,
            "loss": f"{ends[found.chosen[look]]:.2f}",
            "lowest": f"{ends.min():.2f}",
        }

    def background(figure):
        left = figure.add_axes((0.075, 0.15, 0.55, 0.75))
        right = figure.add_axes((0.72, 0.15, 0.26, 0.75))
        left.set(xlim=(1, most), ylim=(0.5, LOSS_TOP), xlabel=t("viz.epoch"), ylabel=t("viz.watching.val"))
        left.set_title(t("viz.halving.curves", count=count))
        left.set_xticks([1, 5, 10, 15, 20, 25])
        costs = [summary(look)["cost"] for look in looks]
        right.plot(costs, [ends[found.chosen[look]] for look in looks], **style(1), markersize=5, zorder=4)
        right.set(xlabel=t("viz.halving.cost"), title=t("viz.halving.found"), xlim=(0, most * count * 1.05))
        right.set_ylim(0.6, 0.9)
        right.set_xticks([0, 300, 600])

    def draw(figure, look):
        left, right = figure.axes
        artists, epochs = [], np.arange(1, most + 1)
        for candidate in range(count):
            stop = found.stops[look][candidate]
            shown = np.minimum(found.losses[:stop, candidate], 2 * LOSS_TOP)
            kept = candidate == found.chosen[look]
            look_of = {
                "color": COLOURS[1] if kept else COLOURS[0],
                "linestyle": "-",
                "alpha": 1 if kept else 0.5,
            }
            width = 2.6 if kept else 1.0
            artists += left.plot(epochs[:stop], shown, **look_of, linewidth=width, zorder=6 if kept else 4)
            if stop < most:
                artists += left.plot(stop, shown[-1], marker="x", color=figures.INK, markersize=5, zorder=5)
        now = summary(look)
        ring = {"markersize": 14, "markerfacecolor": "none", "markeredgewidth": 2, "zorder": 6}
        artists += right.plot(now["cost"], ends[found.chosen[look]], marker="o", color=COLOURS[1], **ring)
        return artists

    def describe(look):
        return t("viz.halving.told", **summary(look))

    def numbers(look):
        row = summary(look)
        return [{t(f"viz.halving.{name}"): row[name] for name in ("look", "cost", "loss", "rank")}]

    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "look", looks, start=start, title=t("viz.halving.slider"), **more)
