"""The judging part: from the numbers of `measure` to findings. It runs no learner's code.

It trusts no number: what is missing or is none counts as not found.
"""

import math
import sys

from course_lib.assessment.audit.findings import Audit, Evidence, Finding

# What a strategy must change to count. Above sampling error and rounding, below what honest strategies do.
SIZE = math.log(1.2)  # of a weight against torch's default; He's rule: √6, Xavier's 0.6 … 2.4
ERRORS = 4.0  # standard errors that a weight must be off as well
SIGNAL = math.log(1.25)  # of a layer's output, or its gradient
REACHED = 0.5  # share of the layers whose signals must change by that
ORTHOGONAL = 1.02  # largest over smallest singular value, where torch's default has
NOT_ORTHOGONAL = 1.1  # at least this
RULE = 0.12  # how near sizes come to a known rule to be called by its name
RESPONSE = 0.15  # of hidden moments to a scaled weight: 0 with a norm, 1 without
FROZEN_SHIFT, FROZEN_RESPONSE = 1e-4, 0.3
NOISE = 0.01  # spread of the scores between two passes
SHRINK = 1e-3  # what weight decay takes away over the whole run; AdamW's default, 0.01 at rate 0.001: 0.01
PENALTY = 1e-4  # gradient of the penalty over the data's
CHANGE = 0.02  # of a picture, in standard deviations of its pixels
SOFT = 0.01  # share of a target that is not on its largest class
SLOPE = 0.005  # pull back from a sure answer; label smoothing by 0.1: 0.1
NOT_DONE = 1e-3  # ∂L that is left at scores equal to the target
VARIATION = 0.05  # mean distance of the rates from their mean, over it; a warm-up of one epoch in 15: 0.06
LENGTH = 300  # of an error that is shown
OBEYS = 0.95  # half the rate must make the update smaller than this
MEMORY, REPEAT, RESIDUAL, SCALE = 0.05, 0.05, 0.05, 0.2


def judge(measurements) -> Audit:
    """Findings from what `measure` gave. Never raises, whatever stands there."""
    parts = measurements if isinstance(measurements, dict) else {}
    setting = Part(parts, "setting")
    if setting.error:
        return Audit(tuple(Finding(kind, (setting.failure(),)) for kind in JUDGES))
    return Audit(tuple(Finding(kind, _once(judges(parts))) for kind, judges in JUDGES.items()))


def _once(evidence):
    """The evidence without an error that stands there already: one fault stops several measurements."""
    return tuple({(one.key, str(one.values)): one for one in evidence}.values())


class Part:
    """One part of the measurements, read with care."""

    def __init__(self, parts, name):
        part = parts.get(name)
        self.name, self.numbers = name, part if isinstance(part, dict) else {"error": "KeyError"}
        error = self.numbers.get("error", "")
        self.error = " ".join(error[:LENGTH].split()) if isinstance(error, str) else type(error).__name__

    def one(self, name):
        """A number; NaN where there is none."""
        return _number(self.numbers.get(name))

    def many(self, name):
        """A list of numbers; empty where there is none."""
        values = self.numbers.get(name)
        return [_number(value) for value in values] if isinstance(values, list) else []

    def failure(self):
        """The evidence that the part failed."""
        return Evidence(self.name, False, "failed", {"error": self.error})


def _number(value):
    # a whole number may be too long for a float
    short = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return float(value) if short or isinstance(value, float) else math.nan


def _shown(nothing=5e-5, **values):
    """Numbers as a sentence shows them; what is below `nothing` is 0."""
    return {
        k: str(v) if isinstance(v, int) else f"{0.0 if abs(v) < nothing else v:.3g}"
        for k, v in values.items()
    }


ROW = ("ln_size", "sampling", "condition", "default_condition", "symmetric", "size", "fan_in", "fan_out")


