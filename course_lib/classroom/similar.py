"""Which submissions of a class share more of their own code than the class does: a reason to look, no proof.

Where the answer is a formula, everybody's code looks alike. So what was handed out and what the solution
holds does not count, and of the rest a fingerprint weighs log(answered / holding): nothing where all who
answered a cell have it, most where two of many have it. The share of a pair is the weight that both have over
the whole weight of the one that has less, so code added to a copy does not hide it. A pair is listed when its
share stands out of all pairs of the class, and rests on enough rare fingerprints.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from course_lib.classroom.exports import write_whole
from course_lib.classroom.fingerprints import fingerprints
from course_lib.classroom.page import render, title_of
from course_lib.grading.release import Release, assignments, read_release
from course_lib.grading.submission import cell_name
from course_lib.messages import LANGUAGES, speaking

PARTS = ("exercises", "solutions")
RARE = 4  # a fingerprint is rare where at most one in so many of those who answered the cell has it
LEAST_RARE = 12  # of them; about four statements
LEAST_SHARE, GREAT_SHARE = 0.3, 0.8  # no pair is listed below, however alone it stands; each is above
CHANCE = 0.05  # pairs of a class that lie beyond its limit, if shares fall off as the class's do
MOST_PAIRS, MOST_LINES, MOST_CHARACTERS = 50, 120, 200  # on a page; of a cell; of a line
CONTEXT = 12  # lines shown around one that is shared


@dataclass(frozen=True)
class Shared:
    """A cell of a pair. code: both sources. marked: for each the lines, from 1, where rare code is shared."""

    cell: str
    code: tuple[str, str]
    marked: tuple[frozenset[int], frozenset[int]]


@dataclass(frozen=True)
class Pair:
    """Two submissions to be looked at side by side.

    share: of their unusual code, 0 to 1. rare: how many rare fingerprints they share. typical, high: the
    share that half of the class's pairs, and 95 in 100, do not exceed. compared: how many pairs there are.
    cells: where they share something rare. unread: cells that are no Python on either side.
    """

    assignment: str
    students: tuple[str, str]
    share: float
    rare: int
    typical: float
    high: float
    compared: int
    cells: tuple[Shared, ...]
    unread: tuple[str, ...]


def similar_pairs(rows: Iterable[dict], releases: Iterable[Release]) -> list[Pair]:
    """The pairs that stand out, assignment by assignment, the greatest share first.

    rows: as in `results`, of both languages; a student's own submissions are not compared. releases:
    notebooks whose answer cells hold what is nobody's own: as handed out, and solved.
    A cell with fewer than 2 * RARE answers says nothing.
    """
    known, classes = defaultdict(set), defaultdict(list)
    for release in releases:
        for answer in release.answers.values():
            if answer.cell_type == "code":
                known[release.name, answer.grade_id] |= (fingerprints(answer.stub) or {}).keys()
    for row in rows:
        classes[row["assignment"]].append(_Code(row, known))
    return [pair for name, codes in classes.items() for pair in _Class(name, codes).outstanding()]


def known_releases(root: Path, rows: Iterable[dict]) -> list[Release]:
    """What was handed out in the assignments of these rows, and their solutions, where there are any."""
    names = {row["assignment"] for row in rows} & {*assignments(root)}
    found = [root / part / lang / f"{name}.ipynb" for part in PARTS for lang in LANGUAGES for name in names]
    return [read_release(path) for path in found if path.is_file()]


class _Code:
    """What a submission holds of its own. prints: {(cell, hash): lines}. unread: cells that are no Python."""

    def __init__(self, row, known):
        self.student, self.cells, self.prints, self.unread = row["student"], row["cells"], {}, set()
        for cell, source in self.cells.items():
            found = fingerprints(source)
            if found is None:
                self.unread.add(cell)
                continue
            own = found.keys() - known.get((row["assignment"], cell), set())
            self.prints |= {(cell, print_): found[print_] for print_ in own}


class _Class:
    """The submissions of an assignment. share, rare: of each two, as in Pair."""

    def __init__(self, name, codes):
        self.name, self.codes = name, codes
        students = defaultdict(set)  # who hands in twice counts once
        for code in codes:
            students[code.student] |= code.prints.keys()
        holding = Counter(key for held in students.values() for key in held)
        answered = Counter(cell for held in students.values() for cell in {cell for cell, _ in held})
        self.is_rare = {key: RARE * count <= answered[key[0]] for key, count in holding.items()}
        weights = [math.log(answered[key[0]] / count) for key, count in holding.items()]
        holds = self._holds(list(holding))
        both = (holds * np.array(weights) @ holds.T).toarray()
        self.rare = (holds * np.array([*self.is_rare.values()], dtype=float) @ holds.T).toarray()
        least = np.minimum.outer(both.diagonal(), both.diagonal())
        self.share = np.divide(both, least, out=np.zeros_like(both), where=least > 0)

    def _holds(self, keys):
        """Who holds what: 0 or 1, (submissions, fingerprints)."""
        column = {key: i for i, key in enumerate(keys)}
        places = [(row, column[key]) for row, code in enumerate(self.codes) for key in code.prints]
        rows, columns = np.array(places, dtype=int).reshape(-1, 2).T
        return csr_array((np.ones(len(places)), (rows, columns)), shape=(len(self.codes), len(keys)))

    def outstanding(self):
        """The pairs to be listed."""
        students = np.array([code.student for code in self.codes], dtype=object)
        first, second = np.triu_indices(len(students), 1)
        others = students[first] != students[second]
        first, second = first[others], second[others]
        if not len(first):
            return []
        shares, rare = self.share[first, second], self.rare[first, second]
        typical, high = map(float, np.quantile(shares, (0.5, 0.95)))
        listed = np.flatnonzero((shares > limit(shares)) & (rare >= LEAST_RARE))
        return [
            self._pair(first[k], second[k], float(shares[k]), int(rare[k]), typical, high, len(shares))
            for k in listed[np.argsort(-shares[listed], kind="stable")]
        ]

    def _pair(self, i, j, *figures):
        a, b = self.codes[i], self.codes[j]
        places = defaultdict(lambda: (set(), set()))
        for key in a.prints.keys() & b.prints.keys():
            if self.is_rare[key]:
                for lines, code in zip(places[key[0]], (a, b), strict=True):
                    lines |= code.prints[key]
        cells = tuple(
            Shared(cell, (a.cells[cell], b.cells[cell]), tuple(map(frozenset, places[cell])))
            for cell in a.cells
            if cell in places
        )
        unread = tuple(sorted(a.unread | b.unread))
        return Pair(self.name, (a.student, b.student), *figures, cells, unread)


def limit(shares: np.ndarray) -> float:
    """The share beyond which a pair stands out of the shares of all pairs, (pairs,).

    Above the median, the shares of independent work are taken to fall off exponentially, as fast as their
    third quarter does: copies among fewer than a quarter of the pairs do not move it. Beyond the limit lie
    then CHANCE of so many pairs. It stays between LEAST_SHARE and GREAT_SHARE.
    """
    middle, upper = np.quantile(shares, (0.5, 0.75))
    far = middle + (upper - middle) * math.log2(max(1, 0.5 * len(shares) / CHANCE))
    return float(np.clip(far, LEAST_SHARE, GREAT_SHARE))


def write_similar_pages(pairs: list[Pair], folder: Path) -> list[Path]:
    """Write similar.ko.html and similar.en.html into a folder; returns them. Raises OSError."""
    return [
        write_whole(Path(folder, f"similar.{lang}.html"), similar_page(pairs, lang)) for lang in LANGUAGES
    ]


def similar_page(pairs: list[Pair], lang: str) -> str:
    """The page in a language, as HTML. Of many pairs it shows MOST_PAIRS, and says so."""
    with speaking(lang):
        parts = [_view(pair) for pair in pairs[:MOST_PAIRS]]
        left_out = len(pairs) - len(parts)
        return render("similar.html", lang, {"pairs": parts, "left_out": left_out, "rare": RARE})


def _view(pair):
    """What the page shows of a pair."""
    cells = [
        {"name": cell_name(shared.cell), "sides": list(map(_excerpt, shared.code, shared.marked))}
        for shared in pair.cells
    ]
    unread = ", ".join(map(cell_name, pair.unread))
    return {"pair": pair, "title": title_of(pair.assignment), "cells": cells, "unread": unread}


def _excerpt(source, marked):
    """The lines around those that are marked: [(text, whether marked)], with ("⋮", False) for a gap."""
    lines, shown, last = source.split("\n"), [], 0
    near = {n for line in marked for n in range(line - CONTEXT, line + CONTEXT + 1)}
    for n in sorted(near & set(range(1, len(lines) + 1)))[:MOST_LINES]:
        if n > last + 1:
            shown.append(("⋮", False))
        text, last = lines[n - 1], n
        cut = text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"
        shown.append((cut, n in marked))
    return [*shown, ("⋮", False)] if last < len(lines) else shown
