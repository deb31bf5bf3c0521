"""The cases on which a learner's function is tried, drawn from the registry and a seed.

Seed 0 gives the visible cases of `check`; a grader draws hidden ones from its own secret seed.
Every registered optimizer, schedule and clipping rule has cases without being listed here.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from course_lib import registry
from course_lib.messages import t

STEPS = 25


@dataclass(frozen=True, eq=False)
class Case:
    """One configuration and what the function is fed, call by call.

    inputs: the positional arguments of each call, without the p and the state that are carried on.
    start: the first p of an update rule, else None. carries_state: whether `(value, state)` comes back
    and the state goes into the next call. hyper: keyword arguments of every call.
    """

    hyper: Mapping[str, object]
    inputs: tuple[tuple, ...]
    start: np.ndarray | None = None
    carries_state: bool = False

    @property
    def label(self) -> str:
        """What distinguishes this case, to be shown: "lr=0.1, momentum=0.9, p (2, 3)"."""
        words = [f"{k}={_shown(v)}" for k, v in self.hyper.items() if k != "rng"]
        if self.start is not None:
            words.append(f"p {self.start.shape}")
        return ", ".join(words)


def cases(name: str, seed: int = 0, count: int = 4) -> list[Case]:
    """`count` cases for the registered function `name`. Raises KeyError where it has none."""
    entry = registry.get(name)
    rng = np.random.default_rng([seed, *name.encode()])
    if not _has_cases(entry):
        known = [e.name for e in registry.entries() if _has_cases(e)]
        raise KeyError(t("check.no_task", got=name, names=", ".join(known)))
    return [_MAKERS[entry.kind](entry, rng, index) for index in range(count)]


def _has_cases(entry):
    # A rule that draws its own batches answers differently for every way of drawing.
    return entry.kind in _MAKERS and not entry.traits.get("draws_batches")


def _hyper(entry, rng, index, **fixed):
    """The defaults first, so that the first case is the plainest; then draws from the sliders' ranges."""
    chosen = {}
    for name, values in entry.ranges.items():
        default = entry.defaults.get(name)
        value = default if index == 0 and default is not None else float(rng.choice(values.values()))
        # Four digits are enough to tell configurations apart, and readable in a label.
        chosen[name] = int(value) if isinstance(default, int) else float(f"{value:.4g}")
    return {**chosen, **fixed}


def _rule_case(entry, rng, index):
    matrix = entry.traits.get("ndim") == 2
    shape = ((4, 3), (3, 5), (4, 4), (2, 6))[index % 4] if matrix else ((3,), (2, 3), (1,), (5,))[index % 4]
    hyper = _hyper(entry, rng, index)
    if "eps" in entry.defaults and index == 1:
        hyper["eps"] = 0.01  # large enough to show where it stands
    start = rng.normal(size=shape)
    # Gradients that change sign and scale, as real ones do.
    scale = 10.0 ** rng.uniform(-1, 1, size=(STEPS, *([1] * len(shape))))
    gradients = scale * (rng.normal(size=shape) + rng.normal(size=(STEPS, *shape)))
    if entry.needs_grad_fn:
        curvature = rng.uniform(0.2, 2.0, size=shape)
        inputs = tuple((partial(_linear_gradient, curvature, g),) for g in gradients)
    else:
        inputs = tuple((g,) for g in gradients)
    return Case(hyper, inputs, start, carries_state=True)


def _linear_gradient(curvature, offset, p):
    return curvature * p + offset


def _schedule_case(entry, rng, index):
    parameters = inspect.signature(entry.function).parameters
    total = int(rng.integers(20, 60))
    fixed = {"total": total} if "total" in parameters else {}
    if "floor" in parameters and index:
        fixed["floor"] = float(f"{rng.uniform(1e-4, 1e-3):.3g}")
    if "then" in parameters:
        peak = float(f"{rng.uniform(0.05, 0.5):.3g}")
        fixed |= {"steps": int(rng.integers(3, 10)), "then": partial(_falling, peak=peak, total=total)}
    return Case(_hyper(entry, rng, index, **fixed), tuple((step,) for step in range(total + 10)))


def _falling(step, *, peak, total):
    """A straight line down: what follows a warm-up in the cases."""
    return peak * max(0.0, 1 - step / total)


def _plateau_case(entry, rng, index):
    falls = np.concatenate([np.geomspace(1, 0.3, 12), np.full(30, 0.3), np.geomspace(0.3, 0.2, 8)])
    losses = falls * (1 + 0.02 * rng.normal(size=falls.size) * (index > 0))
    hyper = _hyper(entry, rng, index, patience=int(rng.integers(1, 6)))
    return Case(hyper, tuple((float(x),) for x in losses), carries_state=True)


def _clipping_case(entry, rng, index):
    together = "gs" in inspect.signature(entry.function).parameters
    inputs = []
    for scale in np.geomspace(0.01, 100, STEPS):
        arrays = [scale * rng.normal(size=shape) for shape in ((3,), (2, 2), (1,))]
        inputs.append((arrays,) if together else (arrays[index % 3],))
    return Case(_hyper(entry, rng, index), tuple(inputs))


_MAKERS: dict[str, Callable] = {
    "optimizer": _rule_case,
    "schedule": _schedule_case,
    "plateau schedule": _plateau_case,
    "clipping": _clipping_case,
}


def _shown(value):
    if isinstance(value, partial):
        inside = ", ".join(f"{k}={_shown(v)}" for k, v in value.keywords.items())
        return f"{value.func.__name__.strip('_')}({inside})"
    return f"{value:g}" if isinstance(value, float) else str(value)
