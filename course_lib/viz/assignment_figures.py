"""The assignment's pictures: samples by font, all combinations of strategies, the ablation, confusions.

Each comes with what its numbers say, in words computed from them: the picture's sentence for those who do
not see it, and a `Told` with the table.
"""

from html import escape

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import PercentFormatter

from course_lib.messages import t
from course_lib.viz.figures import legend
from course_lib.viz.picture import Picture, show
from course_lib.viz.theme import COLOURS, INK, PALE, new_figure, style, to_png

GOAL = 0.8
SPLITS = ("validation", "test")
FONTS, GREYS = 6, 12  # rows of training fonts among the samples; noise compresses only in few greys
PAIRS, GLYPHS = 5, 5  # confusions beside the matrix, and glyphs of each
NEAR = 0.01  # where drops add up to the whole but for this, that is chance
RIGHT = LinearSegmentedColormap.from_list("right", ["#FFFFFF", COLOURS[0]])
WRONG = LinearSegmentedColormap.from_list("wrong", ["#FFFFFF", COLOURS[1]])
SEED = {
    "linestyle": "",
    "marker": "o",
    "color": "white",
    "markeredgecolor": INK,
    "markersize": 6,
    "zorder": 6,
}
LOST, GAINED = {"color": COLOURS[1], "hatch": "//"}, {"color": COLOURS[2], "hatch": ".."}


class Told:
    """Sentences, and a table where there is one, as a notebook shows them: HTML, and text elsewhere.

    rows: the table's lines below its heads.
    """

    def __init__(self, sentences, heads=(), rows=()):
        self.sentences, self.heads, self.rows = list(sentences), list(heads), [list(row) for row in rows]

    def __repr__(self):
        lines = [" | ".join(row) for row in (self.heads, *self.rows) if row]
        return "\n".join([*self.sentences, *lines])

    def _repr_html_(self):
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        head = "".join(f'<th scope="col" style="text-align: left">{escape(cell)}</th>' for cell in self.heads)
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align: left">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in self.rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if self.rows else ""
        return f"<div><ul>{items}</ul>{table}</div>"


def percent(share) -> str:
    """A share as a sentence shows it: 0.8125 → "81.2%"."""
    return f"{share:.1%}"


def points(difference) -> str:
    """A difference of shares in percentage points, with its sign: −0.021 → "−2.1"."""
    text = f"{100 * difference:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text


def samples_picture(train, validation, *, names) -> Picture:
    """One picture of each class (columns) and font (rows): a few training fonts, all validation fonts.

    train, validation: Hangul, or what has its x, y, family, families. names: of the classes.
    """
    spread = np.linspace(0, len(train.families) - 1, min(FONTS, len(train.families))).round().astype(int)
    blocks = {"train": (train, list(spread)), "validation": (validation, range(len(validation.families)))}
    rows = [len(chosen) for _, chosen in blocks.values()]
    figure = new_figure((9.6, 0.52 * sum(rows) + 1.3))
    room = {"left": 0.16, "right": 0.99, "top": 1 - 0.6 / figure.get_figheight(), "bottom": 0.01}
    axes = figure.subplots(2, 1, height_ratios=rows, gridspec_kw={"hspace": 0.16, **room})
    for ax, (name, (split, chosen)) in zip(axes, blocks.items(), strict=True):
        _samples(ax, split, chosen, names)
        told = {"pictures": f"{len(split.x):,}", "fonts": len(split.families)}
        ax.set_title(t(f"assignment.samples_{name}", shown=len(chosen), **told), loc="left", x=-0.19, pad=8)
    fonts = {"train": len(train.families), "validation": len(validation.families)}
    return Picture(to_png(figure, colours=GREYS), t("assignment.samples_alt", classes=len(names), **fonts))


