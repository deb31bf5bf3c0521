"""The assignment measured: the reference solution and all 16 combinations of its four kinds of strategies.

    course experiment assignment          every run printed; the result is stored

The reference is the recipe in `solutions/`. A combination is that recipe without the kinds that are off, so
that all 16 train one network on one data set. Each is scored on the validation fonts and on a hidden test of
fonts that no public split holds, drawn anew here from the fonts of this machine.
"""

import hashlib
import itertools
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import nbformat

from course_lib import registry
from course_lib.data.hangul import BANK, load_hangul
from course_lib.data.make_hangul import make
from course_lib.experiments import store
from course_lib.experiments.code import code_hash
from course_lib.messages import t
from course_lib.paths import repo_root
from course_lib.threads import available_cpus
from course_lib.training.ablation import KINDS, without
from course_lib.training.assignment import accuracy, hangul_data
from course_lib.training.combinations import Combinations
from course_lib.training.fit import MAX_EPOCHS, Recipe, fit

NAME = "assignment"
SEEDS = tuple(range(5))
HIDDEN_SEED = 2026  # the instructor's, for this table alone
COMBINATIONS = tuple(itertools.product((False, True), repeat=len(KINDS)))  # on or off, by KINDS
PARTS = ("build_model", "initialize", "build_optimizer", "schedule", "loss", "augment")


def reference(root=None) -> Recipe:
    """The recipe of the solution notebook, from its answer cells. root: the course's folder."""
    space = {}
    for source in _sources(root):
        exec(compile(source, NAME, "exec"), space)  # our own solution, no learner's
    return Recipe(**{part: space[part] for part in PARTS})


def _sources(root):
    """The imports and the six answers of the solution notebook."""
    path = (repo_root() if root is None else Path(root)) / "solutions" / "en" / f"{NAME}.ipynb"
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    names = {f"solution-{part}" for part in PARTS}
    answers = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") in names]
    language = next(place for place, cell in enumerate(cells) if "language" in cell.metadata.get("tags", []))
    imports = cells[language + 1]
    return [cell.source for cell in (imports, *answers)]


def combination(on, root=None) -> Recipe:
    """The reference without the kinds that are off. on: a flag for each of KINDS."""
    return without(reference(root), *(kind for kind, used in zip(KINDS, on, strict=True) if not used))


