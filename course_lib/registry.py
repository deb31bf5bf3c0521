"""The one list of what the course teaches.

`@register("optimizer", ko=…, en=…, source=…, ranges=…)` above a function is the only place that
lists it; tables, sliders, exercises, cases and tests find it here.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from course_lib.messages import language, t


@dataclass(frozen=True)
class Range:
    """What a slider offers for one hyperparameter: `count` values from low to high."""

    low: float
    high: float
    scale: str = "linear"  # "linear", "log" (equal ratios), or "one_minus" (equal ratios of 1 − x)
    count: int = 41

    def values(self) -> list[float]:
        """The values as Python floats, in increasing order."""
        if self.scale == "log":
            points = np.geomspace(self.low, self.high, self.count)
        elif self.scale == "one_minus":
            points = 1 - np.geomspace(1 - self.low, 1 - self.high, self.count)
        else:
            points = np.linspace(self.low, self.high, self.count)
        return [float(x) for x in points]


@dataclass(frozen=True)
class Entry:
    """One registered function and what the course knows of it."""

    name: str
    kind: str
    function: Callable
    ko: str
    en: str
    source: str
    ranges: Mapping[str, Range] = field(default_factory=dict)
    traits: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name to show, in the current language."""
        return self.ko if language() == "ko" else self.en

    @property
    def needs_grad_fn(self) -> bool:
        """Whether the rule asks for the gradient function in the gradient's place."""
        return "grad_fn" in inspect.signature(self.function).parameters

    @property
    def defaults(self) -> dict[str, object]:
        """The hyperparameters that have a default, with it."""
        return {
            name: parameter.default
            for name, parameter in inspect.signature(self.function).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is not parameter.empty
        }


_ENTRIES: dict[str, Entry] = {}


def register(kind, *, ko, en, source, ranges=None, **traits):
    """List the decorated function under its own name, and return it unchanged.

    kind: "optimizer", "schedule", "clipping", "second order", "line search", "problem", "check", …
    ko, en: the name to show. source: paper and equation. ranges: {hyperparameter: Range}.
    traits: facts that a consumer needs, such as ndim=2 for a rule on whole matrices.
    """

    def decorate(function):
        name = function.__name__
        if name in _ENTRIES and _ENTRIES[name].function.__module__ != function.__module__:
            raise ValueError(f"register: two functions are called {name!r}; rename one")
        _ENTRIES[name] = Entry(
            name, kind, function, ko, en, source, MappingProxyType(ranges or {}), MappingProxyType(traits)
        )
        return function

    return decorate


def get(name: str) -> Entry:
    """The entry of a registered function, by its name."""
    try:
        return _ENTRIES[name]
    except KeyError:
        raise KeyError(t("error.no_entry", got=repr(name), names=", ".join(sorted(_ENTRIES)))) from None


def find(function) -> Entry | None:
    """The entry of this very function, or None: another function of the same name is not it."""
    entry = _ENTRIES.get(getattr(function, "__name__", ""))
    return entry if entry and entry.function is function else None


def entries(kind: str | None = None) -> list[Entry]:
    """All entries, or those of one kind, in the order in which they were registered.

    Only imported modules have registered: `import course_lib.algorithms` loads every algorithm.
    """
    return [entry for entry in _ENTRIES.values() if kind in (None, entry.kind)]