def _initialization(parts):
    part = Part(parts, "initialization")
    if part.error:
        return [part.failure()]
    rows = [dict(zip(ROW, row, strict=True)) for row in zip(*map(part.many, ROW), strict=False)]
    # a norm layer's scale is shown only where it has been changed
    rows = [row for row in rows if row["fan_in"] > 1 or _resized(row)]
    forward, backward = part.many("ln_forward"), part.many("ln_backward")
    reached = [max(abs(f), abs(b)) > SIGNAL for f, b in zip(forward, backward, strict=False)]
    orthogonal = [r for r in rows if r["condition"] < ORTHOGONAL and r["default_condition"] > NOT_ORTHOGONAL]
    numbers = _shown(layers=len(rows), reached=sum(reached), signals=len(reached))
    if any(r["symmetric"] > 0 for r in rows[:-1]) and not any(map(_resized, rows)):
        equal = sum(r["symmetric"] > 0 for r in rows)
        return [Evidence("symmetric", False, "init_symmetric", {**numbers, "equal": str(equal)})]
    many = rows and len(orthogonal) >= REACHED * len(rows)
    evidence = [_sizes(rows, reached, numbers, "orthogonal" if many else "")]
    if many:
        worst = _shown(count=len(orthogonal), condition=max(r["condition"] for r in orthogonal))
        usual = _shown(default=min(r["default_condition"] for r in orthogonal))
        evidence.append(Evidence("orthogonal", True, "init_orthogonal", {**numbers, **worst, **usual}))
    return evidence


def _resized(row):
    """Whether a weight is smaller or larger than torch's by more than chance, and its units differ."""
    return not row["symmetric"] > 0 and abs(row["ln_size"]) > max(SIZE, ERRORS * row["sampling"])


def _sizes(rows, reached, numbers, known):
    """Evidence from the sizes of weights, and from what they do to the signals."""
    changed = [r for r in rows if _resized(r)]
    sizes = [r["ln_size"] for r in changed or rows if not math.isnan(r["ln_size"])]
    ratios = [math.exp(min(size, 700.0)) for size in sizes] or [math.nan]
    numbers = {**numbers, **_shown(changed=len(changed), low=min(ratios), high=max(ratios))}
    if len(rows) > len(sizes) and not changed:
        return Evidence("weights", False, "init_not_finite", numbers)
    if not changed:
        return Evidence("weights", False, "init_same", numbers)
    if sum(reached) < REACHED * len(reached) or not reached:
        return Evidence("weights", False, "init_no_effect", numbers)
    return Evidence(known or _rule(changed), True, "init_scale", numbers)


def _rule(rows):
    """The known rule that most of the sizes follow, or "weights"."""
    rules = {
        "he": lambda r: 2 / r["fan_in"],
        "xavier": lambda r: 2 / (r["fan_in"] + r["fan_out"]),
        "lecun": lambda r: 1 / r["fan_in"],
        "he_out": lambda r: 2 / r["fan_out"],
    }
    for name, variance in rules.items():
        whole = [r for r in rows if r["fan_in"] >= 1 and r["fan_out"] >= 1]
        fits = [abs(r["size"] / math.sqrt(variance(r)) - 1) < RULE for r in whole]
        if sum(fits) > 0.7 * len(rows):
            return name
    return "weights"


def _normalization(parts):
    part = Part(parts, "normalization")
    if part.error:
        return [part.failure()]
    pairs = list(zip(part.many("up"), part.many("down"), strict=False))
    worst = [max(abs(up), abs(down)) for up, down in pairs]
    acting = [value for value in worst if value < RESPONSE]
    train, evaluation, shift = part.one("train"), part.one("eval"), part.one("shift")
    numbers = _shown(
        acting=len(acting),
        probed=len(pairs),
        response=min(acting or worst, default=math.nan),
        train=train,
        eval=evaluation,
    )
    if not acting:
        return [Evidence("norm", False, "norm_none" if worst else "norm_no_hidden", numbers)]
    if abs(evaluation - train) > FROZEN_RESPONSE and shift < FROZEN_SHIFT:
        return [Evidence("norm", False, "norm_frozen", numbers)]
    return [Evidence("norm", True, "norm_acts", numbers)]


