"""What the normalizations share: their checks, and how one number per feature meets the array."""

import math

from course_lib.algorithms._arrays import namespace, positive
from course_lib.algorithms.norm_axes import OVER
from course_lib.messages import t


def checked(name, x, eps, *, low=2, over="sample", **others):
    """The arrays' namespace; refuses x with fewer than `low` axes or an empty one, a bad eps or `over`."""
    xp = namespace(name, x=x, **others)
    positive(name, eps=eps)
    if over not in OVER:
        raise ValueError(t("norm.over", name=name, got=repr(over)))
    if x.ndim < low or 0 in x.shape:
        want = "(N, C, …)" if low == 2 else "(N, C, H, …)"
        raise ValueError(t("norm.x", name=name, want=want, got=tuple(x.shape)))
    if "dy" in others and others["dy"].shape != x.shape:
        raise ValueError(t("norm.dy", name=name, want=tuple(x.shape), got=tuple(others["dy"].shape)))
    return xp


def enough(name, x, axes):
    """Refuse statistics of a single value: its deviation is always 0."""
    if math.prod(x.shape[axis] for axis in axes) < 2:
        raise ValueError(t("norm.one_value", name=name, got=tuple(x.shape)))


def spread(name, x, axes, **parameter):
    """A parameter (γ or β) that has the sizes of x on `axes`, reshaped to broadcast over the others."""
    ((arg, array),) = parameter.items()
    want = tuple(x.shape[axis] for axis in axes)
    if tuple(array.shape) != want:
        raise ValueError(t("norm.parameter", name=name, arg=arg, want=want, got=tuple(array.shape)))
    return array.reshape([size if axis in axes else 1 for axis, size in enumerate(x.shape)])


def gather(xp, a, axes):
    """The sum over all axes but `axes`: what a parameter spread over the others collects on the way back."""
    return xp.sum(a, axis=tuple(axis for axis in range(a.ndim) if axis not in axes))
