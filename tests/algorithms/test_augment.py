"""Image augmentation: pure, every layout and pixel type, its laws, its refusals."""

import inspect
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import algorithms as a
from course_lib import registry
from course_lib.messages import LANGUAGES, speaking

seeds = st.integers(0, 2**32 - 1)
DTYPES = ("uint8", "float32", "float64")
CORNERS = [(0, 0), (7, 1), (6, 5), (1, 6)]
ARGUMENTS = {
    "crop": ((), {"size": (4, 5), "top": 1}),
    "random_crop": ((), {"size": (6, 7)}),
    "resize": ((), {"size": (9, 5)}),
    "rotate": ((), {"degrees": 25.0}),
    "warp": ((np.array([[1, 0.1, 0.5], [0, 1.1, -1], [0.01, 0, 1]]),), {}),
    "affine": ((a.affine_matrix(degrees=20, shift=(1, 0)),), {}),
    "perspective": ((CORNERS,), {}),
    "brightness": ((), {"factor": 1.5}),
    "contrast": ((), {"factor": 0.5}),
    "saturation": ((), {"factor": 1.5}),
    "compose": ((), {"transforms": (a.flip, partial(a.random_crop, size=6), a.cutout)}),
    "sometimes": ((), {"transform": a.flip}),
    "cutout": ((), {"size": 3}),
    "random_erasing": ((), {"probability": 1.0, "area": (0.1, 0.4)}),
}
ENTRIES = [
    e for e in registry.entries("image augmentation") if "x" in inspect.signature(e.function).parameters
]
NAMES = [e.name for e in ENTRIES]


def pictures(dtype="float64", shape=(5, 3, 7, 8), seed=0):
    x = np.random.default_rng(seed).random(shape)
    return (255 * x).astype("uint8") if dtype == "uint8" else x.astype(dtype)


def applied(entry, x, seed=1, **more):
    parameters = inspect.signature(entry.function).parameters
    args, hyper = ARGUMENTS.get(entry.name, ((), {}))
    if "rng" in parameters:
        more["rng"] = np.random.default_rng(seed)
    if "layout" not in parameters:
        more.pop("layout", None)
    return entry.function(x, *args, **{**hyper, **more})


def test_all_but_the_matrices_take_pictures():
    others = {e.name for e in registry.entries("image augmentation")} - set(NAMES)
    assert others == {"affine_matrix", "homography"} and len(NAMES) == 23


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_pure_repeatable_and_dtype_kept(entry, dtype):
    x = pictures(dtype)
    kept = x.copy()
    y, again = applied(entry, x), applied(entry, x)
    assert np.array_equal(x, kept) and np.array_equal(y, again)
    assert y.dtype == x.dtype and y.shape[:2] == (5, 3) and not np.shares_memory(x, y)
    y[...] = 0
    assert np.array_equal(x, kept)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_uint8_and_floating_point_show_the_same(entry):
    x = pictures("uint8")
    ours, want = applied(entry, x), applied(entry, x / 255)
    steps = 3 if entry.name == "colour_jitter" else 1  # each of its three changes rounds
    assert np.abs(ours - np.clip(255 * want, 0, 255)).max() < steps + 0.01


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_one_picture_is_a_batch_of_one(entry):
    colour = pictures(shape=(1, 3, 7, 8))
    if "layout" in inspect.signature(entry.function).parameters:
        assert np.array_equal(applied(entry, colour[0], layout="CHW"), applied(entry, colour)[0])
    if entry.name not in ("saturation", "greyscale"):
        grey = pictures(shape=(1, 1, 7, 8))
        whole = applied(entry, grey)
        assert np.array_equal(applied(entry, grey[:, 0]), whole[:, 0])
        assert np.array_equal(applied(entry, grey[0, 0]), whole[0, 0])


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if "rng" in inspect.signature(e.function).parameters], ids=lambda e: e.name
)
def test_each_picture_draws_for_itself_and_its_channels_together(entry):
    """Twenty copies of one picture must not stay alike; equal channels of one must."""
    one = pictures(shape=(1, 1, 7, 8))
    y = applied(entry, np.tile(one, (20, 3, 1, 1)))
    assert len({picture.tobytes() for picture in y}) > 1
    if entry.name not in ("gaussian_noise", "random_erasing"):
        np.testing.assert_allclose(y, y[:, :1] + 0 * y, rtol=1e-12)


# --- laws ---


