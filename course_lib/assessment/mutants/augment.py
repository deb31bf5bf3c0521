"""Wrong versions of image and text augmentation."""

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

# --- moving pixels ---


@wrong("flip")
def flip_batch_axis(x, *, direction="horizontal"):
    return x[::-1].copy()


@wrong("flip")
def flip_directions_swapped(x, *, direction="horizontal"):
    return right.flip(x, direction="vertical" if direction == "horizontal" else "horizontal")


@wrong("flip")
def flip_both(x, *, direction="horizontal"):
    return x[..., ::-1, ::-1].copy()


@wrong("random_flip")
def random_flip_all_or_none(x, *, probability=0.5, rng, direction="horizontal", layout=None):
    return right.flip(x, direction=direction) if rng.random() < probability else x.copy()


@wrong("pad")
def pad_border_repeated(x, *, pixels=4, mode="constant", fill=0.0):
    sides = [(0, 0)] * (x.ndim - 2) + [(pixels, pixels)] * 2
    return np.pad(x, sides, mode="symmetric" if mode == "reflect" else mode)


@wrong("pad")
def pad_always_constant(x, *, pixels=4, mode="constant", fill=0.0):
    return right.pad(x, pixels=pixels, fill=fill)


@wrong("crop")
def crop_top_left_swapped(x, *, size, top=0, left=0):
    return right.crop(x, size=size, top=left, left=top)


@wrong("crop")
def crop_from_the_corner(x, *, size, top=0, left=0):
    return right.crop(x, size=size)


@wrong("random_crop")
def random_crop_same_for_all(x, *, size, padding=4, rng, fill=0.0, layout=None):
    wide = right.pad(x, pixels=padding, fill=fill)
    height, width = (size, size) if isinstance(size, int) else size
    top, left = rng.integers(0, wide.shape[-2] - height + 1), rng.integers(0, wide.shape[-1] - width + 1)
    return right.crop(wide, size=size, top=int(top), left=int(left))


def _stretched(x, size, rows, columns):
    """x at rows and columns, between pixels bilinearly."""
    height, width = (size, size) if isinstance(size, int) else size
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    below, beside = np.minimum(top + 1, x.shape[-2] - 1), np.minimum(left + 1, x.shape[-1] - 1)
    down, over = (rows - top)[:, None], columns - left
    y = x.astype(float)
    mixed = (1 - down) * y[..., top, :] + down * y[..., below, :]
    mixed = (1 - over) * mixed[..., left] + over * mixed[..., beside]
    return (
        (np.rint(mixed) if x.dtype == np.uint8 else mixed)
        .astype(x.dtype)
        .reshape(*x.shape[:-2], height, width)
    )


@wrong("resize")
def resize_corners_aligned(x, *, size):
    height, width = (size, size) if isinstance(size, int) else size
    rows, columns = np.linspace(0, x.shape[-2] - 1, height), np.linspace(0, x.shape[-1] - 1, width)
    return _stretched(x, size, rows, columns)


@wrong("resize")
def resize_no_half_pixel(x, *, size):
    height, width = (size, size) if isinstance(size, int) else size
    rows, columns = np.arange(height) * x.shape[-2] / height, np.arange(width) * x.shape[-1] / width
    return _stretched(x, size, rows, columns)


@wrong("resize")
def resize_nearest(x, *, size):
    height, width = (size, size) if isinstance(size, int) else size
    rows = np.arange(height) * x.shape[-2] // height
    columns = np.arange(width) * x.shape[-1] // width
    return x[..., rows[:, None], columns]


@wrong("rotate")
def rotate_clockwise(x, *, degrees, fill=0.0, layout=None):
    return right.rotate(x, degrees=-np.asarray(degrees), fill=fill, layout=layout)


@wrong("rotate")
def rotate_about_the_corner(x, *, degrees, fill=0.0, layout=None):
    matrix = np.tile(np.eye(3), (np.size(degrees), 1, 1))
    matrix[:, :2] = right.affine_matrix(degrees=np.reshape(degrees, -1))
    return right.warp(x, matrix, fill=fill, layout=layout)


@wrong("rotate")
def rotate_radians(x, *, degrees, fill=0.0, layout=None):
    return right.rotate(x, degrees=np.degrees(degrees), fill=fill, layout=layout)


@wrong("warp")
def warp_forward(x, matrix, *, fill=0.0, layout=None):
    return right.warp(x, np.linalg.inv(matrix), fill=fill, layout=layout)


@wrong("affine")
def affine_not_recentred(x, matrix, *, fill=0.0, layout=None):
    bottom = np.broadcast_to([0.0, 0.0, 1.0], (*np.shape(matrix)[:-2], 1, 3))
    return right.warp(x, np.concatenate([matrix, bottom], axis=-2), fill=fill, layout=layout)


@wrong("affine_matrix")
def affine_matrix_turned_the_other_way(*, degrees, scale=1.0, shear=(0.0, 0.0), shift=(0.0, 0.0)):
    return right.affine_matrix(degrees=-np.asarray(degrees), scale=scale, shear=shear, shift=shift)


