"""From the effects of a seeded experiment to a verdict. Pure arithmetic: nobody writes a verdict by hand.

An effect is one number for one seed, positive where the run supports the claim.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from course_lib.messages import t

LEVEL = 0.95  # confidence of each interval


@dataclass(frozen=True)
class Interval:
    """The mean of some effects, and where their true mean lies with 95% confidence."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Verdict:
    """word: "holds", "fails", "depends" or "unclear". intervals, findings: by condition.

    A finding is "supports", "opposes" (the opposite is true), "nothing" (no effect in favour) or "unclear".
    """

    word: str
    intervals: Mapping[str, Interval]
    findings: Mapping[str, str]


def interval(effects: Sequence[float]) -> Interval:
    """Student's t interval for the mean of independent effects: mean ± t s/√n.

    effects: at least 2 finite numbers, one a seed. Raises ValueError.
    Source: Student 1908, Biometrika 6.
    """
    x = np.asarray(effects, dtype=float)
    if x.ndim != 1 or len(x) < 2 or not np.all(np.isfinite(x)):
        raise ValueError(t("claim.effects", got=str(list(effects))))
    # mean ± t s/√n, the t of n − 1 degrees of freedom
    mean, half = x.mean(), stdtrit(len(x) - 1, (1 + LEVEL) / 2) * x.std(ddof=1) / len(x) ** 0.5
    return Interval(float(mean), float(mean - half), float(mean + half), len(x))


def finding(interval: Interval, margin: float) -> str:
    """What one condition shows. margin: the smallest effect that counts, ≥ 0."""
    if interval.low > margin:
        return "supports"
    if interval.high < -margin:
        return "opposes"
    return "nothing" if interval.high <= margin else "unclear"


def verdict(effects: Mapping[str, Sequence[float]], *, margin: float = 0.0) -> Verdict:
    """The verdict over all conditions.

        holds     every condition supports the claim
        fails     none does, and none is unclear
        depends   some do and some do not
        unclear   else: an interval reaches across the margin, and more seeds would be needed

    effects: {condition: one effect a seed}. margin: the smallest effect that counts, ≥ 0, in the
    effects' unit. Raises ValueError on fewer than 2 effects or ones that are not finite.
    """
    if not effects or margin < 0:
        raise ValueError(t("claim.no_conditions", got=f"{list(effects)}, margin={margin}"))
    intervals = {condition: interval(values) for condition, values in effects.items()}
    findings = {condition: finding(i, margin) for condition, i in intervals.items()}
    return Verdict(_word(set(findings.values())), intervals, findings)


def _word(found):
    if found == {"supports"}:
        return "holds"
    if "supports" in found and found & {"opposes", "nothing"}:
        return "depends"
    return "unclear" if "unclear" in found else "fails"
