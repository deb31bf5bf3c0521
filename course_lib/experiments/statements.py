"""What common notes say, each as an experiment whose verdict is computed.

    claim("adagrad_beats_rmsprop")          in a notebook: what is said, what was measured, the verdict

A claim is a function from seeds to effects, `{condition: [one effect a seed, …]}`, positive where the run
supports what is said, under `@states(…)`. Its texts stand in messages/unitN.toml.
"""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from course_lib.experiments import store
from course_lib.experiments.verdict import Verdict, verdict
from course_lib.messages import t


@dataclass(frozen=True)
class Claim:
    """One thing that notes say. number: its place in the list of what notes get wrong.

    run(seeds, **settings): {condition: [effect, …]}, an effect a seed; a stored one takes `watch`, which
    wraps its outer loop for a progress bar. seeds: enough for a narrow interval.
    margin: the smallest effect that counts. stored: whether it takes too long for a notebook.
    quick: the settings of a shorter run, with "seeds" among them.
    """

    name: str
    number: int
    run: Callable
    seeds: tuple[int, ...]
    margin: float = 0.0
    stored: bool = False
    quick: Mapping[str, object] = field(default_factory=dict)

    def text(self, part: str) -> str:
        """One of the claim's texts in the current language."""
        return t(f"claim.{self.name}.{part}")


@dataclass(frozen=True)
class Result:
    """A claim with the effects that an experiment found. Shows itself in a notebook.

    outdated: the effects come from a file, and the code has changed since.
    """

    claim: Claim
    effects: Mapping[str, list[float]]
    outdated: bool = False

    @cached_property
    def verdict(self) -> Verdict:
        """Computed from the effects, each time anew."""
        return verdict(self.effects, margin=self.claim.margin)

    def _ipython_display_(self):
        from course_lib.experiments import page  # late: it loads matplotlib

        page.display(self)


_CLAIMS: dict[str, Claim] = {}


def states(number, *, seeds, margin=0.0, stored=False, quick=None):
    """List the decorated experiment as a claim under its own name, and return it unchanged."""

    def decorate(function):
        _CLAIMS[function.__name__] = Claim(
            function.__name__, number, function, tuple(seeds), margin, stored, quick or {}
        )
        return function

    return decorate


def claims() -> list[Claim]:
    """All claims, by number."""
    from course_lib import experiments

    # each unit's module registers its claims; here, as they load torch
    for module in pkgutil.iter_modules(experiments.__path__):
        if re.fullmatch(r"unit\d", module.name):
            importlib.import_module(f"{experiments.__name__}.{module.name}")
    return sorted(_CLAIMS.values(), key=lambda claim: claim.number)


def get(name: str) -> Claim:
    """One claim by name. Raises KeyError, with the nearest names."""
    known = {claim.name: claim for claim in claims()}
    if name not in known:
        near = difflib.get_close_matches(name, known) or known
        raise KeyError(t("claim.unknown", got=repr(name), names=", ".join(near)))
    return known[name]


def claim(name: str, *, quick: bool = False) -> Result:
    """Run a claim's experiment, or load its stored result, and judge.

    quick: run a small version now where a result is stored (fewer seeds, less training). Its verdict is
    computed from what that run shows, and so may be "unclear" more often.
    Raises KeyError for an unknown name, FileNotFoundError where the stored result is missing.
    """
    known = get(name)
    if quick and known.quick:
        return Result(known, known.run(**known.quick))
    if known.stored:
        return Result(known, store.load(known), outdated=store.is_stale(known))
    return Result(known, known.run(known.seeds))


def run_experiment(name: str, *, progress: bool = True) -> Result:
    """Run a claim's experiment in full; a stored claim's result is written anew. `course experiment NAME`.

    progress: a bar with the time left on stderr. An interrupt leaves the stored file as it was.
    """
    known = get(name)
    effects = store.record(known, progress) if known.stored else known.run(known.seeds)
    return Result(known, effects)
