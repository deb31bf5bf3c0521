"""What the initializations share: their checks, and the fans of a shape."""

import math
from numbers import Integral

from course_lib.messages import t
from course_lib.registry import Range

GAIN = Range(0.25, 4.0, "log", 33)


def whole_shape(name, shape, low=0):
    """The shape as a tuple of ints; refuses what is no shape, has fewer axes than `low`, or is empty."""
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (None,)
    if len(sizes) < low or not all(isinstance(s, Integral) and s > 0 for s in sizes):
        raise ValueError(t("init.fan_shape" if low else "init.shape", name=name, got=repr(shape)))
    return tuple(int(s) for s in sizes)


def fans_of(name, shape):
    """(fan_in, fan_out) of a weight's shape, checked."""
    out, into, *kernel = whole_shape(name, shape, low=2)
    field = math.prod(kernel)
    # fan_in = in · kh · kw,  fan_out = out · kh · kw
    return into * field, out * field


def fan_of(name, shape, mode):
    """The fan that `mode` names."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(t("init.mode", name=name, got=repr(mode)))
    fan_in, fan_out = fans_of(name, shape)
    return fan_in if mode == "fan_in" else fan_out
