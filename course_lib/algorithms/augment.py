"""Putting augmentations together, and hiding parts of pictures (Cutout, random erasing).

    train_augment = partial(compose, transforms=(random_flip, partial(random_crop, size=28), cutout))
    x = train_augment(x, rng=rng)

Labels stay as they are: only x goes through. Augment training batches, never validation or test data.
"""

import inspect

import numpy as np

from course_lib.algorithms._arrays import generator, whole
from course_lib.algorithms._arrays import probability as check_probability
from course_lib.algorithms._images import batch, check_fill, one_of, span
from course_lib.messages import t
from course_lib.registry import Range, register


@register(
    "image augmentation",
    ko="차례로 적용하기",
    en="Compose",
    source="torchvision.transforms.Compose",
)
def compose(x, *, transforms, rng):
    """One augmentation after the other: x ← T_1(x), then T_2, …; those that draw are given `rng`.

    x: pictures. transforms: functions, such as (random_flip, partial(rotate, degrees=10)).
    rng: NumPy Generator. Returns what the last gives. Raises TypeError on what is no function.
    """
    for transform in transforms:
        x = _applied("compose", transform, x, rng)
    return x


@register(
    "image augmentation",
    ko="일부 그림에만 적용하기",
    en="Sometimes",
    source="torchvision.transforms.RandomApply, drawn for each image",
    ranges={"probability": Range(0.0, 1.0)},
)
def sometimes(x, *, transform, probability=0.5, rng, layout=None):
    """Apply an augmentation to each picture with some probability, where rng.random(N) < p.

    x: pictures. transform: keeps the shape. probability: p in [0, 1]. Returns pictures like x.
    Raises TypeError and ValueError on bad input.
    """
    pictures = batch("sometimes", x, layout)
    check_probability("sometimes", probability=probability)
    chosen = generator("sometimes", rng).random(len(pictures)) < probability
    if not chosen.any():
        return x.copy()
    changed = _applied("sometimes", transform, pictures[chosen], rng)
    if changed.shape != pictures[chosen].shape:
        shapes = {"before": pictures[chosen].shape, "after": changed.shape}
        raise ValueError(t("image.shape_changed", **shapes))
    result = pictures.copy()
    result[chosen] = changed
    return result.reshape(x.shape)


@register(
    "image augmentation",
    ko="Cutout",
    en="Cutout",
    source="DeVries & Taylor 2017, arXiv:1708.04552, §3.2",
    ranges={"size": Range(1, 28, count=28)},
)
def cutout(x, *, size=8, rng, fill=0.0, layout=None):
    """Hide a square in each picture. Its centre lies anywhere, so near the border part of it falls outside.

        hidden: rows  i_c − ⌊s/2⌋ ≤ i < i_c − ⌊s/2⌋ + s,    columns likewise

    x: pictures. size: s ≥ 1 pixels. fill ≥ 0: what the square shows, black as it stands.
    rng: asked for all centre rows, then for all centre columns. Returns pictures like x.
    """
    pictures = batch("cutout", x, layout)
    whole("cutout", size=size)
    check_fill("cutout", x, fill)
    height, width = pictures.shape[-2:]
    top = generator("cutout", rng).integers(0, height, len(pictures)) - int(size) // 2
    left = rng.integers(0, width, len(pictures)) - int(size) // 2
    hidden = _rectangle(pictures, top, left, int(size), int(size))
    return np.where(hidden, np.asarray(fill, dtype=x.dtype), pictures).reshape(x.shape)


@register(
    "image augmentation",
    ko="무작위 지우기 (random erasing)",
    en="Random erasing",
    source="Zhong et al. 2020, arXiv:1708.04896, Algorithm 1",
    ranges={"probability": Range(0.0, 1.0)},
)
def random_erasing(
    x, *, probability=0.5, area=(0.02, 0.4), ratio=(0.3, 3.3), content="noise", rng, layout=None, tries=20
):
    """Replace a rectangle of random size and shape, wholly inside, in some of the pictures.

        S_e ~ U(area) · H W,    r ~ U(ratio),    H_e = √(S_e r),    W_e = √(S_e / r)

    A size is drawn up to `tries` times until it fits; then the picture stays whole (the paper repeats on).

    x: pictures. probability: p in [0, 1]. area: shares of the picture. ratio: of height to width.
    content: "noise" (uniform over the colours) or "zero". Returns pictures like x.
    Raises TypeError and ValueError on bad input.
    """
    pictures = batch("random_erasing", x, layout)
    check_probability("random_erasing", probability=probability)
    one_of("random_erasing", "content", content, ("noise", "zero"))
    whole("random_erasing", tries=tries)
    area = span("random_erasing", "area", area, 0, "area=(0.02, 0.4)")
    ratio = span("random_erasing", "ratio", ratio, 1e-6, "ratio=(0.3, 3.3)")
    generator("random_erasing", rng)
    n, (height, width) = len(pictures), pictures.shape[-2:]
    size, aspect = rng.uniform(*area, (int(tries), n)) * height * width, rng.uniform(*ratio, (int(tries), n))
    # H_e = √(S_e r), W_e = √(S_e / r)
    tall, wide = np.rint(np.sqrt(size * aspect)).astype(int), np.rint(np.sqrt(size / aspect)).astype(int)
    fits = (tall < height) & (wide < width)
    first = (fits.argmax(axis=0), np.arange(n))
    erased = (rng.random(n) < probability) & fits[first]
    tall, wide = np.where(erased, tall[first], 0), np.where(erased, wide[first], 0)
    top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    hidden = _rectangle(pictures, top, left, tall, wide)
    noise = rng.random(pictures.shape) * (256 if x.dtype == np.uint8 else 1) * (content == "noise")
    return np.where(hidden, noise.astype(x.dtype), pictures).reshape(x.shape)


def _rectangle(pictures, top, left, tall, wide):
    """True in one rectangle of each picture, (N, 1, H, W); what lies outside the picture is cut off."""
    height, width = pictures.shape[-2:]
    rows, columns = np.arange(height) - top[:, None], np.arange(width) - left[:, None]
    in_rows = (rows >= 0) & (rows < np.reshape(tall, (-1, 1)))
    in_columns = (columns >= 0) & (columns < np.reshape(wide, (-1, 1)))
    return in_rows[:, None, :, None] & in_columns[:, None, None, :]


def _applied(name, transform, x, rng):
    if not callable(transform):
        got = type(transform).__name__
        raise TypeError(t("image.transforms", name=name, arg="transform", got=got))
    draws = "rng" in inspect.signature(transform).parameters
    return transform(x, rng=rng) if draws else transform(x)