def _measured(parts, name, strategy, value, least, **more):
    """Evidence that compares one number of a part with the least that counts."""
    part = Part(parts, name)
    if part.error:
        return part.failure()
    number = part.one(value)
    found = number >= least
    numbers = _shown(value=number, least=least, **{k: part.one(v) for k, v in more.items()})
    return Evidence(strategy, found, f"{strategy}_{'yes' if found else 'no'}", numbers)


def _regularization(parts):
    return [
        _measured(parts, "noise", "noise", "spread", NOISE),
        _measured(parts, "decay", "decay", "shrink", SHRINK),
        _measured(parts, "penalty", "penalty", "share", PENALTY),
        _augmented(parts),
        _measured(parts, "augmentation", "mixing", "soft", SOFT),
        _smoothed(parts),
    ]


def _augmented(parts):
    part = Part(parts, "augmentation")
    if part.error:
        return part.failure()
    change, spread = part.one("change"), part.one("spread")
    numbers = _shown(change=change, spread=spread, least=CHANGE)
    if change >= CHANGE and spread >= CHANGE:
        return Evidence("augmentation", True, "augmentation_yes", numbers)
    return Evidence("augmentation", False, f"augmentation_{'same' if change >= CHANGE else 'no'}", numbers)


def _smoothed(parts):
    part = Part(parts, "smoothing")
    if part.error:
        return part.failure()
    slope, left = part.one("slope"), part.one("one_hot")
    numbers = _shown(value=slope, least=SLOPE)
    if slope >= SLOPE and not left >= NOT_DONE:
        return Evidence("smoothing", False, "smoothing_target", numbers)
    found = slope >= SLOPE
    return Evidence("smoothing", found, f"smoothing_{'yes' if found else 'no'}", numbers)


def _optimization(parts):
    return [_schedule(parts), *_updates(parts)]


def _schedule(parts):
    part, update = Part(parts, "rates"), Part(parts, "update")
    if part.error:
        return part.failure()
    names = ("variation", "lowest", "highest", "first", "last")
    numbers = _shown(
        1e-9, **{name: part.one(name) for name in names}, least=VARIATION, obeys=update.one("obeys")
    )
    if not part.one("variation") >= VARIATION:
        return Evidence("schedule", False, "schedule_no", numbers)
    if not update.one("obeys") < OBEYS:
        return Evidence("schedule", False, "schedule_ignored", numbers)
    return Evidence("schedule", True, "schedule_yes", numbers)


def _updates(parts):
    part = Part(parts, "update")
    if part.error:
        return [part.failure()]
    if not part.one("moved") > 0:
        return [Evidence("momentum", False, "update_none")]
    names = ("memory", "residual", "scale", "repeat", "ahead", "ahead_residual")
    values = {name: part.one(name) for name in names}
    numbers, slack = _shown(**values, growth=10 * values["scale"]), 10 * max(part.one("rounding"), 0.0)
    found = {
        "momentum": values["memory"] >= MEMORY + slack,
        "adaptive": values["residual"] >= RESIDUAL + slack or abs(values["scale"] - 1) >= SCALE + slack,
        "ahead": values["ahead"] > 1 and values["ahead_residual"] >= RESIDUAL / 5 + slack,
    }
    found["memory"] = values["repeat"] >= REPEAT + slack and not any(found.values())
    evidence = [Evidence(name, True, f"{name}_yes", numbers) for name, yes in found.items() if yes]
    return evidence or [Evidence("momentum", False, "update_plain", numbers)]


JUDGES = {
    "initialization": _initialization,
    "normalization": _normalization,
    "regularization": _regularization,
    "optimization": _optimization,
}
