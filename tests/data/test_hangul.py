"""The Hangul data set: its splits, its bytes, its labels; and its maker, on one font that pip installs."""

import importlib.util
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from course_lib.data import hangul, make_hangul
from course_lib.data.hangul import CONSONANTS, load_bank, load_hangul
from course_lib.data.make_hangul import FAMILIES, Family

FONTS = Path(importlib.util.find_spec("koreanize_matplotlib").origin).parent
# One design with two weights, as if it were a family of each split
NANUM = tuple(
    Family(f"Nanum {split}", split, "sans", ("fonts-nanum",), ("NanumGothic.ttf", "NanumGothicBold.ttf"))
    for split in ("train", "validation", "test")
)


def decomposed_initial(syllable):
    """The initial by Unicode's own tables: its name after decomposition."""
    return unicodedata.name(unicodedata.normalize("NFD", syllable)[0]).removeprefix("HANGUL CHOSEONG ")


@pytest.fixture(params=["train", "validation"])
def split(request):
    return load_hangul(request.param)


def test_shapes_types_and_ranges(split):
    n = len(split.x)
    assert split.x.shape == (n, 28, 28) and split.x.dtype == np.uint8
    assert split.y.shape == split.family.shape == split.syllables.shape == (n,)
    assert split.y.dtype == split.family.dtype == np.int64
    assert set(split.y) == set(range(14)) == set(range(len(CONSONANTS)))
    assert set(split.family) == set(range(len(split.families)))
    assert split.x.min() == 0 and split.x.max() == 255
    for array in (split.x, split.y, split.family, split.syllables):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_each_initial_is_as_frequent_in_each_family(split):
    counts = np.zeros((len(split.families), 14), dtype=int)
    np.add.at(counts, (split.family, split.y), 1)
    assert np.all(counts == make_hangul.PER_INITIAL[split.split])


def test_the_label_is_the_initial(split):
    letters = [unicodedata.name(c).removeprefix("HANGUL LETTER ") for c in CONSONANTS]
    assert [letters[y] for y in split.y] == [decomposed_initial(s) for s in split.syllables]


def test_initials_knows_all_syllables_and_refuses_doubled_ones():
    codes = np.arange(ord("가"), ord("힣") + 1)
    letters = [unicodedata.name(c).removeprefix("HANGUL LETTER ") for c in CONSONANTS]
    expected = [decomposed_initial(chr(code)) for code in codes]
    found = [letters[y] if y >= 0 else None for y in hangul.initials(codes)]
    assert found == [letter if letter in letters else None for letter in expected]
    assert found.count(None) == 5 * 588


def test_all_syllables_are_common(split):
    assert all(len(s.encode("euc_kr")) == 2 for s in split.syllables)


def test_common_syllables_are_those_of_the_standard_without_doubled_initials():
    # KS X 1001 holds 2350 syllables
    every = [s for s in map(chr, range(ord("가"), ord("힣") + 1)) if len(s.encode("euc_kr")) == 2]
    assert len(every) == 2350
    common = make_hangul.common_syllables()
    assert set(common) < set(every)
    assert {decomposed_initial(s) for s in set(every) - set(common)} == {
        "SSANGKIYEOK",
        "SSANGTIKEUT",
        "SSANGPIEUP",
        "SSANGSIOS",
        "SSANGCIEUC",
    }


def test_no_family_and_no_font_file_is_in_two_splits():
    for of in (lambda f: [f.name], lambda f: f.files):
        names = [name for family in FAMILIES for name in of(family)]
        assert len(names) == len(set(names))
    sizes = {s: sum(f.split == s for f in FAMILIES) for s in ("train", "validation", "test")}
    assert sizes == {"train": 18, "validation": 8, "test": 12} and sum(sizes.values()) == len(FAMILIES)


def test_each_split_has_every_style():
    styles = {s: {f.style for f in FAMILIES if f.split == s} for s in ("train", "validation", "test")}
    assert styles["train"] == styles["validation"] == styles["test"]


def test_the_bank_holds_the_public_families_and_nothing_of_the_hidden():
    bank = load_bank()
    public = [f for f in FAMILIES if f.split != "test"]
    assert bank.families == tuple(f.name for f in public)
    assert bank.splits == tuple(f.split for f in public)
    assert set(bank.about["files"]) == {name for f in public for name in f.files}
    assert set(bank.about["packages"]) == {p for f in public for p in f.packages}
    assert all(bank.about["packages"].values()) and bank.about["pillow"] and bank.about["freetype"]
    assert hangul.BANK.stat().st_size <= 4e6


