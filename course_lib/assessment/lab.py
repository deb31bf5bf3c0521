"""The diagnosis lab: a training that went wrong, its curves, two probes, and an answer that is data.

    patient = lab_case(7)
    patient.probe("first_loss")
    check("diagnosis_7", {"cause": "rate_too_high", "fix": {"lr_times": 0.02}})

A case is drawn by its number, or, for a class, by the instructor's secret: then the notebook finds curves and
probes in the file `diagnosis_cases.npz` beside it, and the causes stay with the grader.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from course_lib.assessment.outcome import Outcome, shown
from course_lib.assessment.repairs import plain
from course_lib.assessment.run import Refusal
from course_lib.messages import t
from course_lib.training.faults import FAULTS, train_recipe, train_run, varied
from course_lib.training.probes import PROBES, examined
from course_lib.training.treatments import TREATMENTS, cured, treated
from course_lib.viz import lab_figures

CAUSES = tuple(name for name in FAULTS if name != "healthy")
CASES = 99  # numbered 1 … 99
MOST = 2  # probes of one case
FILE = "diagnosis_cases.npz"
PUBLIC = 2048  # what the cases of self-study are drawn from
CURVES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
# For each cause two probes that tell it from all others, once the curves have been seen.
DECISIVE = {
    "rate_too_high": ("update_ratio", "activation_std"),
    "rate_too_low": ("update_ratio", "activation_std"),
    "dead_units": ("dead_units", "activation_std"),
    "leak_between_splits": ("split_overlap", "fresh_data"),
    "labels_shuffled": ("label_check", "fresh_data"),
    "no_shuffling": ("batch_order", "step_loss"),
    "eval_mode_forgotten": ("eval_twice", "fresh_data"),
    "norm_statistics_frozen": ("norm_statistics", "step_loss"),
    "overfitting": ("split_overlap", "label_check"),
    "underfitting": ("tiny_set", "eval_twice"),
    "bad_initialization": ("activation_std", "dead_units"),
    "exploding_gradient": ("first_loss", "activation_std"),
}


class LabClosed(Exception):
    """The lab does not do what was asked; the text says why. A notebook shows that one line."""

    def _render_traceback_(self):
        return [str(self)]


class Reading:
    """What one probe found: a picture, a sentence (`text`), rows of a table; arrays in `found`."""

    def __init__(self, name, found):
        self.name, self.found = name, found

    @property
    def text(self) -> str:
        """The probe's title, and what was found, in the current language."""
        return f"{t(f'lab.probe.{self.name}')}: {lab_figures.told(self.name, self.found)}"

    @property
    def rows(self) -> list[dict]:
        """The numbers behind the picture."""
        return lab_figures.rows(self.name, self.found)

    @property
    def picture(self):
        """A Picture of what was found."""
        return lab_figures.reading_picture(self.name, self.found)

    def __repr__(self):
        return self.text

    def _repr_mimebundle_(self, **kwargs):
        return self.picture._repr_mimebundle_(**kwargs)


class Patient:
    """A training that went wrong: `curves`, and at most two probes of one's choice.

    number: of the case. curves: {name: (epochs,)}. asked: the probes so far. It does not know its cause.
    """

    def __init__(self, number, chart, of_class=False):
        self.number, self.asked, self.of_class = number, (), of_class
        self.curves = {name: chart[f"curves/{name}"] for name in CURVES}
        self._chart = chart

    def probe(self, name) -> Reading:
        """What a probe finds; the same one again is free. Raises LabClosed for a third one, KeyError."""
        if name not in PROBES:
            raise KeyError(t("lab.no_probe", got=shown(name), names=", ".join(PROBES)))
        if name not in self.asked:
            if len(self.asked) == MOST:
                raise LabClosed(t("lab.used_up", most=MOST, asked=", ".join(self.asked)))
            self.asked += (name,)
        return Reading(name, _found(self._chart, name))

    @property
    def title(self) -> str:
        """The case's number, in the current language."""
        return t("lab.class_case" if self.of_class else "lab.case", number=self.number)

    @property
    def picture(self):
        """A Picture of the curves."""
        return lab_figures.curves_picture(self.curves, self.title)

    @property
    def text(self) -> str:
        """What the curves show, in a sentence."""
        return lab_figures.curves_told(self.curves)

    @property
    def rows(self) -> list[dict]:
        """The numbers behind the curves."""
        return lab_figures.curves_rows(self.curves)

    @property
    def offered(self) -> dict[str, str]:
        """The probes to choose from: {name: title}."""
        return {name: t(f"lab.probe.{name}") for name in PROBES}

    @property
    def left(self) -> int:
        """How many more probes may be asked for."""
        return MOST - len(self.asked)

    def __repr__(self):
        return f"{self.title}. {self.text}"

    def _repr_mimebundle_(self, **kwargs):
        return self.picture._repr_mimebundle_(**kwargs)


