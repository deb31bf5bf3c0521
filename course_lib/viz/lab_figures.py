"""Pictures of the diagnosis lab: curves of a training, what a probe found, before and after a repair.

Curves are {name: (epochs,)}; what a probe found is {part: array}, as `training.probes` says for each.
`told` and `rows` give the same in a sentence and as a table.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import Picture, show
from course_lib.viz.theme import COLOURS, INK, PALE, new_figure, style

SIZE, SMALL = (8.4, 3.2), (8.4, 2.6)
PARTS = ("train", "val")


def curves_picture(curves, title="") -> Picture:
    """Loss and accuracy by epoch, on training and on validation data."""
    figure = new_figure(SIZE)
    axes = figure.add_axes((0.08, 0.16, 0.4, 0.72)), figure.add_axes((0.575, 0.16, 0.405, 0.72))
    for one, kind in zip(axes, ("loss", "accuracy"), strict=True):
        _by_epoch(one, {t(f"fit.{part}"): curves[f"{part}_{kind}"] for part in PARTS}, kind)
    figure.text(0.53, 0.94, title, ha="center", fontsize=12)
    return show(figure, f"{title}. {curves_told(curves)}".removeprefix(". "))


def repeated_picture(before, after) -> Picture:
    """The training before and after a repair: loss on the left, accuracy on the right."""
    figure = new_figure((8.4, 3.4))
    axes = figure.add_axes((0.08, 0.3, 0.4, 0.62)), figure.add_axes((0.575, 0.3, 0.405, 0.62))
    for one, kind in zip(axes, ("loss", "accuracy"), strict=True):
        lines = {
            t(f"lab.{when}", part=t(f"fit.{part}")): curves[f"{part}_{kind}"]
            for when, curves in (("before", before), ("after", after))
            for part in PARTS
        }
        _by_epoch(one, lines, kind, legend=False)
    names = {index: name for index, name in enumerate(lines)}
    figures.legend_below(axes[0], names, columns=4)
    told = t("lab.repeated_told", before=curves_told(before), after=curves_told(after))
    return show(figure, told)


def _by_epoch(axes, lines, kind, legend=True):
    """A line a curve; values that are no numbers end it, and a note says so."""
    finite = np.concatenate([v[np.isfinite(v)] for v in lines.values()])
    for index, (name, values) in enumerate(lines.items()):
        axes.plot(np.arange(1, len(values) + 1), values, **style(index), markersize=3.5, label=name)
    axes.set(xlabel=t("fit.epoch"), ylabel=t("viz.loss") if kind == "loss" else t("fit.accuracy"))
    axes.set_xlim(0.5, max(map(len, lines.values())) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    if kind == "accuracy":
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    elif finite.size and finite.max() > 30:
        figures.log_scale(axes)
    else:
        axes.set_ylim(0, 1.08 * finite.max() if finite.size else 1)
    if finite.size < sum(map(len, lines.values())):
        figures.note(axes, t("lab.not_finite"), at=(0.05, 0.3))
    if legend and finite.size:
        figures.legend(axes, loc="best")


def curves_told(curves):
    """The curves' ends in a sentence."""
    ends = {name: _short(values[-1]) for name, values in curves.items()}
    lowest = curves["val_loss"]
    low = _short(np.nanmin(lowest)) if np.isfinite(lowest).any() else "NaN"
    return t("lab.curves_told", epochs=len(lowest), first=_short(curves["train_loss"][0]), low=low, **ends)


def curves_rows(curves):
    """The curves as rows of a table, an epoch each."""
    heads = {
        f"{part}_{kind}": f"{t(f'fit.{part}')}: {t('viz.loss') if kind == 'loss' else t('fit.accuracy')}"
        for kind in ("loss", "accuracy")
        for part in PARTS
    }
    return [
        {t("fit.epoch"): epoch + 1} | {head: float(curves[name][epoch]) for name, head in heads.items()}
        for epoch in range(len(curves["val_loss"]))
    ]


def _short(value):
    return f"{value:.3g}"


# --- probes -----------------------------------------------------------------------------------------------


def reading_picture(probe, found) -> Picture:
    """What a probe found. Raises KeyError for a probe that has no picture."""
    figure = new_figure(SMALL)
    _DRAWN[probe](figure, found)
    figure.text(0.53, 0.92, t(f"lab.probe.{probe}"), ha="center", fontsize=12)
    return show(figure, told(probe, found))


def told(probe, found) -> str:
    """What a probe found, in a sentence that judges nothing."""
    return t(f"lab.told.{probe}", **_VALUES[probe](found))


def rows(probe, found):
    """The numbers behind the picture, as rows of a table."""
    if probe in _BARS:
        parts = _BARS[probe][0]
        count = found[parts[0]].size
        return [
            {t("lab.layer"): i + 1} | {t(f"lab.part.{part}"): float(found[part][i]) for part in parts}
            for i in range(count)
        ]
    return [{t(f"lab.part.{part}"): float(value) for part, value in _VALUES_BEHIND[probe](found).items()}]


