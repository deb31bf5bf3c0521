"""Which numbers share one mean and one variance: all that tells one normalization from another."""

import math

import numpy as np

from course_lib.algorithms._arrays import whole
from course_lib.messages import t
from course_lib.registry import Range, register

NORMS = ("batch", "layer", "instance", "group", "rms", "weight")
OVER = ("sample", "channels", "last")


@register(
    "normalization tool",
    ko="정규화의 축",
    en="Axes of a normalization",
    source="Wu & He 2018, arXiv:1803.08494, §3.1 and Figure 2",
)
def norm_axes(norm, *, ndim=4, over="sample"):
    """The axes over which a normalization takes its statistics.

        of x (N, C, H, W):   batch N, H, W      one mean per channel
                             layer C, H, W      one per sample       (over="sample")
                             layer C            one per position     (over="channels")
                             instance H, W      one per sample and channel
                             group C, H, W      within each group of channels
        of w (out, in, kh, kw):   weight in, kh, kw   one length per output

    RMS normalization takes layer's. over="last" is the last axis alone: "C at each position" of tokens, which
    are kept as (N, T, C).

    norm: "batch", "layer", "instance", "group", "rms" or "weight". ndim: number of axes, ≥ 2 (instance: ≥ 3).
    over: "sample", "channels" or "last", read for layer and rms alone. Returns a tuple of ints.
    Raises ValueError.
    """
    if norm not in NORMS:
        raise ValueError(t("norm.unknown", got=repr(norm), names=", ".join(NORMS)))
    if over not in OVER:
        raise ValueError(t("norm.over", name="norm_axes", got=repr(over)))
    whole("norm_axes", low=3 if norm == "instance" else 2, ndim=ndim)
    inner, last = tuple(range(1, ndim)), int(ndim) - 1
    if norm == "batch":
        return (0, *inner[1:])
    if norm == "instance":
        return inner[1:]
    if norm in ("group", "weight"):
        return inner
    return {"sample": inner, "channels": (1,), "last": (last,)}[over]


@register(
    "normalization tool",
    ko="통계를 나누어 쓰는 칸",
    en="Cells that share statistics",
    source="Wu & He 2018, arXiv:1803.08494, Figure 2",
    ranges={"groups": Range(1, 32, "log", 6)},
)
def norm_sets(shape, *, norm, groups=2, over="sample"):
    """A number for each cell of an array: cells of the same number share one mean and one variance.

    shape: of x, (N, C, …). norm, over: see `norm_axes`. groups: G, a divisor of C, read for group alone.
    Returns whole numbers 0, 1, … of that shape. Raises ValueError.
    """
    axes = norm_axes(norm, ndim=len(shape), over=over)
    whole("norm_sets", groups=groups)
    split = tuple(shape)
    if norm == "group":
        # (N, C, …) → (N, G, C/G, …): the channels of a group lie side by side
        split = split_groups("norm_sets", split, groups)
        axes = tuple(range(2, len(split)))
    kept = [1 if axis in axes else size for axis, size in enumerate(split)]
    numbers = np.arange(math.prod(kept)).reshape(kept)
    return np.broadcast_to(numbers, split).reshape(shape)


def split_groups(name, shape, groups):
    """(N, C, …) → (N, G, C/G, …); refuses a number of groups that does not divide the channels."""
    n, channels, *rest = shape
    if channels % groups:
        divisors = ", ".join(str(g) for g in range(1, channels + 1) if channels % g == 0)
        raise ValueError(t("norm.groups", name=name, channels=channels, got=groups, divisors=divisors))
    return (n, int(groups), channels // int(groups), *rest)
