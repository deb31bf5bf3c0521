"""Image augmentation that moves pixels without turning them: flip, pad, crop, resize.

Pictures as in `course_lib.algorithms._images`: uint8 or floating-point NumPy arrays, a batch (N, C, H, W) or
(N, H, W), or one picture (H, W), or with `layout="CHW"` one colour picture. Functions that draw take `rng`,
and draw for each picture of the batch on its own.
"""

import numpy as np

from course_lib.algorithms._arrays import generator, whole
from course_lib.algorithms._arrays import probability as check_probability
from course_lib.algorithms._images import batch, bilinear, check_fill, finish, one_of, pair, working
from course_lib.messages import t
from course_lib.registry import Range, register

DIRECTIONS = ("horizontal", "vertical")


@register(
    "image augmentation",
    ko="뒤집기",
    en="Flip",
    source="Krizhevsky et al. 2012, §4.1 (horizontal reflections)",
)
def flip(x, *, direction="horizontal"):
    """Mirror every picture: left becomes right ("horizontal"), or top becomes bottom ("vertical").

    x: pictures (…, H, W). Returns pictures of the same shape. Raises TypeError and ValueError.
    """
    batch("flip", x)
    one_of("flip", "direction", direction, DIRECTIONS)
    # y[i, j] = x[i, W − 1 − j], or x[H − 1 − i, j]
    return np.flip(x, axis=-1 if direction == "horizontal" else -2).copy()


@register(
    "image augmentation",
    ko="무작위 뒤집기",
    en="Random flip",
    source="Krizhevsky et al. 2012, §4.1",
    ranges={"probability": Range(0.0, 1.0)},
)
def random_flip(x, *, probability=0.5, rng, direction="horizontal", layout=None):
    """Mirror each picture with some probability, where rng.random(N) < p.

    x: pictures. probability: p in [0, 1]. Returns pictures of the same shape. Raises TypeError, ValueError.
    """
    pictures = batch("random_flip", x, layout)
    check_probability("random_flip", probability=probability)
    one_of("random_flip", "direction", direction, DIRECTIONS)
    chosen = generator("random_flip", rng).random(len(pictures)) < probability
    return np.where(chosen[:, None, None, None], flip(pictures, direction=direction), pictures).reshape(
        x.shape
    )


@register(
    "image augmentation",
    ko="여백 붙이기",
    en="Pad",
    source="numpy.pad (modes constant, edge, reflect)",
    ranges={"pixels": Range(0, 16, count=17)},
)
def pad(x, *, pixels=4, mode="constant", fill=0.0):
    """Widen every picture on all four sides.

    x: pictures (…, H, W). pixels: p ≥ 0 on each side. mode: "constant" (of the value `fill`), "edge" (the
    border repeats) or "reflect" (the border mirrors, itself not repeated). Returns (…, H + 2p, W + 2p).
    """
    batch("pad", x)
    whole("pad", low=0, pixels=pixels)
    check_fill("pad", x, fill)
    one_of("pad", "mode", mode, ("constant", "edge", "reflect"))
    sides = [(0, 0)] * (x.ndim - 2) + [(int(pixels), int(pixels))] * 2
    return np.pad(x, sides, mode=mode, **({"constant_values": fill} if mode == "constant" else {}))


@register(
    "image augmentation",
    ko="잘라 내기",
    en="Crop",
    source="Krizhevsky et al. 2012, §4.1",
    ranges={"top": Range(0, 16, count=17), "left": Range(0, 16, count=17)},
)
def crop(x, *, size, top=0, left=0):
    """Keep a rectangle of every picture: rows top … top + h − 1, columns left … left + w − 1.

    x: pictures (…, H, W). size: (h, w), or one number for both. top, left: whole numbers ≥ 0.
    Returns (…, h, w). Raises TypeError and ValueError, also for a rectangle that leaves the picture.
    """
    batch("crop", x)
    whole("crop", low=0, top=top, left=left)
    height, width = pair("crop", "size", size)
    top, left = int(top), int(left)
    _check_inside("crop", x, top, left, height, width)
    return x[..., top : top + height, left : left + width].copy()


@register(
    "image augmentation",
    ko="무작위 자르기",
    en="Random crop",
    source="Krizhevsky et al. 2012, §4.1; He et al. 2016, arXiv:1512.03385, §4.2 (4 pixels of padding)",
    ranges={"padding": Range(0, 16, count=17)},
)
def random_crop(x, *, size, padding=4, rng, fill=0.0, layout=None):
    """Pad each picture and keep a rectangle of it at a random place: the picture moves by a few pixels.

    x: pictures (…, H, W). size: (h, w) or one number. padding: pixels on each side before cropping.
    rng: asked for all tops, then for all lefts. Returns (…, h, w). Raises TypeError, ValueError.
    """
    pictures = batch("random_crop", x, layout)
    whole("random_crop", low=0, padding=padding)
    check_fill("random_crop", x, fill)
    height, width = pair("random_crop", "size", size)
    wide = pad(pictures, pixels=padding, fill=fill)
    _check_inside("random_crop", wide, 0, 0, height, width)
    tops = generator("random_crop", rng).integers(0, wide.shape[-2] - height + 1, len(wide))
    lefts = rng.integers(0, wide.shape[-1] - width + 1, len(wide))
    # Every rectangle of the padded pictures, as a view: (N, C, tops, lefts, h, w)
    windows = np.lib.stride_tricks.sliding_window_view(wide, (height, width), axis=(2, 3))
    return windows[np.arange(len(wide)), :, tops, lefts].reshape(*x.shape[:-2], height, width)


@register(
    "image augmentation",
    ko="크기 바꾸기",
    en="Resize",
    source="torch.nn.functional.interpolate (bilinear, align_corners=False, antialias=False)",
)
def resize(x, *, size):
    """Stretch every picture to another size, between pixels bilinearly; border pixels reach outward.

        source row = (i + ½) H/h − ½,    column likewise

    Made smaller, pixels are skipped: blur before, where that shows.

    x: pictures (…, H, W). size: (h, w) or one number. Returns (…, h, w). Raises TypeError, ValueError.
    """
    batch("resize", x)
    height, width = pair("resize", "size", size)
    planes = working(x).reshape(-1, 1, *x.shape[-2:])
    # source row = (i + ½) H/h − ½, held inside the picture
    rows, columns = (
        np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        for new, old in zip((height, width), x.shape[-2:], strict=True)
    )
    positions = np.meshgrid(rows, columns, indexing="ij")
    return finish(bilinear(planes, *(p[None] for p in positions)), x, (*x.shape[:-2], height, width))


def _check_inside(name, x, top, left, height, width):
    if top + height > x.shape[-2] or left + width > x.shape[-1]:
        place = {"top": top, "left": left, "size": (height, width)}
        raise ValueError(t("image.outside", name=name, shape=x.shape[-2:], **place))