def _samples(axes, split, chosen, names):
    def first(font, label):
        return np.flatnonzero((split.family == font) & (split.y == label))[0]

    places = np.array([[first(font, label) for label in range(len(names))] for font in chosen])
    side = split.x.shape[-1]
    # (fonts, classes, side, side) side by side
    tiles = split.x[places].swapaxes(1, 2).reshape(len(places) * side, -1)
    axes.imshow(tiles, cmap="gray", aspect="auto", interpolation="nearest")
    middles = side * (np.arange(max(places.shape)) + 0.5) - 0.5
    axes.set_xticks(middles[: len(names)], names)
    axes.set_yticks(middles[: len(places)], [split.families[font] for font in chosen])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def combinations_picture(found, *, goal=GOAL):
    """All on/off combinations: which kinds are on, and each seed's accuracy. found: Combinations, or None.

    The best on the hidden test stands on top. Returns a Picture; a Told that says so where none is stored.
    """
    if found is None:
        return Told([t("assignment.not_stored")])
    rows = found.ordered("test")
    figure = new_figure((9.6, 1.35 + 0.36 * len(rows)))
    bottom, height = 0.62 / figure.get_figheight(), 1 - 1.35 / figure.get_figheight()
    left, right = figure.add_axes((0.02, bottom, 0.3, height)), figure.add_axes((0.35, bottom, 0.63, height))
    for axes in (left, right):
        for row in range(0, len(rows), 2):
            axes.axhspan(row - 0.5, row + 0.5, color=PALE, alpha=0.22, linewidth=0, zorder=0)
    _switches(left, rows, found.kinds)
    _dots(right, found, rows, goal)
    told = "; ".join(_row(found, flags) for flags in rows)
    return show(figure, t("assignment.combinations_alt", goal=f"{goal:.0%}", rows=told))


def _row(found, flags):
    means = {split: percent(found.mean(flags, split)) for split in SPLITS}
    return t("assignment.combination_row", kinds=_kinds(flags, found.kinds), **means)


def _kinds(flags, kinds):
    on = [t(f"ablation.{kind}") for kind, flag in zip(kinds, flags, strict=True) if flag == "1"]
    return " + ".join(on) or t("ablation.none")


