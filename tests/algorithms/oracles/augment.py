"""Image augmentation against torch, SciPy, Pillow and plain loops."""

import math

import numpy as np
import torch
from PIL import Image, ImageEnhance
from scipy import ndimage
from torch.nn import functional

from tests.algorithms.oracles._table import Table, close

TABLE = Table()
SHAPES = ((2, 3, 6, 8), (3, 7, 5), (5, 9))


def pictures(seed, shape, dtype=float):
    """Random pictures, in [0, 1] or 0 … 255."""
    x = np.random.default_rng(seed).random(shape)
    return (x * 256).astype(np.uint8) if dtype == np.uint8 else x


def planes(x):
    return x.reshape(-1, *x.shape[-2:])


def per_plane(function, x, **extra):
    """function on every plane by itself, in the shape of the batch."""
    done = np.stack([function(plane) for plane in planes(x)])
    return done.reshape(*x.shape[:-2], *done.shape[-2:])


def uint8(x):
    return np.clip(np.rint(x), 0, 255).astype(np.uint8)


# --- moving ---

for _shape in SHAPES:

    @TABLE.row("flip", f"torch {_shape}")
    def _(flip, shape=_shape):
        for x in (pictures(0, shape), pictures(0, shape, np.uint8)):
            assert np.array_equal(flip(x), torch.flip(torch.tensor(x), [-1]).numpy())
            assert np.array_equal(flip(x, direction="vertical"), torch.flip(torch.tensor(x), [-2]).numpy())

    for _pixels, _mode, _theirs in (
        (0, "constant", "constant"),
        (3, "constant", "constant"),
        (2, "edge", "replicate"),
        (4, "reflect", "reflect"),
    ):

        @TABLE.row("pad", f"torch {_shape} {_pixels} {_mode}")
        def _(pad, shape=_shape, pixels=_pixels, mode=_mode, theirs=_theirs):
            x = pictures(1, shape)
            for fill in (0.0, 0.7) if mode == "constant" else (0.0,):
                want = functional.pad(torch.tensor(planes(x)), [pixels] * 4, mode=theirs, value=fill or None)
                close(
                    pad(x, pixels=pixels, mode=mode, fill=fill),
                    want.numpy().reshape(*shape[:-2], *want.shape[-2:]),
                )

    for _size in ((3, 4), 5, (12, 17), (5, 9), 1):

        @TABLE.row("resize", f"torch {_shape} {_size}")
        def _(resize, shape=_shape, size=_size):
            x = pictures(2, shape)
            both = (size, size) if isinstance(size, int) else size
            want = functional.interpolate(
                torch.tensor(planes(x))[None], both, mode="bilinear", align_corners=False
            )
            want = want.numpy().reshape(*shape[:-2], *both)
            close(resize(x, size=size), want)
            close(resize((255 * x).astype(np.float32), size=size), 255 * want, rtol=1e-4, atol=1e-3)

    @TABLE.row("crop", f"loop {_shape}")
    def _(crop, shape=_shape):
        x = pictures(3, shape, np.uint8)
        got = crop(x, size=(3, 2), top=2, left=1)
        for i in range(3):
            for j in range(2):
                assert np.array_equal(got[..., i, j], x[..., 2 + i, 1 + j])
        assert got.shape == (*shape[:-2], 3, 2)
        assert np.array_equal(crop(x, size=4), x[..., :4, :4])


@TABLE.row("random_flip", "loop over the draws")
def _(function):
    for x, layout in (
        (pictures(4, (9, 2, 4, 5)), None),
        (pictures(4, (9, 4, 5)), None),
        (pictures(4, (3, 4, 5)), "CHW"),
    ):
        for direction, turned in (("horizontal", x[..., ::-1]), ("vertical", x[..., ::-1, :])):
            for p in (0.0, 0.4, 1.0):
                got = function(
                    x, probability=p, direction=direction, layout=layout, rng=np.random.default_rng(5)
                )
                count = 1 if layout else len(x)
                chosen = np.random.default_rng(5).random(count) < p
                want = (
                    [turned[i] if chosen[i] else x[i] for i in range(count)]
                    if not layout
                    else (turned if chosen[0] else x)
                )
                close(got, want)