# by layer: parts, whether the axis is logarithmic, where a line shows what is usual (None for nowhere)
_BARS = {
    "gradient_norms": (("norms",), True, None),
    "update_ratio": (("ratios",), True, 1e-3),
    "activation_std": (("std",), True, 1.0),
    "dead_units": (("start", "end"), False, None),
    "norm_statistics": (("off",), False, None),
}
TINIEST = 1e-12  # what a logarithmic axis shows for 0


def _bars(figure, found, probe):
    parts, log, usual = _BARS[probe]
    axes = figure.add_axes((0.1, 0.19, 0.86, 0.66))
    count, width = found[parts[0]].size, 0.8 / len(parts)
    if not count:
        axes.set_axis_off()
        figures.note(axes, t("lab.no_norm"), at=(0.3, 0.6))
        return
    for index, part in enumerate(parts):
        heights = np.where(np.isfinite(found[part]), found[part], np.nan)
        places = np.arange(count) + (index - (len(parts) - 1) / 2) * width
        look = {"color": COLOURS[index], "hatch": ("", "//")[index], "edgecolor": "white"}
        axes.bar(
            places, np.maximum(heights, TINIEST if log else 0), width, **look, label=t(f"lab.part.{part}")
        )
        for place, value in zip(places, found[part], strict=True):
            shown = min(value, 1e30) if np.isfinite(value) else (1.0 if log else 0.0)
            at = max(shown, TINIEST if log else 0)
            _written(axes, _short(value), (place, at), (0, 2), ha="center", va="bottom")
    axes.set_xticks(range(count), range(1, count + 1))
    axes.set(xlabel=t("lab.layer"), xlim=(-0.6, count - 0.4))
    axes.grid(axis="x", visible=False)
    if log:
        _log_bars(axes, found[parts[0]], usual)
    else:
        top = max(1.0, *(np.nanmax(found[part]) for part in parts))
        axes.set_ylim(0, 1.3 * top)
        axes.set_yticks([tick for tick in axes.get_yticks() if tick <= top])
    if usual is not None:
        axes.axhline(usual, color=INK, linestyle="--", linewidth=1.4)
    if len(parts) > 1:
        figures.legend(axes, loc="upper right", ncols=2)


def _written(axes, text, at, off, **more):
    """A number beside its bar, readable over the grid and the dashed line."""
    frame = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    axes.annotate(text, at, xytext=off, textcoords="offset points", bbox=frame, zorder=6, **more)


def _log_bars(axes, values, usual):
    there = values[np.isfinite(values) & (values > 0)]
    ends = [*there, usual or 1.0]
    figures.log_scale(axes)
    low = TINIEST if (values == 0).any() else min(ends) / 5
    axes.set_ylim(max(low, TINIEST), max(ends) * 12)


def _pair(figure, found, parts, *, high, percent=False):
    """Two numbers as bars beside each other."""
    axes = figure.add_axes((0.26, 0.2, 0.68, 0.6))
    _lying(
        axes, [float(found[part]) for part in parts], [t(f"lab.part.{part}") for part in parts], high, percent
    )


def _lying(axes, values, names, high, percent):
    axes.barh(range(len(values)), np.nan_to_num(values), color=COLOURS[: len(values)], height=0.55)
    for row, value in enumerate(values):
        text = f"{value:.1%}" if percent else _short(value)
        at = (np.nan_to_num(value), row)
        _written(axes, text, at, (5, 0), va="center")
    axes.set_yticks(range(len(values)), names)
    axes.set(ylim=(len(values) - 0.4, -0.6), xlim=(0, 1.2 * max(high, *np.nan_to_num(values))))
    axes.grid(axis="y", visible=False)
    if percent:
        axes.set_xticks(np.arange(0, 1.01, 0.2))
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _twice(figure, found):
    axes = figure.add_axes((0.26, 0.2, 0.68, 0.6))
    names = [t("lab.first_time"), t("lab.second_time")]
    _lying(axes, list(found["accuracy"]), names, 1.0, True)


def _tiny(figure, found):
    axes = figure.add_axes((0.09, 0.19, 0.87, 0.66))
    values = found["losses"]
    top = np.nanmax(values[np.isfinite(values)])
    log = top > 30
    figures.loss_axes(axes, steps=len(values), low=1e-4 if log else 0, high=1.1 * top, log=log)
    figures.loss(axes, values, 0, every=20)
    if not np.isfinite(values).all():
        figures.note(axes, t("lab.not_finite"), at=(0.4, 0.5))


def _steps(figure, found):
    axes = figure.add_axes((0.09, 0.19, 0.87, 0.66))
    values, size = found["losses"], int(found["per_epoch"])
    there = values[np.isfinite(values)]
    if not there.size:
        axes.set_axis_off()
        figures.note(axes, t("lab.not_finite"), at=(0.35, 0.6))
        return
    end = float(found["epoch_end"])
    axes.plot(np.arange(len(values)), values, color=COLOURS[0], linestyle="-", label=t("lab.part.batch_loss"))
    axes.axhline(end, **{**style(1), "marker": ""}, label=t("lab.part.epoch_end"))
    for start in range(size, len(values), size):
        axes.axvline(start - 0.5, color=PALE, linewidth=1.2, linestyle="-")
    axes.set(xlabel=t("viz.step"), ylabel=t("viz.loss"), xlim=(-0.5, len(values) - 0.5))
    axes.set_ylim(0, 1.25 * max(there.max(), end, 0.1))
    figures.legend(axes, loc="upper right", ncols=2)


