"""Image augmentation that changes values and not places: brightness, contrast, colour, noise, blur.

Pictures as in `course_lib.algorithms._images`. Colours are 0 … 255 in uint8 and 0 … 1 in floating point;
results are cut to that range. Factors may be one number, or an array with one for each picture.
"""

import numpy as np

from course_lib.algorithms._arrays import generator, non_negative, positive
from course_lib.algorithms._images import batch, finish, per_picture, unit_range, white, working
from course_lib.messages import t
from course_lib.registry import Range, register

FACTOR = Range(0.0, 2.0)
STRENGTH = Range(0.0, 0.9, count=19)
# How bright red, green and blue look: ITU-R BT.601
LUMA = (0.299, 0.587, 0.114)


@register(
    "image augmentation",
    ko="밝기",
    en="Brightness",
    source="torchvision.transforms.functional.adjust_brightness",
    ranges={"factor": FACTOR},
)
def brightness(x, *, factor, layout=None):
    """Multiply every value: y = clip(b x), 0 black, 1 as it was.

    x: pictures. factor: b ≥ 0, one number or one a picture. Returns pictures of the same shape and dtype.
    Raises TypeError and ValueError on bad input.
    """
    pictures, factor = _prepared("brightness", x, layout, factor)
    # y = clip(b x)
    return _cut(factor * pictures, x)


@register(
    "image augmentation",
    ko="대비",
    en="Contrast",
    source="torchvision.transforms.functional.adjust_contrast",
    ranges={"factor": FACTOR},
)
def contrast(x, *, factor, layout=None):
    """Pull values towards or away from the picture's mean grey m: y = clip(m + c (x − m)).

    torchvision rounds m to a whole number in uint8.

    x: pictures. factor: c ≥ 0, one number or one a picture; 0 is a grey sheet, 1 as it was.
    Returns pictures of the same shape and dtype. Raises TypeError and ValueError on bad input.
    """
    pictures, factor = _prepared("contrast", x, layout, factor)
    # m of every picture: (N, 1, 1, 1)
    mean = _grey(pictures).mean(axis=(1, 2, 3), keepdims=True)
    # y = clip(m + c (x − m))
    return _cut(mean + factor * (pictures - mean), x)


@register(
    "image augmentation",
    ko="채도",
    en="Saturation",
    source="torchvision.transforms.functional.adjust_saturation",
    ranges={"factor": FACTOR},
)
def saturation(x, *, factor, layout=None):
    """Pull every pixel towards or away from its own grey g: y = clip(g + s (x − g)).

    x: colour pictures (N, 3, H, W), or (3, H, W) with layout="CHW". factor: s ≥ 0, one number or one a
    picture; 0 is grey, 1 as it was. Returns pictures of the same shape and dtype.
    Raises TypeError and ValueError on bad input.
    """
    pictures, factor = _prepared("saturation", x, layout, factor)
    _check_colour("saturation", pictures)
    grey = _grey(pictures)
    # y = clip(g + s (x − g))
    return _cut(grey + factor * (pictures - grey), x)


@register(
    "image augmentation",
    ko="회색조",
    en="Greyscale",
    source="ITU-R BT.601 (luma)",
)
def greyscale(x, *, layout=None):
    """Every pixel's brightness in all three channels: g = 0.299 R + 0.587 G + 0.114 B.

    x: colour pictures (N, 3, H, W), or (3, H, W) with layout="CHW".
    Returns pictures of the same shape and dtype. Raises TypeError and ValueError on bad input.
    """
    pictures = batch("greyscale", x, layout)
    _check_colour("greyscale", pictures)
    unit_range("greyscale", x)
    # g = 0.299 R + 0.587 G + 0.114 B
    return _cut(np.repeat(_grey(working(pictures)), 3, axis=1), x)