# --- colours ---


def _factor(factor):
    return np.asarray(factor, dtype=float).reshape(-1, *[1] * 3)


def _finished(y, x):
    white = 255 if x.dtype == np.uint8 else 1
    y = np.clip(y, 0, white)
    return (np.rint(y) if x.dtype == np.uint8 else y).astype(x.dtype).reshape(x.shape)


def _batch(x, layout):
    x = x.astype(float)
    return x[None] if layout == "CHW" else x[:, None] if x.ndim == 3 else x


@wrong("brightness")
def brightness_overflows(x, *, factor, layout=None):
    if x.dtype != np.uint8:
        return right.brightness(x, factor=factor, layout=layout)
    # Above 255 only the last eight bits are left.
    return np.rint(_factor(factor) * _batch(x, layout)).astype(int).astype(np.uint8).reshape(x.shape)


@wrong("brightness")
def brightness_not_cut(x, *, factor, layout=None):
    y = (_factor(factor) * _batch(x, layout)).reshape(x.shape)
    return _finished(y, x) if x.dtype == np.uint8 else y


@wrong("brightness")
def brightness_adds(x, *, factor, layout=None):
    white = 255 if x.dtype == np.uint8 else 1
    return _finished(_batch(x, layout) + (_factor(factor) - 1) * white, x)


@wrong("contrast")
def contrast_about_black(x, *, factor, layout=None):
    return right.brightness(x, factor=factor, layout=layout)


@wrong("contrast")
def contrast_about_middle_grey(x, *, factor, layout=None):
    middle = 127.5 if x.dtype == np.uint8 else 0.5
    return _finished(middle + _factor(factor) * (_batch(x, layout) - middle), x)


@wrong("contrast")
def contrast_mean_of_the_batch(x, *, factor, layout=None):
    y = _batch(x, layout)
    grey = y if y.shape[1] != 3 else np.tensordot([0.299, 0.587, 0.114], y, axes=(0, 1))
    return _finished(grey.mean() + _factor(factor) * (y - grey.mean()), x)


@wrong("saturation")
def saturation_plain_mean(x, *, factor, layout=None):
    y = _batch(x, layout)
    grey = y.mean(axis=1, keepdims=True)
    return _finished(grey + _factor(factor) * (y - grey), x)


@wrong("saturation")
def saturation_is_contrast(x, *, factor, layout=None):
    return right.contrast(x, factor=factor, layout=layout)


@wrong("gaussian_noise")
def gaussian_noise_uniform(x, *, sigma=0.1, rng):
    return _noisy(x, sigma * rng.random(x.shape))


@wrong("gaussian_noise")
def gaussian_noise_variance(x, *, sigma=0.1, rng):
    return _noisy(x, sigma**0.5 * rng.standard_normal(x.shape))


@wrong("gaussian_noise")
def gaussian_noise_one_picture_for_all(x, *, sigma=0.1, rng):
    return _noisy(x, sigma * np.broadcast_to(rng.standard_normal(x.shape[1:]), x.shape))


def _noisy(x, noise):
    return _finished(x + 255 * noise, x) if x.dtype == np.uint8 else (x + noise).astype(x.dtype)


@wrong("gaussian_noise")
def gaussian_noise_overflows(x, *, sigma=0.1, rng):
    noise = sigma * rng.standard_normal(x.shape)
    return np.rint(x + 255 * noise).astype(int).astype(np.uint8) if x.dtype == np.uint8 else x + noise


def _blurred(x, sigma, mode="reflect", total=None):
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = kernel / (total or kernel.sum())
    y = x.astype(float)
    for axis in (-1, -2):
        sides = [(0, 0)] * x.ndim
        sides[axis] = (reach, reach)
        wide = np.pad(y, sides, mode=mode)
        y = sum(k * np.take(wide, range(d, d + x.shape[axis]), axis=axis) for d, k in enumerate(kernel))
    return y


@wrong("gaussian_blur")
def gaussian_blur_dark_border(x, *, sigma=1.0):
    return _finished(_blurred(x, sigma, mode="constant"), x)


@wrong("gaussian_blur")
def gaussian_blur_sigma_is_variance(x, *, sigma=1.0):
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * np.arange(-reach, reach + 1) ** 2 / sigma)
    kernel, y = kernel / kernel.sum(), x.astype(float)
    for axis in (-1, -2):
        sides = [(0, 0)] * x.ndim
        sides[axis] = (reach, reach)
        wide = np.pad(y, sides, mode="reflect")
        y = sum(k * np.take(wide, range(d, d + x.shape[axis]), axis=axis) for d, k in enumerate(kernel))
    return _finished(y, x)


@wrong("gaussian_blur")
def gaussian_blur_not_normalized(x, *, sigma=1.0):
    y = _blurred(x, sigma, total=1.0)
    return _finished(y, x) if x.dtype == np.uint8 else y


