"""Who is ahead in the assignment, as far as the seeds can tell.

Each submission was trained with a few seeds. One is *ahead* of another where even its worst seed is better
than the other's best. From the highest mean down, whoever the first of a rank is not ahead of shares that
rank; the next one opens a new rank. "Not ahead" is not transitive, so neighbouring ranks may overlap: `first`
and `last` say which places the seeds leave open.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A row's place. rank: shared by ties. first, last: the places that the seeds leave open.

    low, high: the accuracy of its worst and of its best seed.
    """

    row: dict
    rank: int
    first: int
    last: int
    low: float
    high: float


def accuracies(row: dict) -> list[float]:
    """The accuracy of each seed of a row, [] where one of them failed or nothing was trained."""
    runs = (row["training"] or {}).get("runs", [])
    return [] if any(run["reason"] for run in runs) else [run["accuracy"] for run in runs]


def ahead(one: list[float], other: list[float]) -> bool:
    """Whether the seeds tell that `one` is better. A single seed tells nothing."""
    return min(len(one), len(other)) > 1 and min(one) > max(other)


def chance(seeds: int) -> float:
    """How often the seeds would part two submissions that are equally good: 2 / C(2n, n).

    All orders of the 2n accuracies are then equally likely, and in two of them one's n are all above.
    """
    return 0.0 if seeds < 2 else 2 / math.comb(2 * seeds, seeds)


def ranked(rows: list[dict]) -> list[Place]:
    """The places of the rows whose every seed was trained, the best first."""
    every = [(found, row) for row in rows if (found := accuracies(row))]
    every.sort(key=lambda one: (-one[1]["training"]["mean"], one[1]["student"]))
    places, best = [], None  # best: the first of the present rank
    for i, (found, row) in enumerate(every):
        if best is None or ahead(best, found):
            rank, best = i + 1, found
        before = sum(ahead(other, found) for other, _ in every)
        behind = sum(ahead(found, other) for other, _ in every)
        places.append(Place(row, rank, 1 + before, len(every) - behind, min(found), max(found)))
    return places