# These change only when the bank is made again or the distortion changes: then the datasheet changes too.
TRAIN = "9bceee9ddc0a6076e57e96529ba4d6be63ffa6026e395fd74b623cb2a1979f5a"
VALIDATION = "580c77c51f3c557ffe15587d06a8e3192ad20c01cc447e6b371f1bacf8eb6723"


def test_the_same_seed_gives_the_same_bytes():
    assert load_hangul("train").sha256() == TRAIN
    assert load_hangul("validation").sha256() == VALIDATION


def test_the_datasheet_tells_the_hashes():
    docs = Path(hangul.__file__).parents[2] / "docs"
    for lang in ("ko", "en"):
        text = (docs / f"hangul.{lang}.md").read_text(encoding="utf-8")
        assert TRAIN in text and VALIDATION in text
        assert all(family.name in text for family in FAMILIES)
        assert all(package in text for family in FAMILIES for package in family.packages)


def test_another_seed_distorts_the_same_glyphs_in_another_way():
    first, second = load_hangul("validation", seed=1), load_hangul("validation", seed=2)
    assert first.sha256() != second.sha256() and first.seed == 1
    assert sorted(first.syllables) == sorted(second.syllables)
    load_hangul.cache_clear()
    assert load_hangul("validation", seed=1).sha256() == first.sha256()


def test_the_distortion_is_the_same_in_one_part_and_in_many(monkeypatch):
    glyphs = load_bank().glyphs[:20]
    many = hangul.distort(glyphs, rng=np.random.default_rng(0))
    monkeypatch.setattr(hangul, "PART", 7)
    np.testing.assert_array_equal(hangul.distort(glyphs, rng=np.random.default_rng(0)), many)


def still(monkeypatch):
    """Switch the distortion off, contrast and all."""
    for name in ("DEGREES", "SCALE", "SHEAR", "SHIFT", "NOISE"):
        monkeypatch.setattr(hangul, name, 0.0)
    monkeypatch.setattr(hangul, "PAPER", (10.0, 10.0))
    monkeypatch.setattr(hangul, "CONTRAST", (200.0, 200.0))