def _switches(axes, rows, kinds):
    """A dot for each kind: full and joined where it is on, a ring where it is off."""
    ring = {"markersize": 7, "markerfacecolor": "white", "markeredgecolor": "#9AA5AE"}
    for row, flags in enumerate(rows):
        on = [place for place, flag in enumerate(flags) if flag == "1"]
        off = [place for place, flag in enumerate(flags) if flag == "0"]
        axes.plot(on, [row] * len(on), "o-", markersize=9, color=INK, linewidth=2, zorder=4)
        # above the line, which passes through what is off
        axes.plot(off, [row] * len(off), "o", **ring, zorder=5)
    axes.set_xticks(range(len(kinds)), [t(f"ablation.{kind}") for kind in kinds], rotation=18, ha="left")
    axes.tick_params(length=0, labeltop=True, labelbottom=False, labelleft=False)
    axes.set(xlim=(-0.5, len(kinds) - 0.2), ylim=(len(rows) - 0.5, -0.5))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _dots(axes, found, rows, goal):
    """Each seed pale, the mean full: validation a little above the row's middle, hidden test below."""
    full = {"markeredgecolor": "white", "markeredgewidth": 0.8, "markersize": 8.5, "zorder": 5}
    pale = {"alpha": 0.4, "markersize": 5, "markeredgewidth": 0, "zorder": 3}
    for index, split in enumerate(SPLITS):
        dot, lift = {**style(index), "linestyle": ""}, (-0.17, 0.17)[index]
        for row, flags in enumerate(rows):
            values = found.runs[flags][split]
            axes.plot(values, [row + lift] * len(values), **dot, **pale)
            axes.plot(np.mean(values), row + lift, **dot, **full)
        axes.plot([], [], **dot, **full, label=t(f"assignment.{split}"))
    _goal(axes.axvline, goal)
    values = [value for run in found.runs.values() for split in SPLITS for value in run[split]]
    axes.set_xlim(max(0.0, min(*values, goal) - 0.04), min(1.0, max(*values, goal) + 0.04))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel(t("fit.accuracy"))
    axes.tick_params(axis="y", length=0, labelleft=False)
    axes.grid(axis="y", visible=False)
    legend(axes, "lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, columnspacing=1.4)


def _goal(draw, goal):
    line = {"color": COLOURS[2], "linestyle": (0, (1, 2)), "linewidth": 1.8}
    draw(goal, **line, label=t("fit.goal", goal=f"{goal:.0%}"))


def combinations_told(found, *, goal=GOAL) -> Told:
    """What the combinations' numbers say, and the table of all of them. found: Combinations, or None."""
    if found is None:
        return Told([t("assignment.not_stored")])
    none, everything = "0" * len(found.kinds), "1" * len(found.kinds)
    ends = {"none": percent(found.mean(none, "test")), "all": percent(found.mean(everything, "test"))}
    best = found.ordered("test")[0]
    top = {"kinds": _kinds(best, found.kinds), "best": percent(found.mean(best, "test"))}
    sentences = [
        t("assignment.told_ends", **ends),
        t(f"assignment.told_best_{'all' if best == everything else 'other'}", **top),
        _told_goal(found, goal),
        *(_told_kind(found, kind) for kind in found.kinds),
    ]
    if all(len(run["test"]) > 1 for run in found.runs.values()):
        sentences.append(_told_spread(found))
    heads = [t(f"assignment.{head}") for head in ("strategies", *SPLITS)]
    rows = [
        [_kinds(flags, found.kinds), *(_seeds(found.runs[flags][split]) for split in SPLITS)]
        for flags in found.ordered("test")
    ]
    return Told(sentences, heads, rows)


def _told_spread(found):
    """How far seeds lie apart: typically, and where most."""
    spreads = found.spreads("test")
    widest = max(spreads, key=spreads.get)
    values = found.runs[widest]["test"]
    most = {"low": percent(min(values)), "high": percent(max(values)), "where": _kinds(widest, found.kinds)}
    return t("assignment.told_spread", spread=f"{100 * np.median(list(spreads.values())):.1f}", **most)


def _seeds(values):
    """The mean, and behind it the lowest and the highest seed where there are several."""
    several = f" ({percent(min(values))} – {percent(max(values))})" if len(values) > 1 else ""
    return percent(np.mean(values)) + several


def _told_goal(found, goal):
    over = found.reaching(goal, "test")
    numbers = {"count": len(over), "total": len(found.runs), "goal": f"{goal:.0%}"}
    if not over:
        return t("assignment.told_goal_none", **numbers)
    return t("assignment.told_goal", names="; ".join(_kinds(flags, found.kinds) for flags in over), **numbers)


def _told_kind(found, kind):
    """What one kind brings: alone, on top of the others, on average, and where it harms."""
    brought, place, count = found.brought(kind, "test"), found.kinds.index(kind), len(found.kinds)
    last = brought["1" * place + "0" + "1" * (count - place - 1)]
    values = {"alone": brought["0" * count], "last": last, "mean": np.mean(list(brought.values()))}
    numbers = {name: points(value) for name, value in values.items()} | {"settings": len(brought)}
    name, harms = t(f"ablation.{kind}").capitalize(), sum(value < 0 for value in brought.values())
    if not harms:
        return t("assignment.told_kind", kind=name, **numbers)
    lowest = min(brought, key=brought.get)
    worst = {"harms": harms, "worst": points(brought[lowest]), "where": _kinds(lowest, found.kinds)}
    return t("assignment.told_kind_harms", kind=name, **numbers, **worst)


def waterfall_picture(ablation, *, goal=GOAL):
    """The whole recipe, what is lost without each kind, and the plain net; a dot for each seed.

    ablation: Ablation. What hangs below the whole recipe's level is lost, what stands above is gained, by
    leaving a kind out. Returns a Picture; a Told that says so where no training is complete.
    """
    if not ablation.accuracy.get(""):
        return Told([t("assignment.no_ablation")])
    parts = list(ablation.accuracy)
    figure = new_figure((9.6, 4.4))
    axes = figure.add_axes((0.08, 0.16, 0.9, 0.72))
    for place, part in enumerate(parts):
        _bar(axes, place, ablation, part)
        spread = place + 0.09 * np.sin(2.4 * np.arange(len(ablation.accuracy[part])))
        axes.plot(spread, ablation.accuracy[part], **SEED)
    axes.plot([], [], **SEED, label=t("assignment.seed"))
    axes.axhline(ablation.mean(), color=INK, linewidth=1, linestyle="-", zorder=2)
    _goal(axes.axhline, goal)
    axes.set_xticks(range(len(parts)), [_part(part) for part in parts])
    highest = max(goal, *(value for part in parts for value in ablation.accuracy[part]))
    axes.set(xlim=(-0.6, len(parts) - 0.4), ylim=(0, highest + 0.1), ylabel=t("assignment.validation"))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="x", visible=False)
    legend(axes, "lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
    rows = "; ".join(f"{_part(part, line=' ')} {percent(ablation.mean(part))}" for part in parts)
    return show(figure, t("assignment.waterfall_alt", rows=rows))


def _bar(axes, place, ablation, part):
    """A bar from 0 for the whole recipe and the plain net; one that floats from the whole's level else."""
    mean, whole = ablation.mean(part), ablation.mean()
    if part in ("", "all"):
        axes.bar(place, mean, 0.56, color=COLOURS[0 if part == "" else 7], zorder=3)
        ends, text = (mean,), percent(mean)
    else:
        look = LOST if mean <= whole else GAINED
        axes.bar(place, mean - whole, 0.56, bottom=whole, edgecolor="white", linewidth=0, zorder=3, **look)
        ends, text = (mean, whole), t("assignment.points", points=points(mean - whole))
    # above the bar and every seed's dot
    top = max(*ends, *ablation.accuracy[part])
    axes.annotate(text, (place, top), (0, 7), textcoords="offset points", ha="center", zorder=7)


def _part(part, line="\n"):
    """What a bar is called. line: what stands where the name may be broken."""
    if part in ("", "all"):
        return t(f"assignment.part_{part or 'whole'}")
    return t("assignment.part_without", kind=t(f"ablation.{part}")).replace("|", line)


def ablation_told(ablation) -> Told:
    """Whether the drops add up, and the table of accuracies. ablation: Ablation."""
    if not ablation.accuracy.get(""):
        return Told([t("assignment.no_ablation")])
    kinds = [part for part in ablation.accuracy if part not in ("", "all")]
    sentences = [_adds_up(ablation, kinds)] if kinds and "all" in ablation.accuracy else []
    gains = [t(f"ablation.{kind}") for kind in kinds if ablation.brought(kind) < 0]
    if gains:
        sentences.append(t("assignment.told_gains", kinds=", ".join(gains)))
    seeds = len(ablation.accuracy[""])
    sentences.append(t(f"assignment.told_{'one_seed' if seeds == 1 else 'seeds'}", seeds=seeds))
    heads = [t(f"assignment.{head}") for head in ("strategies", "validation", "against_whole")]
    rows = []
    for part, values in ablation.accuracy.items():
        against = points(ablation.mean(part) - ablation.mean()) if part else ""
        rows.append([_part(part, line=" "), _seeds(values), against])
    return Told(sentences, heads, rows)


def _adds_up(ablation, kinds):
    total, together = sum(map(ablation.brought, kinds)), ablation.brought("all")
    sums = {"total": total, "together": together, "rest": together - total}
    # an amount that is lost bears no sign unless it is negative
    numbers = {name: points(value).removeprefix("+") for name, value in sums.items()}
    return t(f"assignment.told_sum_{'near' if abs(together - total) < NEAR else 'far'}", **numbers)


def confusions(y, predicted, classes):
    """Counts (classes, classes): row the true class, column what it was taken for."""
    return np.bincount(classes * np.asarray(y) + predicted, minlength=classes**2).reshape(classes, classes)


def most_confused(counts, pairs=PAIRS) -> list[tuple[int, int]]:
    """The (true, taken for) that happen most, most first; none that never happens."""
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:pairs]
    return [tuple(map(int, np.unravel_index(place, counts.shape))) for place in order if wrong.flat[place]]


