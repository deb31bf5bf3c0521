"""Convolution arithmetic: a kernel that moves over its input, pixel by pixel."""

import ipywidgets as ipw
import numpy as np
from matplotlib.patches import Rectangle

from course_lib import registry
from course_lib.messages import t
from course_lib.viz.sliders import columns, live, value_slider
from course_lib.viz.theme import COLOURS, INK, PALE

SIDE = 7
ZERO, UNUSED, SEEN = "#F2F2F2", "#F6D9C4", "#CFE3F1"


def pixels():
    """The input, (SIDE, SIDE): whole numbers 0 … 9."""
    return np.random.default_rng(4).integers(0, 10, (SIDE, SIDE)).astype(float)


def weights(kernel):
    """The kernel, (kernel, kernel): left half 1, right half −1, a detector of vertical edges."""
    line = np.sign(np.arange(kernel)[::-1] - (kernel - 1) / 2) if kernel > 1 else np.ones(1)
    return np.tile(line, (kernel, 1))


def convolved(kernel, stride, padding, dilation):
    """The output, (o, o). Raises ValueError where the kernel is larger than the padded input."""
    rule = registry.get("conv2d").function
    x, w = pixels()[None, None], weights(kernel)[None, None]
    return rule(x, w, stride=stride, padding=padding, dilation=dilation)[0, 0]


def fits(kernel, padding, dilation):
    """Whether the kernel, spread by its dilation, lies inside of the padded input."""
    return dilation * (kernel - 1) + 1 <= SIDE + 2 * padding


def reached(kernel, stride, padding, dilation):
    """How many rows (and columns) of the padded input the kernel spans at its last place."""
    o = len(convolved(kernel, stride, padding, dilation))
    return (o - 1) * stride + dilation * (kernel - 1) + 1


def _cells(axes, values, *, size, colour):
    """A grid of numbers. colour(row, column) → face colour. values(row, column) → text."""
    for row in range(size):
        for column in range(size):
            face = colour(row, column)
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=face, edgecolor="white", linewidth=1.2))
            text = values(row, column)
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=9.5, color=INK)
    axes.set(xlim=(-0.1, size + 0.1), ylim=(size + 0.1, -0.1), aspect="equal", xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)


def convolution_panel(*, kernel=3, stride=1, padding=0, dilation=1):
    """Sliders over kernel, stride, padding, dilation and the kernel's place. Returns a LivePanel."""
    controls = {
        "kernel": value_slider("kernel", [1, 2, 3, 4, 5], start=kernel, title=t("viz.conv.kernel")),
        "stride": value_slider("stride", [1, 2, 3], start=stride, title=t("viz.conv.stride")),
        "padding": value_slider("padding", [0, 1, 2], start=padding, title=t("viz.conv.padding")),
        "dilation": value_slider("dilation", [1, 2, 3], start=dilation, title=t("viz.conv.dilation")),
        "place": ipw.IntSlider(
            value=0,
            min=0,
            max=24,
            description=t("viz.conv.place"),
            tooltip=t("viz.conv.place"),
            style={"description_width": "initial"},
        ),
    }

    def settings():
        return [controls[name].value for name in ("kernel", "stride", "padding", "dilation")]

    def adjust(changed):
        """Keep the kernel inside of the input, and its place inside of the output."""
        while not fits(*(controls[name].value for name in ("kernel", "padding", "dilation"))):
            controls["dilation" if controls["dilation"].value > 1 else "kernel"].value -= 1
        last = convolved(*settings()).size - 1
        controls["place"].value = min(controls["place"].value, last)
        controls["place"].max = last

    def draw(figure, kernel, stride, padding, dilation, place):
        out = convolved(kernel, stride, padding, dilation)
        row, column = divmod(place, len(out))
        left, right = figure.add_axes((0.02, 0.03, 0.5, 0.85)), figure.add_axes((0.55, 0.03, 0.42, 0.85))
        _input(left, (row * stride, column * stride), kernel, stride, padding, dilation)
        here = (row, column)
        _cells(
            right,
            lambda i, j: f"{out[i, j]:g}".replace("-", "−"),
            size=len(out),
            colour=lambda i, j: "#F7B98F" if (i, j) == here else "#E3ECF4",
        )
        left.set_title(t("viz.conv.input", size=SIDE, padding=padding))
        right.set_title(t("viz.conv.output", size=len(out)))
        return []

    def describe(kernel, stride, padding, dilation, place):
        out = convolved(kernel, stride, padding, dilation)
        room = SIDE + 2 * padding - dilation * (kernel - 1) - 1
        left_over = SIDE + 2 * padding - reached(kernel, stride, padding, dilation)
        row, column = divmod(place, len(out))
        told = {"room": room, "stride": stride, "size": len(out), "row": row + 1, "column": column + 1}
        rest = t("viz.conv.rest", count=left_over) if left_over else t("viz.conv.no_rest")
        return t("viz.conv.told", value=f"{out[row, column]:g}".replace("-", "−"), **told) + " " + rest

    def numbers(kernel, stride, padding, dilation, place):
        sizes = [28, 32, 224]
        rule = registry.get("conv_output_size").function
        how = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        return [{t("viz.conv.in"): n, t("viz.conv.out"): rule(n, **how)} for n in sizes]

    return live(
        draw,
        controls,
        adjust=adjust,
        shown=[columns(controls.values())],
        describe=describe,
        numbers=numbers,
        size=(8.4, 4.3),
    )


def _input(axes, corner, kernel, stride, padding, dilation):
    """The padded input with the pixels under the kernel, and the rows and columns that are left over."""
    size, used = SIDE + 2 * padding, reached(kernel, stride, padding, dilation)
    x = np.pad(pixels(), padding)
    under = {
        (corner[0] + dilation * i, corner[1] + dilation * j) for i in range(kernel) for j in range(kernel)
    }

    def colour(i, j):
        if (i, j) in under:
            return SEEN
        if i >= used or j >= used:
            return UNUSED
        inside = padding <= i < padding + SIDE and padding <= j < padding + SIDE
        return "#FFFFFF" if inside else ZERO

    _cells(axes, lambda i, j: f"{x[i, j]:g}", size=size, colour=colour)
    frame = {"facecolor": "none", "edgecolor": PALE, "linewidth": 1.5}
    axes.add_patch(Rectangle((padding, padding), SIDE, SIDE, **frame))
    reach = dilation * (kernel - 1) + 1
    look = {"facecolor": "none", "edgecolor": COLOURS[0], "linewidth": 2.6}
    axes.add_patch(Rectangle((corner[1], corner[0]), reach, reach, **look))
    w = weights(kernel)
    for i, j in np.ndindex(kernel, kernel):
        sign = {1: "+", -1: "−", 0: "0"}[int(w[i, j])]
        place = (corner[1] + dilation * j + 0.86, corner[0] + dilation * i + 0.22)
        axes.text(*place, sign, ha="center", va="center", fontsize=8.5, color=COLOURS[0], weight="bold")