# --- hiding, putting together ---


def _squares(x, size, rng, inside=False):
    height, width = x.shape[-2:]
    top, left = rng.integers(0, height, len(x)) - size // 2, rng.integers(0, width, len(x)) - size // 2
    if inside:
        top, left = np.clip(top, 0, max(height - size, 0)), np.clip(left, 0, max(width - size, 0))
    rows, columns = np.arange(height) - top[:, None], np.arange(width) - left[:, None]
    hidden = ((rows >= 0) & (rows < size))[:, :, None] & ((columns >= 0) & (columns < size))[:, None, :]
    return hidden.reshape(len(x), *[1] * (x.ndim - 3), height, width)


@wrong("cutout")
def cutout_hides_the_rest(x, *, size=8, rng, fill=0.0, layout=None):
    return np.where(_squares(x, size, rng), x, x.dtype.type(fill))


@wrong("cutout")
def cutout_always_inside(x, *, size=8, rng, fill=0.0, layout=None):
    return np.where(_squares(x, size, rng, inside=True), x.dtype.type(fill), x)


@wrong("cutout")
def cutout_same_for_all(x, *, size=8, rng, fill=0.0, layout=None):
    return np.where(_squares(x, size, rng)[:1], x.dtype.type(fill), x)


@wrong("cutout")
def cutout_centre_is_corner(x, *, size=8, rng, fill=0.0, layout=None):
    height, width = x.shape[-2:]
    top, left = rng.integers(0, height, len(x)), rng.integers(0, width, len(x))
    y = x.copy()
    for picture, i, j in zip(y, top, left, strict=True):
        picture[..., i : i + size, j : j + size] = fill
    return y


@wrong("random_erasing")
def random_erasing_all_or_none(
    x, *, probability=0.5, area=(0.02, 0.4), ratio=(0.3, 3.3), content="noise", rng, layout=None, tries=20
):
    hyper = {"area": area, "ratio": ratio, "content": content, "rng": rng, "layout": layout, "tries": tries}
    return right.random_erasing(x, probability=float(rng.random() < probability), **hyper)


@wrong("compose")
def compose_backwards(x, *, transforms, rng):
    return right.compose(x, transforms=tuple(transforms)[::-1], rng=rng)


@wrong("sometimes")
def sometimes_all_or_none(x, *, transform, probability=0.5, rng, layout=None):
    return transform(x) if rng.random() < probability else x.copy()


# --- text ---


@wrong("random_delete")
def random_delete_may_leave_nothing(text, *, rate=0.1, rng):
    tokens = text.split()
    return " ".join(token for token, u in zip(tokens, rng.random(len(tokens)), strict=True) if u >= rate)


@wrong("random_delete")
def random_delete_rate_is_kept(text, *, rate=0.1, rng):
    return right.random_delete(text, rate=1 - rate, rng=rng) if rate else text


@wrong("random_swap")
def random_swap_overwrites(text, *, rate=0.1, rng):
    tokens = text.split()
    if len(tokens) > 1 and rate:
        for _ in range(max(1, int(rate * len(tokens)))):
            i, j = rng.choice(len(tokens), size=2, replace=False)
            tokens[i] = tokens[j]
    return " ".join(tokens)


@wrong("random_insert")
def random_insert_at_the_end(text, *, words, rate=0.1, rng):
    tokens = text.split()
    new = right.random_insert(text, words=words, rate=rate, rng=rng).split()
    for token in tokens:
        new.remove(token)
    return " ".join(tokens + new)


@wrong("replace_synonyms")
def replace_synonyms_particle_kept(text, *, words, rate=0.1, rng):
    tokens = text.split()
    for i, token in enumerate(tokens):
        stem = next((w for w in words if token.lower().startswith(w)), None)
        if stem and rng.random() < rate:
            tokens[i] = words[stem][int(rng.integers(0, len(words[stem])))] + token[len(stem) :]
    return " ".join(tokens)


@wrong("decompose_syllables")
def decompose_syllables_finals_one_off(text):
    return [
        item if isinstance(item, str) else (item[0], item[1], _final(character))
        for character, item in zip(text, right.decompose_syllables(text), strict=True)
    ]


def _final(character):
    """The final as read from a list that forgot that index 0 means none."""
    return "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"[(ord(character) - ord("가")) % 28 % 27]


@wrong("keyboard_typos")
def keyboard_typos_any_letter(text, *, rate=0.05, rng):
    letters = "abcdefghijklmnopqrstuvwxyz"
    return "".join(
        letters[int(rng.integers(0, 26))] if c.isalpha() and rng.random() < rate else c for c in text
    )


@wrong("jamo_typos")
def jamo_typos_loses_the_syllable(text, *, rate=0.05, rng):
    return "".join("ㅋ" if "가" <= c <= "힣" and rng.random() < rate else c for c in text)


@wrong("back_translation")
def back_translation_there_only(text, *, there, back):
    return there(text)