@given(seeds, st.sampled_from(["horizontal", "vertical"]))
def test_two_flips_are_none(seed, direction):
    x = pictures(seed=seed)
    once = a.flip(x, direction=direction)
    assert not np.array_equal(once, x) and np.array_equal(a.flip(once, direction=direction), x)


@given(seeds, st.integers(0, 6), st.sampled_from(["constant", "edge", "reflect"]))
def test_a_crop_undoes_a_pad(seed, pixels, mode):
    x = pictures(seed=seed)
    wide = a.pad(x, pixels=pixels, mode=mode)
    assert np.array_equal(a.crop(wide, size=(7, 8), top=pixels, left=pixels), x)


@given(seeds)
def test_what_changes_nothing_changes_nothing(seed):
    x, rng = pictures(seed=seed), np.random.default_rng(seed)
    for same in (
        a.rotate(x, degrees=0.0),
        a.rotate(x, degrees=360.0),
        a.resize(x, size=(7, 8)),
        a.warp(x, np.eye(3)),
        a.affine(x, a.affine_matrix(degrees=0)),
        a.perspective(x, [(0, 0), (7, 0), (7, 6), (0, 6)]),
        a.brightness(x, factor=1.0),
        a.contrast(x, factor=1.0),
        a.saturation(x, factor=1.0),
        a.gaussian_noise(x, sigma=0.0, rng=rng),
        a.gaussian_blur(x, sigma=0.1),
        a.random_affine(x, degrees=0.0, scale=(1, 1), shear=0.0, shift=0.0, rng=rng),
        a.random_perspective(x, distortion=0.0, rng=rng),
        a.colour_jitter(x, bright=0.0, contrasts=0.0, colour=0.0, rng=rng),
        a.random_flip(x, probability=0.0, rng=rng),
        a.random_erasing(x, probability=0.0, rng=rng),
    ):
        np.testing.assert_allclose(same, x, atol=1e-9)


@given(seeds, st.integers(-3, 3), st.integers(-3, 3))
def test_a_whole_shift_moves_pixels_and_fills_what_opens(seed, right, down):
    x = pictures(seed=seed, shape=(7, 8))
    got = a.affine(x, a.affine_matrix(degrees=0, shift=(right, down)), fill=0.5)
    wide = np.pad(x, 3, constant_values=0.5)
    np.testing.assert_allclose(got, wide[3 - down : 10 - down, 3 - right : 11 - right], atol=1e-9)


@given(seeds, st.floats(-180, 180))
def test_a_turn_and_its_inverse_leave_the_middle(seed, degrees):
    """On a smooth picture, where bilinear sampling loses little."""
    rows, columns = np.mgrid[:31, :31] / 30
    phase = seed % 7
    x = 0.5 + 0.4 * np.sin(3 * rows + phase) * np.cos(2 * columns)
    back = a.rotate(a.rotate(x, degrees=degrees), degrees=-degrees)
    assert np.abs(back - x)[8:-8, 8:-8].max() < 0.01


def test_positive_angles_turn_counter_clockwise():
    x = np.zeros((9, 9))
    x[4, 7] = 1.0  # a dot right of the middle
    for degrees, place in ((90, (1, 4)), (180, (4, 1)), (-90, (7, 4))):
        y = a.rotate(x, degrees=float(degrees))
        assert np.unravel_index(y.argmax(), y.shape) == place and y.max() > 0.999


@given(seeds, st.floats(0.5, 2.0), st.floats(-60, 60), st.floats(0, 1))
def test_sampling_never_leaves_the_range_of_what_it_mixes(seed, scale, degrees, fill):
    x = pictures(seed=seed)
    y = a.affine(x, a.affine_matrix(degrees=degrees, scale=scale), fill=fill)
    assert y.min() >= min(x.min(), fill) - 1e-12 and y.max() <= max(x.max(), fill) + 1e-12


@given(seeds)
def test_a_homography_and_the_one_back_are_inverse(seed):
    start = np.array([(0, 0), (7, 0), (7, 6), (0, 6)], dtype=float)
    end = start + np.random.default_rng(seed).uniform(-1, 1, (4, 2))
    there, back = a.homography(start, end), a.homography(end, start)
    product = back @ there
    np.testing.assert_allclose(product / product[2, 2], np.eye(3), atol=1e-8)


