"""The cases on which a learner's function is tried, drawn from the registry and a seed.

Seed 0 gives the visible cases of `check`; a grader draws hidden ones from its own secret seed.
The modules beside this file make the cases of a registry kind: every optimizer, schedule, … has cases
without being listed.
"""

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module

import numpy as np

from course_lib import registry
from course_lib.messages import t


@dataclass(frozen=True, eq=False)
class Case:
    """One configuration and what the function is fed, call by call.

    inputs: the positional arguments of each call, without the p and the state that are carried on.
    start: the first p of an update rule, else None. carries_state: whether `(value, state)` comes back
    and the state goes into the next call. hyper: keyword arguments of every call; `rng` is a seed, from
    which every run makes its own generator.
    """

    hyper: Mapping[str, object]
    inputs: tuple[tuple, ...]
    start: np.ndarray | None = None
    carries_state: bool = False

    @property
    def label(self) -> str:
        """What distinguishes this case, to be shown: "lr=0.1, momentum=0.9, p (2, 3)".

        Without hyperparameters the shapes that the first call is fed: "(4, 3), (4,)".
        """
        words = [f"{k}={_shown(v)}" for k, v in self.hyper.items() if k != "rng"]
        if self.start is not None:
            words.append(f"p {self.start.shape}")
        shown = [x for x in self.inputs[0] if isinstance(x, np.ndarray | tuple)]
        return ", ".join(words or [str(getattr(x, "shape", x)) for x in shown])


_MAKERS: dict[str, Callable] = {}


def cases(name: str, seed: int = 0, count: int = 4) -> list[Case]:
    """`count` cases for the registered function `name`. Raises KeyError where it has none."""
    entry = registry.get(name)
    rng = np.random.default_rng([seed, *name.encode()])
    if not has_cases(entry):
        known = [e.name for e in registry.entries() if has_cases(e)]
        raise KeyError(t("check.no_task", got=name, names=", ".join(known)))
    return [_maker(entry)(entry, rng, index) for index in range(count)]


def has_cases(entry) -> bool:
    """Whether an entry can be a task."""
    # A rule that draws its own batches answers differently for every way of drawing.
    return _maker(entry) is not None and not entry.traits.get("draws_batches")


def _maker(entry):
    return _MAKERS.get(entry.name) or _MAKERS.get(entry.kind)


def makes_cases(*kinds):
    """The decorated make(entry, rng, index) → Case serves these registry kinds, or functions, by name."""

    def decorate(make):
        _MAKERS.update(dict.fromkeys(kinds, make))
        return make

    return decorate


def draw_hyper(entry, rng, index, **fixed):
    """The defaults first, so that the first case is the plainest; then draws from the sliders' ranges."""
    chosen = {}
    for name, values in entry.ranges.items():
        default = entry.defaults.get(name)
        value = default if index == 0 and default is not None else float(rng.choice(values.values()))
        # Four digits are enough to tell configurations apart, and readable in a label.
        chosen[name] = int(value) if isinstance(default, int) else float(f"{value:.4g}")
    return {**chosen, **fixed}


def _shown(value):
    if isinstance(value, partial):
        inside = ", ".join(f"{k}={_shown(v)}" for k, v in value.keywords.items())
        return f"{value.func.__name__.strip('_')}({inside})"
    return f"{value:g}" if isinstance(value, float) else str(value)


for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
