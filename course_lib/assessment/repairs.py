"""Tasks that repair a training run: `check("mend_it", {"lr": 0.1, "initialization": "he_normal"})`.

    @repair_task(lr=(1e-5, 10.0), epochs=(1, 5), initialization=("zeros", "he_normal"))
    def mend_it(settings, seeds=(0, 1, 2)) -> Repair:
        losses = [train(**settings, seed=seed) for seed in seeds]
        return Repair({"learns": max(losses) < 0.5}, mistake="" if … else "zeros")

The answer is data, never code: a `dict` of settings. It is copied value by value, and only exact `str`,
`int` and `float` pass; the training happens on the trusted side.
Texts: `repair.<task>.<label>` says what was tested, `repair.<task>.<mistake>` what is wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from course_lib.assessment.outcome import Outcome, shown
from course_lib.assessment.run import Refusal
from course_lib.messages import t


@dataclass(frozen=True)
class Repair:
    """What the training showed. passed: {label: whether this test passed}. mistake: its name, or ""."""

    passed: Mapping[str, bool]
    mistake: str = ""


@dataclass(frozen=True)
class RepairTask:
    """What is asked for. run: trains with the settings and judges. allowed: {setting: range or options}.

    A pair of floats is a range, ends included; a pair of ints a range of whole numbers; strings are options.
    """

    name: str
    run: Callable[[dict], Repair]
    allowed: Mapping[str, tuple]

    def judge(self, given) -> Outcome:
        """What came of the given settings. Never raises for what they are."""
        try:
            settings = self._settings(given)
        except Refusal as refusal:
            labels = (t("task.settings_label"),)
            return Outcome(self.name, (False,), labels, str(refusal), "refused", refusal.key, asks="repair")
        with np.errstate(all="ignore"):  # a run that diverges is an answer too
            found = self.run(settings)
        passed = tuple(map(bool, found.passed.values()))
        labels = tuple(t(f"repair.{self.name}.{label}") for label in found.passed)
        if all(passed):
            return Outcome(self.name, passed, labels, asks="repair")
        text = t(f"repair.{self.name}.{found.mistake}") if found.mistake else t("task.not_repaired")
        kind = "mutant" if found.mistake else "parted"
        return Outcome(self.name, passed, labels, text, kind, found.mistake, asks="repair")

    def _settings(self, given):
        """A new dict, in the task's order, of plain values within what is allowed. Raises Refusal."""
        if given is None or given is Ellipsis:
            raise Refusal("task.no_settings", names=_listed(self.allowed))
        if type(given) is not dict or any(type(name) is not str for name in given):
            raise Refusal("task.want_settings", got=type(given).__name__, names=_listed(self.allowed))
        unknown = [name for name in given if name not in self.allowed]
        if unknown:
            raise Refusal(
                "task.unknown_setting", got=_listed([shown(unknown[0])]), names=_listed(self.allowed)
            )
        missing = [name for name in self.allowed if name not in given]
        if missing:
            raise Refusal("task.missing_setting", names=_listed(missing))
        return {name: plain(name, given[name], allowed) for name, allowed in self.allowed.items()}


def _listed(names):
    return ", ".join(f"`{name}`" for name in names)


def plain(name, value, allowed):
    """`value`, if it is a plain value within `allowed`: a range, or options. Raises Refusal."""
    if type(allowed[0]) in (str, bool):
        if type(value) is type(allowed[0]) and value in allowed:
            return value
        raise Refusal("task.setting_option", name=name, got=shown(value), options=_listed(map(repr, allowed)))
    low, high = allowed
    whole = type(low) is int
    if type(value) is not int and (whole or type(value) is not float):
        key = "task.setting_whole" if whole else "task.setting_number"
        raise Refusal(key, name=name, got=shown(value))
    if not low <= value <= high:
        raise Refusal("task.setting_range", name=name, got=shown(value), low=f"{low:g}", high=f"{high:g}")
    return value if whole else float(value)


_TASKS: dict[str, RepairTask] = {}


def repair_task(**allowed):
    """Enter the decorated function(settings) → Repair as the task of its own name.

    allowed: for each setting a range (two numbers) or the options (strings).
    """

    def decorate(function):
        _TASKS[function.__name__] = RepairTask(function.__name__, function, allowed)
        return function

    return decorate


def repair_tasks() -> dict[str, RepairTask]:
    """Every task that repairs a training run."""
    return dict(_TASKS)