@register(
    "image augmentation",
    ko="무작위 색 흔들기",
    en="Colour jitter",
    source="Howard 2013, arXiv:1312.5402, §2.2; torchvision.transforms.ColorJitter (without hue)",
    ranges={"bright": STRENGTH, "contrasts": STRENGTH, "colour": STRENGTH},
)
def colour_jitter(x, *, bright=0.2, contrasts=0.2, colour=0.2, rng, layout=None):
    """Another brightness, contrast and saturation for each picture, in this order.

        every factor ~ U(max(0, 1 − d), 1 + d)

    Saturation is left out where there are no three channels.

    x: pictures. bright, contrasts, colour: d ≥ 0 of brightness, contrast and saturation.
    Returns pictures of the same shape and dtype. Raises TypeError and ValueError on bad input.
    """
    pictures = batch("colour_jitter", x, layout)
    non_negative("colour_jitter", bright=bright, contrasts=contrasts, colour=colour)
    generator("colour_jitter", rng)
    for change, d in ((brightness, bright), (contrast, contrasts), (saturation, colour)):
        # factor ~ U(max(0, 1 − d), 1 + d)
        factor = rng.uniform(max(0.0, 1 - d), 1 + d, len(pictures))
        if change is not saturation or pictures.shape[1] == 3:
            pictures = change(pictures, factor=factor)
    return pictures.reshape(x.shape)


@register(
    "image augmentation",
    ko="가우스 잡음",
    en="Gaussian noise",
    source="Bishop 1995, Training with Noise is Equivalent to Tikhonov Regularization, §2",
    ranges={"sigma": Range(0.0, 0.5)},
)
def gaussian_noise(x, *, sigma=0.1, rng):
    """Add noise of its own to every value: y = x + σ ε, ε ~ N(0, 1).

    uint8 is rounded and cut to 0 … 255; floating point is not cut, as standardized pictures may come too.

    x: pictures. sigma: σ ≥ 0 as a share of white: of 255 in uint8, of 1 in floating point.
    Returns pictures of the same shape and dtype. Raises TypeError and ValueError on bad input.
    """
    batch("gaussian_noise", x)
    non_negative("gaussian_noise", sigma=sigma)
    noise = generator("gaussian_noise", rng).standard_normal(x.shape)
    # y = x + σ ε
    return finish(working(x) + sigma * white(x) * noise, x)


@register(
    "image augmentation",
    ko="가우스 흐림",
    en="Gaussian blur",
    source="scipy.ndimage.gaussian_filter (truncated at 4σ, borders mirrored)",
    ranges={"sigma": Range(0.1, 5.0)},
)
def gaussian_blur(x, *, sigma=1.0):
    """Every pixel becomes a mean of those around, weighted by a bell curve: first along rows, then columns.

        k_d ∝ exp(−d²/2σ²),    |d| ≤ ⌊4σ + ½⌋,    Σ k = 1

    x: pictures. sigma: σ > 0 in pixels. Returns pictures of the same shape and dtype.
    Raises TypeError and ValueError on bad input.
    """
    batch("gaussian_blur", x)
    positive("gaussian_blur", sigma=sigma)
    reach = int(4 * sigma + 0.5)
    # k_d ∝ exp(−d²/2σ²), Σ k = 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    blurred = working(x)
    for axis in (-1, -2):
        size = x.shape[axis]
        sides = [(reach, reach) if a == axis % x.ndim else (0, 0) for a in range(x.ndim)]
        wide = np.pad(blurred, sides, mode="reflect")
        # Σ_d k_d x[i + d], the picture shifted by every d
        shifted = (np.take(wide, range(d, d + size), axis=axis) for d in range(2 * reach + 1))
        blurred = sum(float(k) * part for k, part in zip(kernel, shifted, strict=True))
    return finish(blurred, x)


def _prepared(name, x, layout, factor):
    """The pictures as numbers (N, C, H, W), and their factors (N or 1, 1, 1, 1)."""
    pictures = batch(name, x, layout)
    unit_range(name, x)
    factor = per_picture(name, "factor", factor, len(pictures), "factor=1.2")
    non_negative(name, factor=float(factor.min()))
    pictures = working(pictures)
    return pictures, factor.astype(pictures.dtype).reshape(-1, 1, 1, 1)


def _cut(y, x):
    """Cut to the range of colours before the dtype of x comes back: 260 is white, and not 4."""
    return finish(np.clip(y, 0, white(x)), x, x.shape)


def _grey(pictures):
    """(N, 1, H, W): the brightness of three channels, or the mean of any other number of them."""
    if pictures.shape[1] != 3:
        return pictures.mean(axis=1, keepdims=True)
    return np.tensordot(np.array(LUMA, dtype=pictures.dtype), pictures, axes=(0, 1))[:, None]


def _check_colour(name, pictures):
    if pictures.shape[1] != 3:
        raise ValueError(t("image.colour", name=name, got=pictures.shape[1]))
