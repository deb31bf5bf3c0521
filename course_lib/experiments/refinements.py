"""The refinements of unit 6, each as one line in the assignment's reference run, with its gain over seeds.

    course experiment refinements                       every run printed; the result is stored
    python -m course_lib.experiments.refinements --small    2 seeds, 1 epoch: to try it out

A line is the reference recipe with one thing changed. EMA and the mean of the last epochs' weights are read
off the reference's own runs. Scores are on the validation fonts, which no training sees.
"""

import argparse
import hashlib
import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from course_lib.algorithms import cutmix, expected_calibration_error, mixup, softmax
from course_lib.experiments import assignment, store
from course_lib.experiments.code import code_hash
from course_lib.experiments.verdict import Interval, interval
from course_lib.messages import t
from course_lib.threads import available_cpus
from course_lib.training.assignment import hangul_data, predict
from course_lib.training.fit import MAX_EPOCHS, fit
from course_lib.training.recipe import plain_cross_entropy
from course_lib.training.refining import Averager, build_sam, put, residual

NAME = "refinements"
SEEDS = (0, 1, 2)
SMALL = {"seeds": (0, 1), "epochs": 1}
LAST = 0.8  # survival of the last residual branch
BINS = 15
MEASURES = ("accuracy", "loss", "ece")

LINES = ("reference", "no_smoothing", "mixup", "cutmix", "sam", "residual", "depth")
READ_OFF = ("ema", "tail")  # from the reference's own runs
BESIDE = {"depth": "residual"}  # what a line is compared with; else the reference


def changed(recipe, line):
    """The recipe of a line: the reference with one thing changed."""
    build, augment = recipe.build_model, recipe.augment
    parts = {
        "reference": {},
        "no_smoothing": {"loss": plain_cross_entropy},
        "mixup": {"augment": (augment, partial(mixup, alpha=0.2))},
        "cutmix": {"augment": (augment, partial(cutmix, alpha=1.0))},
        "sam": {"build_optimizer": build_sam},
        "residual": {"build_model": residual(build)},
        "depth": {"build_model": residual(build, last=LAST)},
    }
    return replace(recipe, **parts[line])