_PATIENTS: dict[tuple, Patient] = {}  # so that a second call gives no new probes


def lab_case(number: int) -> Patient:
    """The case of that number, 1 … 99: a public one, or the class's where its file lies beside the notebook.

    The same number gives the same Patient, with the probes it has already used. Raises LabClosed.
    """
    if type(number) is not int or not 1 <= number <= CASES:
        raise LabClosed(t("lab.no_case", got=shown(number), most=CASES))
    file = Path(FILE).resolve()
    key = (number, str(file) if file.is_file() else "")
    if key not in _PATIENTS:
        chart = _read(file, number) if key[1] else _chart(number)
        _PATIENTS[key] = Patient(number, chart, bool(key[1]))
    return _PATIENTS[key]


@lru_cache(256)
def drawn(number, seed=None):
    """The fault of a case, varied, and the seed it is trained with. seed: of a class, None for self-study.

    Of every twelve cases in a row each cause has one, in an order drawn anew for the next twelve.
    """
    source = PUBLIC if seed is None else seed
    dozen, place = divmod(number - 1, len(CAUSES))
    order = np.random.default_rng([source, 0, dozen]).permutation(len(CAUSES))
    rng = np.random.default_rng([source, 1, number])
    return varied(CAUSES[order[place]], rng=rng), int(rng.integers(2**31))


@lru_cache(32)
def _chart(number, seed=None):
    """Curves and probes of a case as flat arrays: {"curves/val_loss": …, "dead_units/start": …}."""
    fault, training = drawn(number, seed)
    run = train_run(fault.recipe, training)
    chart = {f"curves/{name}": getattr(run.curves, name) for name in CURVES}
    for probe, found in examined(run).items():
        chart |= {f"{probe}/{part}": value for part, value in found.items()}
    return chart


def _found(chart, probe):
    """What one probe found: {part: array}."""
    return {k.split("/")[1]: value for k, value in chart.items() if k.startswith(f"{probe}/")}


# --- cases for a class ------------------------------------------------------------------------------------


def write_cases(path: Path, seed: int, count: int = len(CAUSES)):
    """Write curves and probes of a class's cases 1 … count, without their causes, for the learners.

    seed: drawn from the instructor's secret; the grader draws the causes from it again.
    """
    open(path, "ab").close()  # where nothing can be written, that is said before the work
    charts = {number: _chart(number, seed) for number in range(1, count + 1)}
    arrays = {f"{number}/{key}": value for number, chart in charts.items() for key, value in chart.items()}
    with open(path, "wb") as file:
        np.savez_compressed(file, mark=np.array(_mark(seed)), **arrays)


def made_from(path: Path, seed: int) -> bool:
    """Whether a file of cases was made from this seed. Raises LabClosed for what is no such file."""
    return str(_opened(path)["mark"]) == _mark(seed)


def _mark(seed):
    return hashlib.sha256(f"diagnosis {seed}".encode()).hexdigest()[:16]


def _read(path, number):
    arrays = _opened(path)
    chart = {k.removeprefix(f"{number}/"): v for k, v in arrays.items() if k.startswith(f"{number}/")}
    if not chart:
        most = max(int(key.split("/")[0]) for key in arrays if key != "mark")
        raise LabClosed(t("lab.no_case", got=number, most=most))
    return chart


