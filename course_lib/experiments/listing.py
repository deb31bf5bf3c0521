"""All results that are stored because they take too long for a notebook: claims, and whole studies.

A study is a module of this package with NAME, title(), run() → text, and is_stale(root).
"""

from collections.abc import Callable
from dataclasses import dataclass

from course_lib.experiments import store
from course_lib.experiments.statements import claims, run_experiment


@dataclass(frozen=True)
class Stored:
    """One stored result. title: what it is about. run(): makes it anew and returns what came out, in words.

    stale: whether it is missing, or its code has changed since.
    """

    name: str
    title: str
    run: Callable[[], str]
    stale: bool


def stored(root=None) -> list[Stored]:
    """Every stored result. root: the course's folder, by default the one of this package."""
    from course_lib.experiments import assignment, refinements, unit2_fonts  # late: it loads notebooks' code

    found = [
        Stored(c.name, c.text("statement"), _claim(c.name), store.is_stale(c, root))
        for c in claims()
        if c.stored
    ]
    studies = (assignment, unit2_fonts, refinements)
    return [*found, *(Stored(s.NAME, s.title(), s.run, s.is_stale(root)) for s in studies)]


def _claim(name):
    def run():
        from course_lib.experiments.page import plain  # late: it loads matplotlib

        return plain(run_experiment(name))

    return run


def stale(root=None) -> list[str]:
    """The names of stored results that are missing or older than their code, for `course build --check`."""
    return [one.name for one in stored(root) if one.stale]
