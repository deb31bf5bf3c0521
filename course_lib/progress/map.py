"""The map of the course as a picture: which unit needs which, and how long each takes."""

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course_lib.messages import language, t
from course_lib.progress.course import Unit, label, units
from course_lib.viz.picture import Picture, show
from course_lib.viz.theme import COLOURS, INK, new_figure

_WIDE, _HIGH, _ROW = 2.8, 0.56, 0.92  # inches: a box, and from one row to the next
_WIDTH = 6.0


def unit_map(shown: tuple[Unit, ...] | None = None) -> Picture:
    """The units as boxes, each below what it needs; an arrow goes from a unit to those that need it.

    shown: the units (all of the course, if None). An arrow that others imply is left out.
    """
    shown = units() if shown is None else shown
    places = _places(shown)
    height = _ROW * max(row for _, row in places.values()) + _HIGH + 0.2
    figure = new_figure((_WIDTH, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, _WIDTH), ylim=(height, 0))
    axes.axis("off")
    centres = {name: (x, 0.1 + _ROW * row + _HIGH / 2) for name, (x, row) in places.items()}
    for unit in shown:
        _box(axes, unit, *centres[unit.name])
        for name in direct_needs(unit, shown):
            _arrow(axes, centres[name], centres[unit.name])
    return show(figure, _alt(shown))


def direct_needs(unit: Unit, shown) -> list[str]:
    """What a unit needs, without what those units need themselves."""
    by_name = {one.name: one for one in shown}
    implied = {far for near in unit.needs for far in _all_needs(by_name[near], by_name)}
    return [name for name in unit.needs if name not in implied]


def _all_needs(unit, by_name):
    return {*unit.needs, *(far for near in unit.needs for far in _all_needs(by_name[near], by_name))}


def _places(shown):
    """{name: (x of the centre, row)}: the row below the lowest need, side by side within a row."""
    rows = {}
    for unit in shown:
        rows[unit.name] = 1 + max((rows[name] for name in unit.needs), default=-1)
    places = {}
    for row in set(rows.values()):
        names = [name for name, at in rows.items() if at == row]
        places |= {name: (_WIDTH * (i + 0.5) / len(names), row) for i, name in enumerate(names)}
    return places


def _box(axes, unit, x, y):
    colour = COLOURS[0] if unit.short else COLOURS[1]
    shape = {"boxstyle": "round,pad=0,rounding_size=0.08", "linewidth": 1.5, "edgecolor": colour}
    axes.add_patch(FancyBboxPatch((x - _WIDE / 2, y - _HIGH / 2), _WIDE, _HIGH, facecolor="#F4F8FB", **shape))
    axes.text(x, y - 0.12, label(unit), ha="center", va="center", fontsize=11, weight="bold", color=INK)
    axes.text(x, y + 0.14, _time(unit), ha="center", va="center", fontsize=9.5, color=INK)


def _arrow(axes, start, end):
    ends = {"posA": (start[0], start[1] + _HIGH / 2), "posB": (end[0], end[1] - _HIGH / 2)}
    axes.add_patch(
        FancyArrowPatch(**ends, arrowstyle="-|>", mutation_scale=12, color=INK, linewidth=1.2, shrinkB=0)
    )


def _time(unit):
    """The minutes of a unit's notebook and exercise, or the hours of what has no notebook, in words."""
    notebook, exercise = unit.minutes
    if not notebook:
        return t("map.hours", hours=f"{exercise / 60:g}")
    return t("map.time", notebook=notebook, exercise=exercise)


def _alt(shown):
    names = {unit.name: unit.short or unit.title[language()] for unit in shown}
    rows = []
    for unit in shown:
        needs = ", ".join(names[name] for name in direct_needs(unit, shown))
        key = "map.row" if needs else "map.row_first"
        rows.append(t(key, unit=label(unit), time=_time(unit), needs=needs))
    return t("map.needs_alt", rows=" ".join(rows))