def confusion_picture(held_back, predicted, *, names) -> Picture:
    """What each class is taken for, and beside it glyphs of the pairs most often confused, with their fonts.

    held_back: Hangul, or what has its x, y, family, families. predicted: (n,) labels. names: of the classes.
    """
    counts = confusions(held_back.y, predicted, len(names))
    pairs = most_confused(counts)
    figure = new_figure((11.6, 6.3))
    _matrix(figure.add_axes((0.055, 0.03, 0.46, 0.86)), counts, names)
    for row, pair in enumerate(pairs):
        words = {"true": names[pair[0]], "taken": names[pair[1]], "count": counts[pair]}
        _glyphs(figure, row, t("assignment.pair", **words), held_back, _wrong(held_back, predicted, pair))
    told = ", ".join(f"{names[a]} → {names[b]} {counts[a, b]}" for a, b in pairs)
    right, told = percent(np.trace(counts) / counts.sum()), told or t("assignment.no_mistakes")
    return show(figure, t("assignment.confusion_alt", accuracy=right, pairs=told))


def _matrix(axes, counts, names):
    """Counts as numbers on colours: right answers in one colour, mistakes in another that deepens sooner."""
    shares, same = counts / np.maximum(counts.sum(1, keepdims=True), 1), np.eye(len(names), dtype=bool)
    shown = WRONG(0.85 * np.clip(shares / 0.25, 0, 1))
    shown[same] = RIGHT(0.75 * shares[same])
    axes.imshow(shown, aspect="auto")
    for row, column in zip(*np.nonzero(counts), strict=True):
        dark = shown[row, column, :3].mean() < 0.55
        look = {"ha": "center", "va": "center", "fontsize": 10, "color": "white" if dark else INK}
        axes.text(column, row, str(counts[row, column]), **look)
    axes.set_xticks(range(len(names)), names, fontsize=12)
    axes.set_yticks(range(len(names)), names, fontsize=12)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.set_ylabel(t("assignment.true"))
    axes.set_title(t("assignment.taken_for"), fontsize=11, pad=8)
    axes.grid(visible=False)