def _opened(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise LabClosed(t("lab.bad_file", path=path, error=error)) from None
    if "mark" not in arrays or len(arrays) < 2:
        raise LabClosed(t("lab.bad_file", path=path, error="mark"))
    return arrays


# --- answers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LabTask:
    """What is asked for: the cause of a case and what helps. seed: of a class, None for self-study."""

    name: str
    number: int
    seed: int | None = None

    def judge(self, given) -> Outcome:
        """What came of an answer {"cause": …, "fix": {setting: value}}. Never raises for what it is."""
        try:
            cause, fix = answer(given)
        except Refusal as refusal:
            return self._refused(refusal)
        fault, training = drawn(self.number, self.seed)
        before = _before(self.number, self.seed)
        with np.errstate(all="ignore"):  # a repair that diverges is an answer too
            after = train_recipe(treated(fault.recipe, fix), training)
        tests = cured(fault.name, before, after)
        passed = {"cause": cause == fault.name} | tests
        text = "\n\n".join([self._on_cause(cause, fault), self._on_fix(fault, tests, before, after)])
        labels = tuple(t(f"lab.label.{label}") for label in passed)
        kind = "right" if all(passed.values()) else "parted"
        return Outcome(
            self.name,
            tuple(passed.values()),
            labels,
            text,
            kind,
            "" if passed["cause"] else cause,
            asks="diagnosis",
            picture=lambda: lab_figures.repeated_picture(_curves(before), _curves(after)),
        )

    def received(self, given) -> Outcome:
        """Whether an answer can be judged, where the cause is not known here."""
        try:
            answer(given)
        except Refusal as refusal:
            return self._refused(refusal)
        return Outcome(self.name, (True,), (t("lab.label.form"),), t("lab.with_grader"), asks="received")

    def _refused(self, refusal):
        labels = (t("lab.label.form"),)
        return Outcome(self.name, (False,), labels, str(refusal), "refused", refusal.key, asks="diagnosis")

    def _on_cause(self, cause, fault):
        """Whether the cause was named; for self-study also which it is, and what tells it from the other."""
        if self.seed is not None:
            return t("lab.class_right" if cause == fault.name else "lab.class_wrong")
        title, signs = fault.text("title"), fault.text("signs")
        if cause == fault.name:
            return t("lab.right_cause", title=title, signs=signs, here=self._here(cause))
        named = FAULTS[cause].text("title")
        other = t("lab.told_apart", title=named, sign=t(f"lab.sign.{cause}"), here=self._here(cause))
        this = t("lab.told_apart", title=title, sign=t(f"lab.sign.{fault.name}"), here=self._here(fault.name))
        return "\n\n".join([t("lab.wrong_cause", named=named, title=title, signs=signs), other, this])

    def _here(self, cause):
        """What the probes that would show a cause find in this case."""
        chart = _chart(self.number, self.seed)
        return "\n".join(f"- {Reading(name, _found(chart, name)).text}" for name in DECISIVE[cause])

    def _on_fix(self, fault, tests, before, after):
        numbers = {"fresh": f"{after.test_accuracy:.1%}", "reported": f"{after.val_accuracy[-1]:.1%}"}
        numbers["was"] = f"{before.test_accuracy:.1%}"
        if all(tests.values()):
            return t("lab.fixed", **numbers)
        remedy = fault.text("remedy") if self.seed is None else ""
        return t("lab.not_fixed", **numbers, remedy=remedy).strip()


@lru_cache(32)
def _before(number, seed):
    fault, training = drawn(number, seed)
    return train_recipe(fault.recipe, training)


def _curves(curves):
    return {name: getattr(curves, name) for name in CURVES}


def answer(given):
    """(cause, fix) of an answer, copied, plain and within what is allowed. Raises Refusal."""
    if given is None or given is Ellipsis:
        raise Refusal("lab.no_answer")
    if type(given) is not dict or {*map(_plain_key, given)} != {"cause", "fix"}:
        raise Refusal("lab.want_answer", got=type(given).__name__)
    cause, fix = given["cause"], given["fix"]
    if cause is Ellipsis or fix is Ellipsis:
        raise Refusal("lab.no_answer")
    if type(cause) is not str or cause not in CAUSES:
        raise Refusal("lab.no_cause", got=shown(cause), names=", ".join(f"`{name}`" for name in CAUSES))
    if type(fix) is not dict or len(fix) != 1:
        raise Refusal("lab.one_setting", got=shown(fix))
    ((name, value),) = fix.items()
    if type(name) is not str or name not in TREATMENTS:
        names = ", ".join(f"`{one}`" for one in TREATMENTS)
        raise Refusal("task.unknown_setting", got=f"`{shown(name)}`", names=names)
    return cause, {name: plain(name, value, TREATMENTS[name])}


def _plain_key(key):
    return key if type(key) is str else ""


def lab_tasks(seed: int | None = None) -> dict[str, LabTask]:
    """Every case as a task, `diagnosis_1` … `diagnosis_99`. seed: of a class, None for self-study."""
    names = ((f"diagnosis_{number}", number) for number in range(1, CASES + 1))
    return {name: LabTask(name, number, seed) for name, number in names}


def unjudged(name: str, given) -> Outcome | None:
    """What can be said of a class's case where its cause is not known; None for any other task."""
    task = lab_tasks().get(name) if Path(FILE).is_file() else None
    return task.received(given) if task else None