@TABLE.row("random_crop", "loop over the draws")
def _(function):
    for x in (pictures(6, (7, 3, 8, 6)), pictures(6, (7, 8, 6), np.uint8)):
        for size, padding, fill in (((8, 6), 3, 0.0), ((4, 5), 0, 0.0), ((9, 7), 2, 1.0)):
            got = function(x, size=size, padding=padding, fill=fill, rng=np.random.default_rng(7))
            rng = np.random.default_rng(7)
            tops = rng.integers(0, 8 + 2 * padding - size[0] + 1, 7)
            lefts = rng.integers(0, 6 + 2 * padding - size[1] + 1, 7)
            for i in range(7):
                for a in range(size[0]):
                    for b in range(size[1]):
                        row, column = tops[i] + a - padding, lefts[i] + b - padding
                        inside = 0 <= row < 8 and 0 <= column < 6
                        close(
                            got[i, ..., a, b],
                            x[i, ..., row, column] if inside else np.full(x.shape[1:-2], fill),
                        )


# --- warping ---


def sampled(plane, matrix, fill):
    """One plane through the inverse of a homography in (x, y), by SciPy."""
    height, width = plane.shape
    rows, columns = np.mgrid[:height, :width]
    x, y, w = np.linalg.inv(matrix) @ np.stack([columns.ravel(), rows.ravel(), np.ones(rows.size)])
    x, y = np.where(w > 1e-9, x, -99.0 * w) / w, np.where(w > 1e-9, y, -99.0 * w) / w
    got = ndimage.map_coordinates(plane, [y, x], order=1, mode="grid-constant", cval=fill)
    return got.reshape(height, width)


HOMOGRAPHIES = {
    "nothing": np.eye(3),
    "shift": np.array([[1, 0, 1.5], [0, 1, -2.25], [0, 0, 1]]),
    "affine": np.array([[1.1, 0.3, -1], [-0.2, 0.8, 2], [0, 0, 1]]),
    "tilt": np.array([[1.1, 0.1, 0.4], [-0.2, 0.9, 0.5], [0.02, -0.03, 1]]),
    # the right part of the picture, x > 2.5, is behind the viewer: mirrored into the frame if let through
    "behind the viewer": np.array([[1 - 0.4 * 6, 0, 6], [0, 1, 0], [-0.4, 0, 1]]),
}
for _label, _matrix in HOMOGRAPHIES.items():
    for _shape in SHAPES:
        for _fill in (0.0, 0.6):

            @TABLE.row("warp", f"scipy {_label} {_shape} fill={_fill}")
            def _(warp, matrix=_matrix, shape=_shape, fill=_fill):
                x = pictures(8, shape)
                want = per_plane(lambda plane: sampled(plane, matrix, fill), x)
                close(warp(x, matrix, fill=fill), want, rtol=1e-9, atol=1e-9)


@TABLE.row("warp", "a matrix stands for all its multiples")
def _(warp):
    x = pictures(8, (5, 9))
    for factor in (-1.0, 1e11, -1e-11):
        for matrix in HOMOGRAPHIES.values():
            close(warp(x, factor * matrix, fill=0.6), sampled(x, matrix, 0.6), rtol=1e-9, atol=1e-9)


@TABLE.row("warp", "another map for each picture; uint8 is rounded")
def _(warp):
    x = pictures(9, (3, 2, 6, 7))
    matrices = np.stack([HOMOGRAPHIES[k] for k in ("shift", "affine", "tilt")])
    want = np.stack(
        [per_plane(lambda p, m=m: sampled(p, m, 0.0), one) for one, m in zip(x, matrices, strict=True)]
    )
    close(warp(x, matrices), want, rtol=1e-9, atol=1e-9)
    x = pictures(9, (3, 6, 7), np.uint8)
    want = [sampled(p.astype(float), m, 200.0) for p, m in zip(x, matrices, strict=True)]
    got = warp(x, matrices, fill=200)
    assert got.dtype == np.uint8 and np.abs(got - np.array(want)).max() < 0.501