def test_without_distortion_the_glyph_stands_still(monkeypatch):
    still(monkeypatch)
    glyph = np.zeros((1, 28, 28), dtype=np.uint8)
    glyph[0, 3:9, 5] = 15
    picture = hangul.distort(glyph, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(picture, np.where(glyph == 15, 210, 10))


@pytest.mark.parametrize(
    ("name", "half", "least", "most"),
    [
        ("SHIFT", 24.0, 7.0, 7.0 * 2**0.5),  # 24 of 96 are 7 of 28 pixels, to the right and down
        ("DEGREES", 60.0, 6.0, 7.0),  # a turn by 60° moves a point as far as it is from the centre
        ("SCALE", 0.5, 3.0, 3.5),
        ("SHEAR", 0.5, 3.0, 3.5),
    ],
)
def test_a_distortion_moves_ink_as_far_as_it_says(monkeypatch, name, half, least, most):
    still(monkeypatch)
    monkeypatch.setattr(hangul, name, half)
    glyphs = np.zeros((400, 28, 28), dtype=np.uint8)
    glyphs[:, 13:15, 20:22] = 15  # a dot 7 pixels to the right of the centre
    ink = hangul.distort(glyphs, rng=np.random.default_rng(0)).astype(float) - 10
    rows, columns = (ink.sum(axis) @ np.arange(28) / ink.sum((1, 2)) for axis in (2, 1))
    distance = np.hypot(rows - 13.5, columns - 20.5)
    assert least < distance.max() < most + 0.3


def test_noise_and_contrast_have_the_sizes_they_say():
    blank = np.zeros((300, 28, 28), dtype=np.uint8)
    full = np.full((300, 84, 84), 15, dtype=np.uint8)
    middle = np.s_[:, 12:16, 12:16]
    paper = hangul.distort(blank, rng=np.random.default_rng(0))[middle].astype(float)
    ink = hangul.distort(full, rng=np.random.default_rng(0))[middle].astype(float)
    unclipped = ink[(ink.mean((1, 2)) > 100) & (ink.mean((1, 2)) < 180)]
    assert unclipped.std(axis=(1, 2), ddof=1).mean() == pytest.approx(hangul.NOISE, rel=0.05)
    assert paper.mean() < hangul.PAPER[1]
    low, high = (a + b for a, b in zip(hangul.PAPER, hangul.CONTRAST, strict=True))
    assert low - 25 < ink.mean((1, 2)).min() and ink.mean((1, 2)).max() < min(high, 255) + 25


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be a whole number ≥ 0, got"):
        load_hangul("train", seed=seed)


def test_the_hidden_split_is_not_in_the_public_bank():
    with pytest.raises(ValueError, match=r"no split 'test'; it holds: 'train', 'validation'.*--hidden"):
        load_hangul("test")


def test_a_cut_bank_is_refused(tmp_path):
    cut = tmp_path / "cut.npz"
    cut.write_bytes(hangul.BANK.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"cut\.npz is no file of Hangul glyphs"):
        load_bank(cut)
    with pytest.raises(FileNotFoundError):
        load_bank(tmp_path / "none.npz")


@pytest.fixture
def nanum(monkeypatch):
    """The maker with one design, a few syllables, and the fonts that pip installs."""
    monkeypatch.setattr(make_hangul, "FAMILIES", NANUM)
    monkeypatch.setattr(make_hangul, "PER_INITIAL", dict.fromkeys(make_hangul.PER_INITIAL, 2))
    folders = {path.parent for path in FONTS.rglob("NanumGothic*.ttf")}
    return lambda out, **options: make_hangul.make(out, folders=folders, **options)


def test_the_maker_draws_both_public_splits_and_the_same_bytes_again(nanum, tmp_path):
    train, validation = nanum(tmp_path / "a.npz", seed=5)
    assert (train.families, validation.families) == (("Nanum train",), ("Nanum validation",))
    assert len(train.x) == len(validation.x) == 2 * 14 and train.seed == 5
    assert set(train.syllables) != set(validation.syllables)
    nanum(tmp_path / "deep" / "b.npz", seed=5)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "deep" / "b.npz").read_bytes()
    nanum(tmp_path / "b.npz", seed=6)
    assert set(load_hangul("train", bank=tmp_path / "b.npz").syllables) != set(train.syllables)
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "b.npz", "deep"}


def test_the_hidden_test_holds_test_families_alone(nanum, tmp_path):
    (test,) = nanum(tmp_path / "h.npz", seed=5, hidden=True)
    assert test.split == "test" and test.families == ("Nanum test",)
    assert set(load_bank(tmp_path / "h.npz").splits) == {"test"}


def test_what_is_drawn_is_the_syllable_in_the_middle_and_in_size(nanum, tmp_path):
    nanum(tmp_path / "a.npz", seed=0)
    bank = load_bank(tmp_path / "a.npz")
    assert bank.glyphs.shape == (56, make_hangul.TILE, make_hangul.TILE) and bank.glyphs.max() == 15
    lines = [np.flatnonzero((bank.glyphs > 3).any(axis)[i]) for axis in (1, 2) for i in range(56)]
    middles = [(line[0] + line[-1]) / 2 for line in lines]
    assert np.abs(np.array(middles) - (make_hangul.TILE - 1) / 2).max() <= 1
    sides = np.array([line[-1] - line[0] + 1 for line in lines]).reshape(2, 56).max(0)
    assert np.median(sides) == pytest.approx(make_hangul.INK * make_hangul.TILE, abs=2)
    # bold and regular in turn
    ink = bank.glyphs.reshape(56, -1).mean(1)
    assert ink[1::2].mean() > 1.2 * ink[::2].mean()


def test_missing_fonts_name_the_packages(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"batang\.ttf.*apt-get install fonts-baekmuk.*--fonts"):
        make_hangul.make(tmp_path / "a.npz", seed=0, hidden=True, folders=(tmp_path,))
    assert list(tmp_path.iterdir()) == []


def test_a_font_without_hangul_is_refused():
    from matplotlib import font_manager

    path = font_manager.findfont("DejaVu Sans")
    font = make_hangul.open_font(Path(path), "DejaVuSans.ttf")
    with pytest.raises(ValueError, match="DejaVu Sans Book has no glyph for 가"):
        make_hangul.glyph("가", font)
