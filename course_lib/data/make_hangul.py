"""The maker of the Hangul glyphs: `course data make --seed N --out F`, from free Korean fonts.

Families are split here, before anything is drawn. A family is one design: its weights, and the fonts that
look like it when laid over it, count as one. Styles (sans, serif, handwriting, detached letters, display) are
spread over the three splits. "test" is in no public file: `--hidden` draws it, for an instructor.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.data.hangul import CONSONANTS, LEVELS, Hangul, check_seed, initials, load_hangul
from course_lib.messages import t

TILE = 40  # a stored glyph's side
OVER = 4  # drawn so many times larger, then averaged: no hinting, smooth edges
INK = 0.72  # the larger side of a font's median syllable, as a share of the tile
PER_INITIAL = {"train": 17, "validation": 12, "test": 12}  # syllables of each initial in each family
FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/Library/Fonts")


@dataclass(frozen=True)
class Family:
    """One design. files: of all its weights, "name.ttc#1" being font 1 of a collection."""

    name: str
    split: str
    style: str
    packages: tuple[str, ...]  # Debian's
    files: tuple[str, ...]


def _family(split, style, name, packages, files):
    return Family(name, split, style, tuple(f"fonts-{p}" for p in packages.split()), tuple(files.split()))


FAMILIES = (
    # Left out, as copies: NanumGothicCoding (NanumGothic), D2Coding and Nanum's YetHangul (NanumBarunGothic,
    # NanumMyeongjo), NanumSquare_ac (NanumSquare), UnBatang (Baekmuk Batang), Bangwool (Bandal),
    # EunjinNakseo (Eunjin). Left out, as hardly legible: the Eco fonts, the two worn BM Euljiro.
    _family(
        "train",
        "sans",
        "NanumGothic",
        "nanum nanum-extra",
        "NanumGothic.ttf NanumGothicBold.ttf NanumGothicLight.ttf NanumGothicExtraBold.ttf",
    ),
    # Barunpen has NanumBarunGothic's skeleton, with rounder ends
    _family(
        "train",
        "sans",
        "NanumBarunGothic",
        "nanum nanum-extra",
        "NanumBarunGothic.ttf NanumBarunGothicBold.ttf NanumBarunGothicLight.ttf"
        " NanumBarunpenR.ttf NanumBarunpenB.ttf",
    ),
    # Laid over each other these two and Noto Sans hardly differ
    _family(
        "train",
        "sans",
        "NanumSquare",
        "nanum nanum-extra noto-cjk",
        "NanumSquareR.ttf NanumSquareB.ttf NanumSquareL.ttf NanumSquareRoundR.ttf NanumSquareRoundB.ttf"
        " NotoSansCJK-Regular.ttc#1 NotoSansCJK-Bold.ttc#1",
    ),
    _family("train", "sans", "Baekmuk Gulim", "baekmuk", "gulim.ttf"),
    _family("train", "sans", "UnDinaru", "unfonts-core", "UnDinaru.ttf UnDinaruLight.ttf UnDinaruBold.ttf"),
    _family(
        "train",
        "serif",
        "NanumMyeongjo",
        "nanum nanum-extra",
        "NanumMyeongjo.ttf NanumMyeongjoBold.ttf NanumMyeongjoExtraBold.ttf",
    ),
    _family(
        "train",
        "serif",
        "Noto Serif",
        "noto-cjk",
        "NotoSerifCJK-Regular.ttc#1 NotoSerifCJK-Bold.ttc#1",
    ),
    _family("train", "serif", "UnGungseo", "unfonts-core", "UnGungseo.ttf"),
    _family("train", "hand", "NanumBrush", "nanum-extra", "NanumBrush.ttf"),
    _family("train", "hand", "NanumPen", "nanum-extra", "NanumPen.ttf"),
    _family("train", "hand", "Eunjin", "alee", "Eunjin.ttf"),
    _family("train", "hand", "UnPenheulim", "unfonts-extra", "UnPenheulim.ttf"),
    _family("train", "detached", "Bandal", "alee", "Bandal.ttf"),
    _family("train", "detached", "Guseul", "alee", "Guseul.ttf"),
    _family("train", "detached", "UnJamoNovel", "unfonts-extra", "UnJamoNovel.ttf"),
    _family("train", "display", "Baekmuk Headline", "baekmuk", "hline.ttf"),
    _family("train", "display", "BM Euljiro", "woowa-bm", "BMEULJIROTTF.ttf"),
    _family("train", "display", "BM Jua", "woowa-bm", "BMJUA_ttf.ttf"),
    _family("validation", "sans", "LexiGulim", "lexi-gulim", "LexiGulim.ttf"),
    _family("validation", "sans", "UnDotum", "unfonts-core", "UnDotum.ttf UnDotumBold.ttf"),
    _family("validation", "serif", "UnShinmun", "unfonts-extra", "UnShinmun.ttf"),
    _family("validation", "hand", "UnVada", "unfonts-extra", "UnVada.ttf"),
    _family("validation", "hand", "BM Yeonsung", "woowa-bm", "BMYEONSUNG_ttf.ttf"),
    _family("validation", "detached", "UnTaza", "unfonts-extra", "UnTaza.ttf"),
    _family("validation", "detached", "UnJamoBatang", "unfonts-extra", "UnJamoBatang.ttf"),
    _family("validation", "display", "BM DoHyeon", "woowa-bm", "BMDOHYEON_ttf.ttf"),
    _family("test", "sans", "Baekmuk Dotum", "baekmuk", "dotum.ttf"),
    _family("test", "sans", "LexiSaebom", "lexi-saebom", "LexiSaebomR.ttf"),
    _family("test", "sans", "UnGraphic", "unfonts-core", "UnGraphic.ttf UnGraphicBold.ttf"),
    _family(
        "test",
        "sans",
        "BM Hanna",
        "woowa-bm",
        "BMHANNAAir_ttf.ttf BMHANNA_11yrs_ttf.ttf BMHANNAPro.ttf",
    ),
    _family("test", "serif", "Baekmuk Batang", "baekmuk", "batang.ttf"),
    _family("test", "hand", "UnPilgi", "unfonts-core", "UnPilgi.ttf UnPilgiBold.ttf"),
    _family("test", "hand", "UnPilgia", "unfonts-extra", "UnPilgia.ttf"),
    _family("test", "hand", "UnPen", "unfonts-extra", "UnPen.ttf"),
    _family("test", "detached", "UnJamoDotum", "unfonts-extra", "UnJamoDotum.ttf"),
    _family("test", "detached", "UnJamoSora", "unfonts-extra", "UnJamoSora.ttf"),
    _family("test", "display", "UnYetgul", "unfonts-extra", "UnYetgul.ttf"),
    _family("test", "display", "BM Kiranghaerang", "woowa-bm", "BMKIRANGHAERANG-TTF.ttf"),
)


def make(out, *, seed: int, hidden: bool = False, folders=FOLDERS) -> tuple[Hangul, ...]:
    """Draw the public bank (training and validation), or the hidden one (test), into the file `out`.

    seed: draws the syllables, and is the default of the distortion. folders: searched for the font files.
    Returns the splits as `load_hangul` reads them from the new file.
    Raises FileNotFoundError, naming the packages, where fonts are missing; ValueError on a bad seed.
    """
    splits = ("test",) if hidden else ("train", "validation")
    chosen = [family for family in FAMILIES if family.split in splits]
    save(out, draw(chosen, seed=seed, folders=folders))
    load_hangul.cache_clear()  # the file may have held another bank
    return tuple(load_hangul(split, bank=out) for split in splits)


def draw(families, *, seed: int, folders=FOLDERS) -> dict[str, np.ndarray]:
    """The arrays of a bank: for each family and initial so many syllables, their weights taken in turn."""
    check_seed(seed)
    paths = find_fonts(families, folders)
    glyphs, codes, places = [], [], []
    for place, family in enumerate(families):
        fonts = [open_font(paths[name], name) for name in family.files]
        # Each family draws from a stream of its own: it stays the same whatever the others are
        rng = np.random.default_rng([seed, *family.name.encode()])
        texts = choose_syllables(PER_INITIAL[family.split], rng=rng)
        glyphs += [glyph(text, fonts[i % len(fonts)]) for i, text in enumerate(texts)]
        codes += map(ord, texts)
        places += [place] * len(texts)
    return {
        "glyphs": np.stack(glyphs),
        "codes": np.array(codes, dtype=np.uint16),
        "family": np.array(places, dtype=np.uint8),
        "families": np.array([family.name for family in families]),
        "splits": np.array([family.split for family in families]),
        "about": np.array(json.dumps(about(families, paths, seed), ensure_ascii=False, sort_keys=True)),
    }


def save(out, arrays) -> None:
    """Write a bank: beside its place first, so that a stop leaves no half of a file."""
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.{os.getpid()}.npz")
    try:
        np.savez_compressed(beside, **arrays)
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)


def common_syllables() -> tuple[str, ...]:
    """Those with a plain initial that EUC-KR encodes in two bytes; rarer ones take eight there."""
    syllables = map(chr, range(ord("가"), ord("힣") + 1))
    return tuple(s for s in syllables if len(s.encode("euc_kr")) == 2 and initials(ord(s)) >= 0)


def choose_syllables(count: int, *, rng) -> list[str]:
    """`count` different syllables of each initial, at random."""
    syllables = np.array(common_syllables())
    labels = initials([ord(s) for s in syllables])
    return [
        str(s)
        for label in range(len(CONSONANTS))
        for s in rng.choice(syllables[labels == label], size=count, replace=False)
    ]


def open_font(path: Path, name: str):
    """The font at the size at which its median syllable fills INK of the large tile."""
    from PIL import ImageFont

    index = int(name.partition("#")[2] or 0)
    trial = ImageFont.truetype(path, 100, index=index, layout_engine=ImageFont.Layout.BASIC)
    sides = [max(_ink(text, trial).size) for text in common_syllables()[::40]]
    return trial.font_variant(size=float(100 * INK * TILE * OVER / np.median(sides)))


def glyph(text: str, font) -> np.ndarray:
    """One syllable, its ink in the middle of its tile: (TILE, TILE) uint8, 0 paper … 15 ink.

    Raises ValueError where the font has no such glyph.
    """
    from PIL import Image

    if bytes(font.getmask(text)) == bytes(font.getmask("\uffff")):
        raise ValueError(t("data.no_glyph", text=text, font=" ".join(font.getname())))
    ink = _ink(text, font)
    large = Image.new("L", (TILE * OVER, TILE * OVER))
    large.paste(ink, tuple((TILE * OVER - side) // 2 for side in ink.size))
    small = np.asarray(large, dtype=float).reshape(TILE, OVER, TILE, OVER).mean(axis=(1, 3))
    return np.rint(small * (LEVELS - 1) / 255).astype(np.uint8)


def _ink(text, font):
    """A syllable as Pillow draws it, white on black, cut to what is not black.

    Not by `getbbox`: that one counts the empty space around a letter, too.
    """
    from PIL import Image, ImageDraw

    sheet = Image.new("L", (4 * int(font.size), 4 * int(font.size)))
    ImageDraw.Draw(sheet).text((font.size, font.size), text, fill=255, font=font)
    return sheet.crop(sheet.getbbox())


def find_fonts(families, folders=FOLDERS) -> dict[str, Path]:
    """{file as named in a family: its path}. Raises FileNotFoundError, naming packages to install."""
    there = {}
    for folder in folders:
        for path in sorted(Path(folder).expanduser().rglob("*.tt[fc]")):
            there.setdefault(path.name, path)
    paths = {name: there.get(name.partition("#")[0]) for family in families for name in family.files}
    lacking = [family for family in families if any(paths[name] is None for name in family.files)]
    if lacking:
        packages = " ".join(sorted({package for family in lacking for package in family.packages}))
        missing = ", ".join(name for family in lacking for name in family.files if paths[name] is None)
        raise FileNotFoundError(t("data.no_fonts", missing=missing, packages=packages))
    return paths


def about(families, paths, seed) -> dict:
    """What a bank was made with: the seed, versions, and each font file's hash."""
    import PIL
    from PIL import features

    return {
        "seed": int(seed),
        "python": ".".join(map(str, sys.version_info[:3])),
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "freetype": features.version("freetype2"),
        "packages": {p: _package_version(p) for family in families for p in family.packages},
        "files": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()},
    }


def _package_version(package):
    """Debian's version of a package; "" where the fonts came in another way."""
    if shutil.which("dpkg-query") is None:
        return ""
    asked = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(asked, capture_output=True, text=True).stdout