def _labels(figure, found):
    for i, (image, label) in enumerate(zip(found["images"], found["labels"], strict=True)):
        axes = figure.add_axes((0.02 + 0.097 * i, 0.24, 0.088, 0.5))
        axes.imshow(image.reshape(8, 8), cmap="gray_r", interpolation="nearest", vmin=0, vmax=1)
        axes.set_title(f"{label:.0f}", fontsize=14)
        axes.set_axis_off()
    text = t("lab.agreement", share=f"{float(found['agreement']):.0%}")
    figure.text(0.5, 0.12, text, ha="center")


def _order(figure, found):
    for column, name in enumerate(("first_epoch", "second_epoch")):
        axes = figure.add_axes((0.08 + 0.47 * column, 0.2, 0.4, 0.58))
        axes.imshow(found["counts"][column].T, cmap=_PALE_TO_BLUE, aspect="auto", vmin=0)
        axes.set(xlabel=t("lab.batch"), ylabel=t("lab.class"), title=t(f"lab.{name}"))
        count = found["counts"].shape[1]
        axes.set_xticks(range(count), range(1, count + 1))
        axes.set_yticks(range(0, 10, 3))
        axes.grid(False)
    figure.axes[0].title.set_fontsize(10)
    figure.axes[1].title.set_fontsize(10)


_PALE_TO_BLUE = figures.GROUND.from_list("pale_to_blue", ["#FBFCFD", COLOURS[0]])

_DRAWN = {
    **{name: (lambda figure, found, name=name: _bars(figure, found, name)) for name in _BARS},
    "first_loss": lambda figure, found: _pair(figure, found, ("loss", "expected"), high=2.5),
    "split_overlap": lambda figure, found: _pair(figure, found, ("shared", "total"), high=1.0),
    "fresh_data": lambda figure, found: _pair(figure, found, ("reported", "fresh"), high=1.0, percent=True),
    "eval_twice": _twice,
    "tiny_set": _tiny,
    "step_loss": _steps,
    "label_check": _labels,
    "batch_order": _order,
}


def _listed(values):
    return ", ".join(_short(value) for value in values)


def _batch_values(found):
    kinds = (found["counts"] > 0).sum(-1).mean()
    same = t("lab.same_order" if found["same"] else "lab.other_order")
    return {"kinds": f"{kinds:.1f}", "same": same}


def _step_values(found):
    values, end = found["losses"], float(found["epoch_end"])
    low, mean, high = values.min(), values.mean(), values.max()  # NaN stays NaN
    return {"low": _short(low), "mean": _short(mean), "high": _short(high), "end": _short(end)}


_VALUES = {
    "first_loss": lambda f: {"loss": _short(f["loss"]), "expected": _short(f["expected"])},
    "gradient_norms": lambda f: {"values": _listed(f["norms"])},
    "update_ratio": lambda f: {"values": _listed(f["ratios"])},
    "dead_units": lambda f: {"start": _listed(f["start"]), "end": _listed(f["end"])},
    "activation_std": lambda f: {"values": _listed(f["std"])},
    "tiny_set": lambda f: {"first": _short(f["losses"][0]), "last": _short(f["losses"][-1])},
    "label_check": lambda f: {
        "labels": ", ".join(f"{label:.0f}" for label in f["labels"]),
        "share": f"{float(f['agreement']):.0%}",
    },
    "split_overlap": lambda f: {"shared": f"{f['shared']:.0f}", "total": f"{f['total']:.0f}"},
    "eval_twice": lambda f: {
        "first": f"{f['accuracy'][0]:.1%}",
        "second": f"{f['accuracy'][1]:.1%}",
        "one": f"{f['loss'][0]:.4g}",
        "two": f"{f['loss'][1]:.4g}",
    },
    "batch_order": _batch_values,
    "step_loss": _step_values,
    "norm_statistics": lambda f: {"values": _listed(f["off"]) if f["off"].size else t("lab.no_norm")},
    "fresh_data": lambda f: {"fresh": f"{f['fresh']:.1%}", "reported": f"{f['reported']:.1%}"},
}
_VALUES_BEHIND = {
    "first_loss": lambda f: f,
    "tiny_set": lambda f: {"first_step": f["losses"][0], "last_step": f["losses"][-1]},
    "label_check": lambda f: {"agreement": f["agreement"]},
    "split_overlap": lambda f: f,
    "eval_twice": lambda f: {
        "first_accuracy": f["accuracy"][0],
        "second_accuracy": f["accuracy"][1],
        "first_loss": f["loss"][0],
        "second_loss": f["loss"][1],
    },
    "batch_order": lambda f: {"kinds": (f["counts"] > 0).sum(-1).mean()},
    "step_loss": lambda f: {"batch_loss": f["losses"].mean(), "epoch_end": f["epoch_end"]},
    "fresh_data": lambda f: f,
}
