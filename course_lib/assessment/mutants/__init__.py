"""Known wrong versions of the algorithms, a module for each module of `course_lib.algorithms`.

`check` compares a wrong answer with these and names the mistake; a test proves that every oracle rejects
each of them. The text that a learner sees is the message `mutant.<function>.<mistake>`.
Most are written out, as the mistake is the point; those that only change an input reuse the right rule.
"""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from course_lib.messages import t


@dataclass(frozen=True)
class Mutant:
    """One wrong version: of which function, which mistake, and the version itself."""

    of: str
    mistake: str
    function: Callable

    @property
    def text(self) -> str:
        """What the learner is told."""
        return t(f"mutant.{self.of}.{self.mistake}")


_MUTANTS: list[Mutant] = []


def mutants(name: str | None = None) -> list[Mutant]:
    """The wrong versions of one function, or all."""
    return [m for m in _MUTANTS if name in (None, m.of)]


def wrong(of):
    """Enter the decorated function as a wrong version of `of`; its name is the mistake's, after `of_`."""

    def decorate(function):
        _MUTANTS.append(Mutant(of, function.__name__.removeprefix(f"{of}_"), function))
        return function

    return decorate


for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