def hand_affine(degrees, scale=1.0, shear=(0.0, 0.0), shift=(0.0, 0.0)):
    """The factors of an affine map, multiplied; y points down, so left turns take (1, 0) to (cos, −sin)."""
    a = math.radians(degrees)
    turn = np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
    skew = np.array([[1.0, shear[0]], [shear[1], 1.0]])
    return np.concatenate([scale * turn @ skew, np.reshape(shift, (2, 1))], axis=1)


AFFINES = [
    {"degrees": 0.0},
    {"degrees": 30.0},
    {"degrees": -110.0, "scale": 1.3},
    {"degrees": 0.0, "shear": (0.3, 0.0)},
    {"degrees": 20.0, "scale": 0.7, "shear": (0.1, -0.2), "shift": (1.5, -2.0)},
]


@TABLE.row("affine_matrix", "products of matrices, one and many")
def _(function):
    for config in AFFINES:
        close(function(**config), hand_affine(**config))
    many = function(
        degrees=np.array([10.0, -20.0]),
        scale=1.2,
        shear=(np.array([0.1, 0.2]), 0.0),
        shift=(0.0, np.array([3.0, 4.0])),
    )
    close(many[0], hand_affine(10, 1.2, (0.1, 0), (0, 3)))
    close(many[1], hand_affine(-20, 1.2, (0.2, 0), (0, 4)))
    for name in ("scale", "degrees"):
        config = {"degrees": 5.0, name: np.array([0.5, 2.0])}
        close(function(**config), [hand_affine(**config | {name: v}) for v in (0.5, 2.0)])
    moved = function(degrees=5.0, shift=(np.array([1.0, 2.0]), 3.0))
    close(moved, [hand_affine(5, shift=(v, 3)) for v in (1.0, 2.0)])


def torch_affine(x, matrix, fill=0.0):
    """By affine_grid and grid_sample, whose theta goes from new to old in coordinates from −1 to 1."""
    height, width = x.shape[-2:]
    whole = np.vstack([matrix, [0, 0, 1]])
    back = np.linalg.inv(whole)
    half = np.diag([(width - 1) / 2, (height - 1) / 2, 1.0])
    theta = np.linalg.inv(half) @ back @ half
    planes_ = torch.tensor(planes(x) - fill)[:, None]
    grid = functional.affine_grid(
        torch.tensor(theta[None, :2]).expand(len(planes_), 2, 3), planes_.shape, align_corners=True
    )
    got = functional.grid_sample(planes_, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
    return got.numpy().reshape(x.shape) + fill


for _config in AFFINES:
    for _shape in SHAPES:

        @TABLE.row("affine", f"torch {_config} {_shape}")
        def _(affine, config=_config, shape=_shape):
            x = pictures(10, shape)
            for fill in (0.0, 0.5):
                matrix = hand_affine(**config)
                close(affine(x, matrix, fill=fill), torch_affine(x, matrix, fill), rtol=1e-9, atol=1e-9)


for _degrees in (0.0, 10.0, 45.0, -77.0, 180.0):
    for _shape in SHAPES:

        @TABLE.row("rotate", f"scipy {_degrees} {_shape}")
        def _(rotate, degrees=_degrees, shape=_shape):
            x = pictures(11, shape)
            for fill in (0.0, 0.4):
                # SciPy's axes (1, 0) turn counter-clockwise
                want = per_plane(
                    lambda p, fill=fill: ndimage.rotate(
                        p, degrees, axes=(1, 0), reshape=False, order=1, mode="grid-constant", cval=fill
                    ),
                    x,
                )
                close(rotate(x, degrees=degrees, fill=fill), want, rtol=1e-8, atol=1e-8)


@TABLE.row("rotate", "quarter turns, one angle for each picture, uint8")
def _(rotate):
    x = pictures(12, (3, 6, 6), np.uint8)
    for turns in range(4):
        assert np.array_equal(rotate(x, degrees=90.0 * turns), np.rot90(x, turns, axes=(-2, -1)))
    got = rotate(x, degrees=np.array([0.0, 90.0, -90.0]))
    assert np.array_equal(got, np.stack([x[0], np.rot90(x[1]), np.rot90(x[2], -1)]))


@TABLE.row("random_affine", "loop over the draws")
def _(function):
    x = pictures(13, (4, 2, 6, 8))
    hyper = {"degrees": 30.0, "scale": (0.8, 1.3), "shear": 0.2, "shift": 0.25}
    got = function(x, **hyper, rng=np.random.default_rng(14))
    rng = np.random.default_rng(14)
    turns, scales = rng.uniform(-30, 30, 4), rng.uniform(0.8, 1.3, 4)
    shears, shifts = rng.uniform(-0.2, 0.2, (2, 4)), rng.uniform(-0.25, 0.25, (2, 4))
    for i in range(4):
        shift = (8 * shifts[0, i], 6 * shifts[1, i])
        matrix = hand_affine(turns[i], scales[i], shears[:, i], shift)
        close(got[i], torch_affine(x[i], matrix), rtol=1e-9, atol=1e-9)


def dlt(start, end):
    """A homography as the null vector of its equations, by singular values, up to scale."""
    rows = []
    for (x, y), (u, v) in zip(start, end, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, -u], [0, 0, 0, x, y, 1, -v * x, -v * y, -v]]
    m = np.linalg.svd(np.array(rows))[2][-1].reshape(3, 3)
    return m / m[2, 2]