def code(root=None) -> str:
    """A hash of all that the numbers depend on: the solution, the library's code, the data."""
    used = [getattr(reference(root), part) for part in PARTS]
    ours = [
        f for f in used if registry.find(getattr(f, "func", f))
    ]  # what stands in the solution itself follows
    parts = [code_hash(_measure, make, *ours), *_sources(root), BANK.read_bytes().hex()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def path_of(root=None) -> Path:
    """Where the result is stored."""
    folder = store.HERE if root is None else Path(root) / "course_lib" / "experiments" / "results"
    return folder / f"{NAME}.json"


def load(root=None) -> dict:
    """The stored result: {"runs": {"1111": {"validation": [one a seed], "test": [...]}, …}, "alone": …}.

    A combination's name has a 1 or a 0 for each of KINDS. Raises FileNotFoundError.
    """
    path = path_of(root)
    if not path.is_file():
        raise FileNotFoundError(t("study.no_result", name=NAME))
    return json.loads(path.read_text(encoding="utf-8"))


def combinations(root=None) -> Combinations | None:
    """The stored accuracies of all combinations; None where no result is stored."""
    try:
        return Combinations(KINDS, load(root)["runs"])
    except FileNotFoundError:
        return None


def is_stale(root=None) -> bool:
    """Whether there is no stored result, or what made it has changed since."""
    try:
        return load(root)["code"] != code(root)
    except FileNotFoundError:
        return True


def title() -> str:
    """What the study is about, in the current language."""
    return t("study.assignment.title")


def run() -> str:
    """Make the study anew, with all its runs printed; returns its summary."""
    return summary(record())


def summary(result) -> str:
    """Means over seeds of all combinations, one line each, best on the hidden test first."""
    means = {
        name: {part: sum(values[part]) / len(values[part]) for part in ("validation", "test")}
        for name, values in result["runs"].items()
    }
    best_first = sorted(means, key=lambda name: -means[name]["test"])
    rows = [
        t(
            "study.assignment.mean",
            strategies=strategies(name),
            validation=f"{means[name]['validation']:.1%}",
            test=f"{means[name]['test']:.1%}",
            worst=f"{min(result['runs'][name]['test']):.1%}",
        )
        for name in best_first
    ]
    return "\n".join([*rows, t("study.assignment.alone", **result["alone"])])


def record(*, seeds=SEEDS, epochs=MAX_EPOCHS, combinations=COMBINATIONS, jobs=None, root=None) -> dict:
    """Run all combinations on all seeds, print each, store the result and return it.

    jobs: processes of one thread each, by default one a CPU. An interrupt keeps the runs that are done: the
    next call goes on after them. Raises FileNotFoundError, naming the packages, where fonts are missing.
    """
    began, version = time.perf_counter(), code(root)
    beside = path_of(root).with_name(f".{NAME}.{version}.{epochs}.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        bank = Path(folder) / "hidden.npz"
        (hidden,) = make(bank, seed=HIDDEN_SEED, hidden=True)
        done = {tuple(row["run"]): row for row in _lines(beside)}
        names = ["".join("01"[used] for used in on) for on in combinations]
        wanted = [(name, seed) for seed in seeds for name in names]
        # fork would hang a child once torch has run several threads here
        pool = ProcessPoolExecutor(jobs or available_cpus(), mp_context=get_context("spawn"))
        with pool, beside.open("a", encoding="utf-8") as file:
            todo = [run for run in wanted if run not in done]
            for row in pool.map(partial(_measure, bank=bank, epochs=epochs, root=root), todo):
                done[tuple(row["run"])] = row
                file.write(json.dumps(row) + "\n")
                file.flush()
                print(line(row), flush=True)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            alone = pool.submit(_alone, epochs, root).result()
    result = {
        "name": NAME,
        "code": version,
        "seeds": list(seeds),
        "epochs": epochs,
        "runs": _gathered(done, names, seeds),
        "alone": alone,
        "data": {
            "train": load_hangul("train").sha256(),
            "validation": load_hangul("validation").sha256(),
            "test": hidden.sha256(),
            "test_seed": HIDDEN_SEED,
        },
        "made": store.made(f"course experiment {NAME}", began),
    }
    store.write(path_of(root), result)
    beside.unlink()
    return result


def _lines(path):
    """The runs that an interrupted call has left; a line that was cut off is run again."""
    if not path.is_file():
        return []
    whole = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(text) for text in whole]


def _measure(run, *, bank, epochs, root):
    """One training of one combination: its accuracies on validation and on the hidden test."""
    name, seed = run
    data, hidden = hangul_data(), load_hangul("test", bank=bank)
    recipe = combination([flag == "1" for flag in name], root)
    trained = fit(recipe, data, epochs=epochs, seed=seed, watchers=(), threads=1)
    chance = 1 / (int(data.y_train.max()) + 1)
    lost = trained.stopped == "diverged"
    return {
        "run": [name, seed],
        "validation": chance if lost else trained.history.val_accuracy[-1],
        "test": chance if lost else accuracy(trained, data, hidden.x[:, None], hidden.y),
        "train": trained.history.train_accuracy[-1] if trained.history.epochs else chance,
        "diverged": lost,
    }


def _alone(epochs, root):
    """The reference once more with all threads: seconds, and the most memory that its process took."""
    import resource  # Unix has it, and only those who record need it

    began = time.perf_counter()
    run = fit(reference(root), hangul_data(), epochs=epochs, seed=0, watchers=())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "threads": run.speed.threads,
        "bf16": run.speed.bf16,
        "peak_mib": round(peak),
    }


def _gathered(done, names, seeds):
    parts = ("validation", "test", "train", "diverged")
    return {n: {part: [_short(done[n, seed][part]) for seed in seeds] for part in parts} for n in names}


def _short(x):
    return x if isinstance(x, bool) else round(x, 5)


def line(row) -> str:
    """One run in words, for the terminal."""
    name, seed = row["run"]
    numbers = {part: f"{row[part]:.1%}" for part in ("validation", "test", "train")}
    return t("study.assignment.run", strategies=strategies(name), seed=seed, **numbers)


def strategies(name) -> str:
    """The kinds that are on in a combination, in words: "1001" → "initialization + optimization"."""
    kinds = [t(f"ablation.{kind}") for kind, flag in zip(KINDS, name, strict=True) if flag == "1"]
    return " + ".join(kinds) or t("ablation.none")
