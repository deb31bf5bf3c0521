"""What the image augmentations share: layouts, pixel types, one bilinear sampler, and their refusals.

Pictures are NumPy arrays of uint8 in 0–255 or of floating-point numbers: a batch (N, C, H, W) or (N, H, W),
or one picture (H, W); three axes may also be one colour picture (C, H, W), which `layout="CHW"` says.
"""

import numpy as np

from course_lib.algorithms._arrays import non_negative
from course_lib.messages import t

LAYOUTS = {"NCHW": 4, "NHW": 3, "CHW": 3, "HW": 2}


def batch(name, x, layout=None):
    """The pictures as (N, C, H, W), a view. layout: None reads three axes as (N, H, W)."""
    known = isinstance(x, np.ndarray) and (x.dtype == np.uint8 or np.issubdtype(x.dtype, np.floating))
    if not known:
        got = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(t("image.not_image", name=name, got=got))
    layout = {4: "NCHW", 3: "NHW", 2: "HW"}.get(x.ndim) if layout is None else layout
    if LAYOUTS.get(layout) != x.ndim:
        want = "(N, C, H, W), (N, H, W), (C, H, W), (H, W)"
        raise ValueError(t("image.layout", name=name, want=want, got=x.shape, layout=repr(layout)))
    if 0 in x.shape:
        raise ValueError(t("image.empty", name=name, got=x.shape))
    height, width = x.shape[-2:]
    return x.reshape(x.shape[0] if "N" in layout else 1, x.shape[-3] if "C" in layout else 1, height, width)


def unit_range(name, x):
    """Refuse floating-point pictures outside [0, 1]: colours have no meaning after standardization."""
    if x.dtype != np.uint8:
        low, high = x.min(), x.max()
        # A NaN fails the comparison too.
        if not (low >= 0 and high <= 1 + 1e-6):
            raise ValueError(t("image.range", name=name, low=f"{low:g}", high=f"{high:g}"))


def white(x):
    """What stands for white: 255 in uint8, else 1."""
    return 255 if x.dtype == np.uint8 else 1


def working(x):
    """Numbers that can be calculated with: uint8 would wrap around at 256."""
    return x.astype(np.float32) if x.dtype == np.uint8 else x


def finish(y, x, shape=None):
    """y in the dtype of x, and in its layout (with y's own height and width)."""
    if x.dtype == np.uint8:
        y = np.clip(np.rint(y), 0, 255)
    return y.astype(x.dtype, copy=False).reshape(shape or x.shape[:-2] + y.shape[-2:])


def check_fill(name, x, fill):
    """Refuse a colour that the pictures cannot hold."""
    non_negative(name, fill=fill)
    if x.dtype == np.uint8 and (fill > 255 or fill % 1):
        raise ValueError(t("image.fill", name=name, got=repr(fill)))


def bilinear(x, rows, columns, fill=0.0):
    """Pictures (N, C, H, W) at positions between pixels: rows, columns (N or 1, h, w) → (N, C, h, w).

    A pixel's value sits at its whole-numbered position. Each value is the mean of the four pixels around,
    weighted by nearness; pixels outside the picture count as `fill`.
    """
    n, channels, height, width = x.shape
    padded = np.full((n, channels, height + 2, width + 2), fill, dtype=x.dtype)
    padded[:, :, 1:-1, 1:-1] = x
    # Positions in the padded picture; those farther out meet its border, which is all fill.
    rows, columns = np.clip(rows + 1, 0, height + 1), np.clip(columns + 1, 0, width + 1)
    top, left = np.minimum(rows.astype(np.intp), height), np.minimum(columns.astype(np.intp), width)
    down, right = (rows - top).astype(x.dtype)[:, None], (columns - left).astype(x.dtype)[:, None]
    planes = np.arange(n * channels).reshape(n, channels, 1, 1) * (height + 2) * (width + 2)
    index = planes + (top * (width + 2) + left)[:, None]
    at = padded.reshape(-1).take
    upper, lower = at(index), at(index + width + 2)
    upper = upper + right * (at(index + 1) - upper)
    lower = lower + right * (at(index + width + 3) - lower)
    return upper + down * (lower - upper)


def pair(name, arg, value):
    """A size as (height, width): one whole number for both, or two of them."""
    given = (value, value) if np.ndim(value) == 0 else tuple(value)
    whole = len(given) == 2 and all(isinstance(v, (int, np.integer)) and v >= 1 for v in given)
    if not whole or isinstance(value, bool):
        raise ValueError(t("image.size", name=name, arg=arg, got=repr(value)))
    return int(given[0]), int(given[1])


def per_picture(name, arg, value, count, remedy):
    """A number, or one for each of `count` pictures, as a float array (1,) or (count,)."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if numbers.shape not in ((), (count,)) or not np.all(np.isfinite(numbers)):
        want = t("image.want_finite", count=count)
        raise ValueError(t("image.numbers", name=name, arg=arg, want=want, got=repr(value), remedy=remedy))
    return numbers.reshape(-1)


def span(name, arg, value, low, remedy):
    """Two finite numbers ≥ low, the smaller first."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if numbers.shape != (2,) or not low <= numbers[0] <= numbers[1] < np.inf:
        want = t("image.want_range", low=low)
        raise ValueError(t("image.numbers", name=name, arg=arg, want=want, got=repr(value), remedy=remedy))
    return float(numbers[0]), float(numbers[1])


def one_of(name, arg, value, choices):
    """Refuse a word that is not among the choices."""
    if value not in choices:
        want, remedy = ", ".join(map(repr, choices)), repr(choices[0])
        raise ValueError(t("image.choice", name=name, arg=arg, want=want, got=repr(value), remedy=remedy))


def matrices(name, arg, value, shape, remedy, count=None):
    """One matrix, or one a picture, as a float array (1, …) or (count, …); count None: any number."""
    try:
        given = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        given = np.empty(0)
    fits = given.shape[-2:] == shape and given.ndim <= 3
    if not fits or given.size == 0 or not np.all(np.isfinite(given)):
        raise ValueError(t("image.matrix", name=name, arg=arg, want=shape, got=given.shape, remedy=remedy))
    given = given.reshape(-1, *shape)
    if count is not None and len(given) not in (1, count):
        raise ValueError(t("image.matrix", name=name, arg=arg, want=shape, got=given.shape, remedy=remedy))
    return given


def invertible(name, arg, maps):
    """Refuse maps that lose a dimension."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if not np.all(np.linalg.cond(maps) < 1e13):
            raise ValueError(t("image.singular", name=name, arg=arg))
    return maps