def _wrong(held_back, predicted, pair):
    """Where one class was taken for another: one picture of every font first, then every font's second."""
    turns, seen = [], {}
    for place in np.flatnonzero((held_back.y == pair[0]) & (predicted == pair[1])):
        font = int(held_back.family[place])
        seen[font] = seen.get(font, 0) + 1
        turns.append((seen[font], place))
    return [place for _, place in sorted(turns)]


def _glyphs(figure, row, text, held_back, places):
    """One line of confused glyphs with their fonts. row: from the top. text: which pair."""
    height, width = 0.178, 0.062
    bottom = 0.91 - (row + 1) * height + 0.04
    figure.text(0.55, bottom + 0.06, text, va="center", fontsize=12, linespacing=1.5)
    for column, place in enumerate(places[:GLYPHS]):
        axes = figure.add_axes((0.655 + column * (width + 0.005), bottom, width, height - 0.06))
        axes.imshow(held_back.x[place], cmap="gray", interpolation="nearest")
        axes.set_axis_off()
        font = held_back.families[held_back.family[place]]
        axes.text(0.5, -0.06, font, transform=axes.transAxes, ha="center", va="top", fontsize=7.5)


def confusion_told(held_back, predicted) -> Told:
    """The accuracy on each validation font, the hardest first. held_back, predicted: as above."""
    right = np.asarray(predicted) == held_back.y
    shares = [right[held_back.family == font].mean() for font in range(len(held_back.families))]
    rows = [[held_back.families[font], percent(shares[font])] for font in np.argsort(shares, kind="stable")]
    ends = {"worst": rows[0][0], "low": rows[0][1], "best": rows[-1][0], "high": rows[-1][1]}
    return Told([t("assignment.told_fonts", **ends)], [t("assignment.font"), t("fit.accuracy")], rows)