CORNERS = np.array([(0, 0), (7, 0), (7, 5), (0, 5)], dtype=float)
MOVED = [CORNERS + np.random.default_rng(seed).uniform(-1, 1, (4, 2)) for seed in range(4)]


@TABLE.row("homography", "null vector by SVD; the points arrive; many at once")
def _(function):
    for end in MOVED:
        m = function(CORNERS, end)
        close(m, dlt(CORNERS, end), rtol=1e-7, atol=1e-9)
        arrived = np.c_[CORNERS, np.ones(4)] @ m.T
        close(arrived[:, :2] / arrived[:, 2:], end, rtol=1e-9, atol=1e-9)
    many = function(CORNERS, np.stack(MOVED))
    close(many, np.stack([dlt(CORNERS, end) for end in MOVED]), rtol=1e-7, atol=1e-9)


@TABLE.row("perspective", "scipy, one map for all and one for each")
def _(function):
    x = pictures(15, (4, 2, 6, 8))
    for end in MOVED:
        want = per_plane(lambda p, end=end: sampled(p, dlt(CORNERS, end), 0.3), x)
        close(function(x, end, fill=0.3), want, rtol=1e-7, atol=1e-8)
    want = np.stack(
        [
            per_plane(lambda p, e=e: sampled(p, dlt(CORNERS, e), 0.0), one)
            for one, e in zip(x, MOVED, strict=True)
        ]
    )
    close(function(x, np.stack(MOVED)), want, rtol=1e-7, atol=1e-8)


@TABLE.row("random_perspective", "loop over the draws")
def _(function):
    x = pictures(16, (3, 2, 6, 8))
    got = function(x, distortion=0.4, rng=np.random.default_rng(17))
    draws = np.random.default_rng(17).random((3, 4, 2))
    signs = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    for i in range(3):
        end = CORNERS + signs * draws[i] * 0.4 * np.array([3.5, 2.5])
        close(
            got[i],
            per_plane(lambda p, end=end: sampled(p, dlt(CORNERS, end), 0.0), x[i]),
            rtol=1e-7,
            atol=1e-8,
        )


# --- colours ---


def loop_colour(x, factor, base):
    """base + factor (value − base), cut to [0, 1], number by number; base(picture, i, j)."""
    out = np.empty_like(x)
    for n, picture in enumerate(x):
        for c, i, j in np.ndindex(picture.shape):
            b = base(picture, i, j)
            out[n, c, i, j] = min(max(b + factor * (picture[c, i, j] - b), 0.0), 1.0)
    return out


def grey_at(picture, i, j):
    if len(picture) != 3:
        return math.fsum(picture[:, i, j]) / len(picture)
    return 0.299 * picture[0, i, j] + 0.587 * picture[1, i, j] + 0.114 * picture[2, i, j]