def code(root=None) -> str:
    """A hash of all that the numbers depend on."""
    parts = [code_hash(_measure), assignment.code(root)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def path_of(root=None) -> Path:
    """Where the result is stored."""
    folder = store.HERE if root is None else Path(root) / "course_lib" / "experiments" / "results"
    return folder / f"{NAME}.json"


def load(root=None) -> dict:
    """The stored result: {"runs": {line: {"accuracy": [one a seed], "loss", "ece"}}, "seeds", "epochs"}.

    Raises FileNotFoundError.
    """
    path = path_of(root)
    if not path.is_file():
        raise FileNotFoundError(t("study.no_result", name=NAME))
    return json.loads(path.read_text(encoding="utf-8"))


def is_stale(root=None) -> bool:
    """Whether the full study is missing: no result, one of a short trial, or one of other code."""
    try:
        stored = load(root)
    except FileNotFoundError:
        return True
    return [stored["code"], stored["seeds"], stored["epochs"]] != [code(root), list(SEEDS), MAX_EPOCHS]


def title() -> str:
    """What the study is about, in the current language."""
    return t("study.refinements.title")


def run() -> str:
    """Make the study anew, with all its runs printed; returns its summary."""
    runs = record()["runs"]
    return "\n".join(_line("study.refinements.mean", name, _means(runs[name])) for name in runs)


def record(*, seeds=SEEDS, epochs=MAX_EPOCHS, lines=LINES, jobs=None, root=None) -> dict:
    """Run all lines on all seeds, print each, store the result and return it.

    jobs: processes of one thread each, by default one a CPU. An interrupt keeps the runs that are done: the
    next call goes on after them.
    """
    began, version = time.perf_counter(), code(root)
    beside = path_of(root).with_name(f".{NAME}.{version}.{epochs}.jsonl")
    done = {tuple(row["run"]): row for row in _rows(beside)}
    todo = [(name, seed) for seed in seeds for name in lines if (name, seed) not in done]
    # fork would hang a child once torch has run several threads here
    pool = ProcessPoolExecutor(jobs or available_cpus(), mp_context=get_context("spawn"))
    with pool, beside.open("a", encoding="utf-8") as file:
        for rows in pool.map(partial(_measure, epochs=epochs, root=root), todo):
            for row in rows:
                done[tuple(row["run"])] = row
                file.write(json.dumps(row) + "\n")
                print(_line("study.refinements.run", row["run"][0], row, seed=row["run"][1]), flush=True)
            file.flush()
    names = [*lines, *READ_OFF] if "reference" in lines else [*lines]
    result = {
        "name": NAME,
        "code": version,
        "seeds": list(seeds),
        "epochs": epochs,
        "runs": {n: {m: [round(done[n, s][m], 5) for s in seeds] for m in MEASURES} for n in names},
        "made": store.made(f"course experiment {NAME}", began),
    }
    store.write(path_of(root), result)
    beside.unlink()
    return result


def _rows(path):
    """The runs that an interrupted call has left; a line that was cut off is run again."""
    if not path.is_file():
        return []
    return [json.loads(text) for text in path.read_text(encoding="utf-8").split("\n")[:-1]]


def _measure(run, *, epochs, root):
    """One training of one line: its scores, and for the reference those of its averages as well."""
    name, seed = run
    data, averager = hangul_data(), Averager()
    recipe = averager.watched(changed(assignment.reference(root), name))
    trained = fit(recipe, data, epochs=epochs, seed=seed, watchers=(averager,), threads=1)
    rows = [{"run": [name, seed], **_scores(trained, data)}]
    if name == "reference":
        for line, vector in zip(READ_OFF, (averager.ema, averager.tail), strict=True):
            put(trained.model, vector, data)
            rows.append({"run": [line, seed], **_scores(trained, data)})
    return rows


def _scores(trained, data):
    """Accuracy, cross-entropy and calibration error on the validation fonts; chance after a divergence."""
    classes = int(data.y_train.max()) + 1
    z = predict(trained, data, data.x_val).astype(float)
    p = softmax(np.zeros((len(z), classes)) if trained.stopped == "diverged" else z)
    labels = np.asarray(data.y_val)
    own = np.maximum(p[np.arange(len(p)), labels], 1e-12)
    return {
        "accuracy": float((p.argmax(1) == labels).mean()),
        "loss": float(-np.log(own).mean()),
        "ece": expected_calibration_error(p, labels, bins=BINS),
    }


def _means(values):
    return {name: float(np.mean(values[name])) for name in MEASURES}


def _line(key, name, values, **more):
    shown = {"accuracy": f"{values['accuracy']:.1%}", "ece": f"{values['ece']:.1%}"}
    return t(key, name=t(f"refined.{name}"), loss=f"{values['loss']:.3f}", **shown, **more)


@dataclass(frozen=True)
class Refinements:
    """The stored study. runs: {line: {measure: [one a seed]}}. short: a trial, not the full study."""

    runs: dict
    seeds: int
    epochs: int
    short: bool
    outdated: bool

    def beside(self, name) -> str:
        """The line that this one is compared with."""
        return BESIDE.get(name, "reference")

    def gains(self, name) -> list[float]:
        """Percentage points of accuracy that a line gains, seed by seed."""
        own, other = (self.runs[line]["accuracy"] for line in (name, self.beside(name)))
        return [100 * (a - b) for a, b in zip(own, other, strict=True)]

    def gain(self, name) -> Interval:
        """The mean gain, and its 95% interval."""
        return interval(self.gains(name))

    def lines(self) -> list[str]:
        """All lines but the reference, the largest mean gain first."""
        return sorted((n for n in self.runs if n != "reference"), key=lambda n: -np.mean(self.gains(n)))

    def mean(self, name, measure) -> float:
        """A line's mean over seeds."""
        return float(np.mean(self.runs[name][measure]))


def refinements(root=None) -> Refinements:
    """The stored study, for the notebook. Raises FileNotFoundError where there is none."""
    stored = load(root)
    short = (stored["seeds"], stored["epochs"]) != (list(SEEDS), MAX_EPOCHS)
    outdated = stored["code"] != code(root)
    return Refinements(stored["runs"], len(stored["seeds"]), stored["epochs"], short, outdated)


if __name__ == "__main__":
    # under its own name, by which the code's hash finds its way
    from course_lib.experiments import refinements as study

    arguments = argparse.ArgumentParser(prog=f"python -m course_lib.experiments.{NAME}")
    arguments.add_argument("--small", action="store_true")
    small = arguments.parse_args().small
    study.record(**(study.SMALL if small else {}))
