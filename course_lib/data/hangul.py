"""Hangul initial consonants: 28 × 28 grey pictures of whole syllables; the label is the first letter.

The bank beside this file holds undistorted glyphs of the training and the validation font families, drawn by
`course_lib.data.make_hangul`. Here each glyph becomes one picture: moved, turned, sheared, enlarged, with a
contrast and a noise of its own. docs/hangul.en.md is the datasheet.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from course_lib.algorithms._images import bilinear
from course_lib.algorithms.augment_warp import affine_matrix
from course_lib.messages import t

BANK = Path(__file__).with_name("hangul_bank.npz")
CONSONANTS = tuple("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ")  # the 14 plain ones, in dictionary order: label 0 … 13
SIDE = 28
LEVELS = 16  # grey levels of a stored glyph
PART = 128  # glyphs that are distorted at once
CANVAS = 96  # the length in which shifts are told: a picture's side, whatever its pixels
# Half widths of the uniform distributions, except noise: its standard deviation, in grey levels of 256.
DEGREES, SCALE, SHEAR, SHIFT, NOISE = 21.0, 0.28, 0.28, 9.0, 36.0
PAPER, CONTRAST = (0.0, 35.0), (155.0, 230.0)  # grey of the background; how much brighter the ink is
# Where ㄱ … ㅎ stand among the 19 initials of Unicode, doubled ones left out
_PLAIN = (0, 2, 3, 5, 6, 7, 9, 11, 12, 14, 15, 16, 17, 18)


@dataclass(frozen=True, eq=False)
class Hangul:
    """x: (n, 28, 28) uint8. y: (n,) int64, a place in CONSONANTS. All arrays are read-only.

    split: "train", "validation" or "test". family: (n,) int64, a place in `families`. syllables: (n,) str.
    seed: what the distortion was drawn from.
    """

    split: str
    x: np.ndarray
    y: np.ndarray
    family: np.ndarray
    families: tuple[str, ...]
    syllables: np.ndarray
    seed: int

    def sha256(self) -> str:
        """The hash of all pictures and labels, for telling two data sets apart."""
        return hashlib.sha256(self.x.tobytes() + self.y.astype("<i8").tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class Bank:
    """Undistorted glyphs. glyphs: (m, s, s) uint8 in 0 … 15, ink high. codes: (m,), Unicode of each.

    family: (m,), a place in `families`; splits: the split of each family. about: seed, versions, font files.
    """

    glyphs: np.ndarray
    codes: np.ndarray
    family: np.ndarray
    families: tuple[str, ...]
    splits: tuple[str, ...]
    about: dict


@lru_cache(maxsize=8, typed=True)  # typed: True is no seed, though it equals 1
def load_hangul(split: str, *, seed: int | None = None, bank: str | Path = BANK) -> Hangul:
    """The pictures of one split, "train" or "validation": one of each glyph in the bank.

        train, held_back = load_hangul("train"), load_hangul("validation")

    seed: of the distortion, by default the one the bank was made with; same seed, same bytes.
    bank: another bank; one made with `course data make --hidden` holds the split "test".
    Raises ValueError on a split that the bank does not hold, or a seed that is no whole number ≥ 0.
    """
    stored = load_bank(bank)
    if split not in stored.splits:
        known = ", ".join(map(repr, dict.fromkeys(stored.splits)))
        raise ValueError(t("data.no_split", got=repr(split), known=known))
    seed = check_seed(stored.about["seed"] if seed is None else seed)
    chosen = np.flatnonzero(np.array(stored.splits)[stored.family] == split)
    # A stream of its own for each split, so that equal seeds give no equal distortions
    rng = np.random.default_rng([seed, *split.encode()])
    chosen = rng.permutation(chosen)
    members = [i for i, of in enumerate(stored.splits) if of == split]
    codes = stored.codes[chosen].astype(np.int64)
    arrays = {
        "x": distort(stored.glyphs[chosen], rng=rng),
        "y": initials(codes),
        "family": np.searchsorted(members, stored.family[chosen]),
        "syllables": np.array([chr(code) for code in codes]),
    }
    for array in arrays.values():
        array.setflags(write=False)
    return Hangul(split, **arrays, families=tuple(stored.families[i] for i in members), seed=seed)


def load_bank(path: str | Path = BANK) -> Bank:
    """The glyphs as stored. Raises FileNotFoundError, and ValueError on a file that is no bank."""
    try:
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in ("glyphs", "codes", "family")}
            families, splits = (tuple(map(str, stored[name])) for name in ("families", "splits"))
            return Bank(**arrays, families=families, splits=splits, about=json.loads(str(stored["about"])))
    except FileNotFoundError:
        raise
    except Exception as error:  # a cut or foreign file fails in zipfile, zlib, NumPy or json
        raise ValueError(t("data.no_bank", path=str(path), error=error)) from error


def initials(codes):
    """The labels of syllables by Unicode arithmetic: initial = (code − 가) // 588, −1 where it is doubled.

    codes: whole numbers. Returns int64 of the same shape. Source: The Unicode Standard, §3.12.
    """
    places = np.full(19, -1, dtype=np.int64)
    places[list(_PLAIN)] = np.arange(len(_PLAIN))
    return places[(np.asarray(codes, dtype=np.int64) - ord("가")) // 588]


def distort(glyphs, *, rng):
    """One picture of each glyph: uint8 (n, s, s) in 0 … 15 → uint8 (n, 28, 28).

        p' = s R(θ) K p + t,    y = paper + contrast · ink + σ ε,    all but σ drawn for each picture

    θ ~ U(±21°), s ~ U(1 ± 0.28), both shears ~ U(±0.28), both shifts ~ U(±9 px of 96), ε ~ N(0, 1).
    """
    n = len(glyphs)

    def around(centre, half, *size):
        return rng.uniform(centre - half, centre + half, (*size, n))

    matrix = affine_matrix(
        degrees=around(0, DEGREES),
        scale=around(1, SCALE),
        shear=tuple(around(0, SHEAR, 2)),
        shift=tuple(around(0, SHIFT * SIDE / CANVAS, 2)),
    )
    paper, contrast = (rng.uniform(*span, (n, 1, 1)).astype(np.float32) for span in (PAPER, CONTRAST))
    pictures = np.empty((n, SIDE, SIDE), dtype=np.uint8)
    # A part at a time: memory that is used again costs no page faults, half of the time
    for part in (slice(start, start + PART) for start in range(0, n, PART)):
        # y = paper + contrast · ink + σ ε
        ink = _moved(glyphs[part], matrix[part])
        noise = np.float32(NOISE) * rng.standard_normal(ink.shape, dtype=np.float32)
        pictures[part] = np.clip(np.rint(paper[part] + contrast[part] * ink + noise), 0, 255)
    return pictures


def _moved(glyphs, matrix):
    """Glyphs (n, s, s) through maps [A t] (n, 2, 3): the ink, 0 … 1, at the pixels of (n, 28, 28)."""
    n, side = len(glyphs), glyphs.shape[-1]
    # p = A⁻¹ (p' − t), from the picture's pixels to the glyph's, both about their centres: (n, 2, 28 · 28)
    rows, columns = np.mgrid[:SIDE, :SIDE].reshape(2, -1) - (SIDE - 1) / 2
    new = np.stack([columns, rows]) - matrix[:, :, 2:]
    old = np.linalg.inv(matrix[:, :, :2]) @ new * (side / SIDE) + (side - 1) / 2
    columns, rows = old.reshape(n, 2, SIDE, SIDE).swapaxes(0, 1)
    return bilinear(glyphs[:, None].astype(np.float32) / (LEVELS - 1), rows, columns)[:, 0]


def check_seed(seed) -> int:
    """The seed as an int. Raises ValueError unless it is a whole number ≥ 0."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(t("data.seed", got=repr(seed)))
    return int(seed)