def mean_grey(picture, i, j):
    places = list(np.ndindex(picture.shape[1:]))
    return math.fsum(grey_at(picture, *place) for place in places) / len(places)


BASES = {"brightness": lambda *_: 0.0, "contrast": mean_grey, "saturation": grey_at}
ENHANCERS = {
    "brightness": ImageEnhance.Brightness,
    "contrast": ImageEnhance.Contrast,
    "saturation": ImageEnhance.Color,
}
for _name, _base in BASES.items():
    for _factor in (0.0, 0.5, 1.0, 1.8):

        @TABLE.row(_name, f"loop factor={_factor}")
        def _(function, base=_base, factor=_factor, name=_name):
            for channels in (3,) if name == "saturation" else (1, 3):
                x = pictures(18, (2, channels, 4, 5))
                want = loop_colour(x, factor, base)
                close(function(x, factor=factor), want)
                close(function(x[0], factor=factor, layout="CHW"), want[0])
                if channels == 1:
                    close(function(x[:, 0], factor=factor), want[:, 0])

        @TABLE.row(_name, f"Pillow factor={_factor}")
        def _(function, name=_name, factor=_factor):
            x = pictures(19, (3, 7, 6), np.uint8)
            # Pillow cuts fractions off and rounds the mean grey: one or two steps of 255 apart
            theirs = np.asarray(ENHANCERS[name](Image.fromarray(np.moveaxis(x, 0, -1))).enhance(factor))
            got = function(x, factor=factor, layout="CHW")
            assert got.dtype == np.uint8 and np.abs(np.moveaxis(got, 0, -1).astype(int) - theirs).max() <= 2

    @TABLE.row(_name, "a factor for each picture")
    def _(function, base=_base):
        x = pictures(20, (3, 3, 4, 4))
        got = function(x, factor=np.array([0.3, 1.0, 1.6]))
        for i, factor in enumerate((0.3, 1.0, 1.6)):
            close(got[i : i + 1], loop_colour(x[i : i + 1], factor, base))


@TABLE.row("greyscale", "loop, and Pillow")
def _(function):
    x = pictures(21, (2, 3, 4, 5))
    close(function(x), loop_colour(x, 0.0, grey_at))
    x = pictures(21, (3, 9, 8), np.uint8)
    theirs = np.asarray(Image.fromarray(np.moveaxis(x, 0, -1)).convert("L"))
    got = function(x, layout="CHW")
    assert np.abs(got.astype(int) - theirs).max() <= 1 and got.shape == x.shape


@TABLE.row("colour_jitter", "loop over the draws")
def _(function):
    for channels in (3, 1):
        x = pictures(22, (4, channels, 3, 4))
        got = function(x, bright=0.3, contrasts=0.5, colour=1.4, rng=np.random.default_rng(23))
        rng = np.random.default_rng(23)
        factors = rng.uniform(0.7, 1.3, 4), rng.uniform(0.5, 1.5, 4), rng.uniform(0.0, 2.4, 4)
        for i in range(4):
            want = x[i : i + 1]
            for factor, base in zip(factors, BASES.values(), strict=True):
                if base is not grey_at or channels == 3:
                    want = loop_colour(want, factor[i], base)
            close(got[i : i + 1], want)


for _sigma in (0.0, 0.1, 0.6):

    @TABLE.row("gaussian_noise", f"loop over the draws sigma={_sigma}")
    def _(function, sigma=_sigma):
        x = pictures(24, (2, 3, 4, 5))
        noise = np.reshape([sigma * e for e in np.random.default_rng(25).standard_normal(x.size)], x.shape)
        close(function(x, sigma=sigma, rng=np.random.default_rng(25)), x + noise)
        x = pictures(24, (2, 3, 4, 5), np.uint8)
        got = function(x, sigma=sigma, rng=np.random.default_rng(25))
        assert got.dtype == np.uint8 and np.abs(got.astype(int) - uint8(x + 255 * noise)).max() <= 1


for _sigma in (0.3, 1.0, 2.4):
    for _shape in SHAPES:

        @TABLE.row("gaussian_blur", f"scipy sigma={_sigma} {_shape}")
        def _(function, sigma=_sigma, shape=_shape):
            x = pictures(26, shape)
            close(
                function(x, sigma=sigma),
                per_plane(lambda p: ndimage.gaussian_filter(p, sigma, mode="mirror"), x),
            )