@given(seeds, st.floats(0, 3))
def test_colours_stay_in_their_range(seed, factor):
    for dtype in ("uint8", "float32"):
        x = pictures(dtype, seed=seed)
        for change in (a.brightness, a.contrast, a.saturation):
            y = change(x, factor=factor)
            assert y.min() >= 0 and y.max() <= (255 if dtype == "uint8" else 1)


def test_bright_uint8_turns_white_and_not_black():
    x = np.full((1, 2, 2), 200, dtype="uint8")
    assert np.all(a.brightness(x, factor=1.5) == 255)
    assert np.all(
        a.gaussian_noise(np.full((1, 50, 50), 250, dtype="uint8"), sigma=0.1, rng=np.random.default_rng(0))
        > 100
    )


@given(seeds, st.floats(0.3, 3.0))
def test_a_blur_keeps_flat_pictures_and_smooths_others(seed, sigma):
    x = pictures(seed=seed, shape=(16, 16))
    np.testing.assert_allclose(a.gaussian_blur(np.full((9, 9), 0.3), sigma=sigma), 0.3, rtol=1e-9)
    assert a.gaussian_blur(x, sigma=sigma).std() < x.std()


@given(seeds, st.integers(1, 12))
def test_cutout_hides_a_rectangle_of_at_most_its_size(seed, size):
    y = a.cutout(np.ones((6, 2, 9, 8)), size=size, rng=np.random.default_rng(seed))
    for picture in y:
        assert np.array_equal(picture[0], picture[1])
        rows, columns = np.nonzero(picture[0] == 0)
        tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert rows.size == tall * wide and tall <= size and wide <= size
        assert tall >= min(size // 2, 9) and wide >= min(size // 2, 8)


@given(seeds)
def test_erasing_keeps_to_its_area_and_ratio(seed):
    x = np.ones((8, 1, 40, 40))
    y = a.random_erasing(x, probability=1.0, area=(0.1, 0.3), content="zero", rng=np.random.default_rng(seed))
    for picture in y[:, 0]:
        rows, columns = np.nonzero(picture == 0)
        tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert rows.size == tall * wide
        assert 0.08 < rows.size / 1600 < 0.33 and 0.25 < tall / wide < 4.0


def test_probabilities_are_kept():
    x = np.tile(pictures(shape=(1, 1, 4, 4)), (4000, 1, 1, 1))
    for function in (
        a.random_flip,
        partial(a.sometimes, transform=a.flip),
        partial(a.random_erasing, area=(0.3, 0.3), ratio=(1, 1)),
    ):
        y = function(x, probability=0.3, rng=np.random.default_rng(0))
        assert abs((y != x).any(axis=(1, 2, 3)).mean() - 0.3) < 0.03


def test_a_pipeline_is_a_partial():
    steps = (
        a.random_flip,
        partial(a.sometimes, transform=partial(a.rotate, degrees=20)),
        partial(a.random_crop, size=6),
    )
    train = partial(a.compose, transforms=steps)
    y = train(pictures(), rng=np.random.default_rng(0))
    assert y.shape == (5, 3, 6, 6)
    nested = a.compose(pictures(), transforms=(train,), rng=np.random.default_rng(0))
    assert np.array_equal(nested, y)


# --- refusals ---

X = pictures()
CUT = partial(a.sometimes, transform=partial(a.crop, size=3), probability=1.0)
WRONG = [
    (lambda: a.flip(X, direction="sideways"), r"^flip: direction.*'sideways'.*direction='horizontal'"),
    (lambda: a.pad(X, mode="wrap"), r"^pad: mode.*'wrap'.*mode='constant'"),
    (lambda: a.flip(np.ones((1, 2, 3, 4, 5))), r"^flip: x.*\(N, C, H, W\).*\(1, 2, 3, 4, 5\)"),
    (lambda: a.rotate(X, degrees=1.0, layout="CHW"), r"^rotate: x.*'CHW'"),
    (lambda: a.flip(X[:0]), r"^flip: x.*\(0, 3, 7, 8\)"),
    (lambda: a.crop(X, size=(8, 8)), r"^crop: .*\(7, 8\).*\(8, 8\).*pad"),
    (lambda: a.crop(X, size=4, left=5), r"^crop: .*\(7, 8\).*5.*"),
    (lambda: a.random_crop(X, size=30, rng=None), r"^random_crop: .*\(15, 16\).*\(30, 30\)"),
    (lambda: a.resize(X, size=0), r"^resize: size.*0.*size=\(28, 28\)"),
    (lambda: a.resize(X, size=(3, 2.5)), r"^resize: size.*2\.5"),
    (lambda: a.rotate(X, degrees=np.ones(3)), r"^rotate: degrees.* 5.*degrees=15"),
    (lambda: a.rotate(X, degrees="left"), r"^rotate: degrees.*'left'"),
    (lambda: a.rotate(X, degrees=np.nan), r"^rotate: degrees.*nan"),
    (lambda: a.warp(X, np.ones((3, 3))), r"^warp: matrix"),
    (lambda: a.warp(X, np.eye(2)), r"^warp: matrix.*\(3, 3\).*\(2, 2\).*np\.eye\(3\)"),
    (lambda: a.warp(X, np.full((3, 3), np.inf)), r"^warp: matrix"),
    (lambda: a.affine(X, np.zeros((2, 3))), r"^affine: matrix"),
    (lambda: a.affine(X, np.ones((4, 2, 3))), r"^affine: matrix.*\(4, 2, 3\).*affine_matrix\(degrees=10\)"),
    (lambda: a.affine_matrix(degrees=1, scale=0.0), r"^affine_matrix: scale.*0.*scale=1"),
    (lambda: a.affine_matrix(degrees=1, shear=1), r"^affine_matrix: shear.*1.*shear=\("),
    (lambda: a.perspective(X, [(0, 0), (1, 1), (2, 2), (0, 3)]), r"^perspective: corners"),
    (lambda: a.homography([(0, 0), (1, 1), (2, 2), (0, 3)], CORNERS), r"^homography: start"),
    (lambda: a.homography(CORNERS, [(0, 0), (1, 1), (2, 2), (0, 3)]), r"^homography: end"),
    (lambda: a.homography([CORNERS] * 2, [CORNERS] * 3), r"^homography: end.*\(3, 4, 2\)"),
    (lambda: a.random_affine(X, scale=(1.2, 0.8), rng=None), r"^random_affine: scale.*\(1\.2, 0\.8\)"),
    (lambda: a.random_erasing(X, area=0.3, rng=None), r"^random_erasing: area.*0\.3.*area=\(0\.02"),
    (lambda: a.brightness(X, factor=-0.5), r"^brightness: factor.*-0\.5"),
    (lambda: a.brightness(X - 0.5, factor=1.1), r"^brightness: .*\[0, 1\].*255"),
    (lambda: a.contrast(X * np.nan, factor=1.1), r"^contrast: .*nan"),
    (lambda: a.saturation(X[:, :1], factor=1.1), r"^saturation: .* 1.*layout=\"CHW\""),
    (lambda: a.greyscale(X[:, :2]), r"^greyscale: .* 2.*layout=\"CHW\""),
    (lambda: a.cutout(X, fill=-1.0, rng=None), r"^cutout: fill.*-1"),
    (lambda: a.pad(pictures("uint8"), fill=300), r"^pad: .*fill.*300.*fill=128"),
    (lambda: a.rotate(pictures("uint8"), degrees=1, fill=0.5), r"^rotate: .*fill.*0\.5.*fill=128"),
    (lambda: a.perspective(X, "corners"), r"^perspective: corners"),
    (lambda: CUT(X, rng=np.random.default_rng(0)), r"^sometimes: .*\(5, 3, 3, 3\).*compose"),
]  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("call", "pattern"), WRONG, ids=lambda x: x if isinstance(x, str) else "")
def test_what_does_not_fit_is_refused_with_a_remedy(call, pattern, lang):
    with speaking(lang), pytest.raises(ValueError, match=pattern):
        call()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.name != "compose"], ids=lambda e: e.name)
def test_only_arrays_of_pixels_are_pictures(entry, lang):
    with speaking(lang):
        for x in ([[0.5, 1.0]], np.ones((2, 3, 4, 4), dtype=int), np.ones((4, 4), dtype=complex)):
            with pytest.raises(TypeError, match=rf"^{entry.name}: x.*uint8"):
                applied(entry, x)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_transforms_are_functions(lang):
    with speaking(lang):
        with pytest.raises(TypeError, match=r"^compose: transform.*str.*partial\(rotate"):
            a.compose(X, transforms=("flip",), rng=None)
        with pytest.raises(TypeError, match=r"^sometimes: transform.*NoneType"):
            a.sometimes(X, transform=None, probability=1.0, rng=np.random.default_rng(0))