# --- hiding ---

for _size in (1, 4, 5, 20):

    @TABLE.row("cutout", f"loop size={_size}")
    def _(function, size=_size):
        for x in (pictures(27, (6, 2, 8, 7)) + 0.1, pictures(27, (6, 8, 7), np.uint8)):
            got = function(x, size=size, fill=0.0, rng=np.random.default_rng(28))
            rng = np.random.default_rng(28)
            rows, columns = rng.integers(0, 8, 6).tolist(), rng.integers(0, 7, 6).tolist()
            want = x.copy()
            for n in range(6):
                for i in range(rows[n] - size // 2, rows[n] - size // 2 + size):
                    for j in range(columns[n] - size // 2, columns[n] - size // 2 + size):
                        if 0 <= i < 8 and 0 <= j < 7:
                            want[n, ..., i, j] = 0
            assert np.array_equal(got, want) and got.dtype == x.dtype


@TABLE.row("random_erasing", "Algorithm 1, try by try")
def _(function):
    x = pictures(29, (30, 2, 12, 10)) + 1.0  # apart from what is put in
    hyper = {"probability": 0.7, "area": (0.05, 0.5), "ratio": (0.3, 3.3), "tries": 3}
    got = function(x, **hyper, rng=np.random.default_rng(30))
    rng = np.random.default_rng(30)
    areas, ratios = rng.uniform(0.05, 0.5, (3, 30)) * 120, rng.uniform(0.3, 3.3, (3, 30))
    chosen = rng.random(30) < 0.7
    sizes = []
    for n in range(30):
        found = (0, 0)
        for k in reversed(range(3)):
            h, w = round(math.sqrt(areas[k, n] * ratios[k, n])), round(math.sqrt(areas[k, n] / ratios[k, n]))
            found = (h, w) if h < 12 and w < 10 else found
        sizes.append(found if chosen[n] else (0, 0))
    tall, wide = np.transpose(sizes)
    tops, lefts = rng.integers(0, 12 - tall + 1), rng.integers(0, 10 - wide + 1)
    noise, want = rng.random(x.shape), x.copy()
    for n, (h, w) in enumerate(sizes):
        place = (n, slice(None), slice(tops[n], tops[n] + h), slice(lefts[n], lefts[n] + w))
        want[place] = noise[place]
    close(got, want)
    assert 0 < sum(h > 0 for h, _ in sizes) < 30
    zero = function(x, **hyper, content="zero", rng=np.random.default_rng(30))
    assert np.array_equal(zero == 0, got < 1)
    grey = function(np.zeros((20, 60, 60), np.uint8), **hyper, rng=np.random.default_rng(30))
    assert set(grey.ravel().tolist()) == set(range(256)), "every colour can come"


# --- putting together ---


@TABLE.row("compose", "by hand: in order, and rng only to those that draw")
def _(compose):
    def draws(x, *, rng):
        return x + rng.random()

    x = np.ones((2, 3, 3))
    got = compose(
        x, transforms=(lambda x: 2 * x, draws, lambda x: x**2, draws), rng=np.random.default_rng(31)
    )
    a, b = np.random.default_rng(31).random(2)
    close(got, (2 + a) ** 2 + b + 0 * x)
    close(compose(x, transforms=(), rng=np.random.default_rng(0)), x)


@TABLE.row("sometimes", "by hand: the chosen pictures and no others")
def _(sometimes):
    x = pictures(32, (8, 2, 3, 3))
    for p in (0.0, 0.5, 1.0):
        got = sometimes(x, transform=lambda x: 1 - x, probability=p, rng=np.random.default_rng(33))
        chosen = np.random.default_rng(33).random(8) < p
        close(got, [1 - x[i] if chosen[i] else x[i] for i in range(8)])
    one = sometimes(
        x[0], transform=lambda x: 1 - x, probability=1.0, layout="CHW", rng=np.random.default_rng(33)
    )
    close(one, 1 - x[0])
