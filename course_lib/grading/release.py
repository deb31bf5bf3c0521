"""What was handed out: the release copy of a notebook, from which everything but the answers is taken."""

import ast
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from course_lib.messages import LANGUAGES, t

LIBRARY = (
    "course_lib.algorithms"  # what given cells import from it the driver computes; no other part is there
)


# Checks of the assignment, by their grade_id: each stands there once.
STRATEGIES = tuple(
    f"strategy_{kind}" for kind in ("initialization", "normalization", "regularization", "optimization")
)
TRAINED = ("one_batch", "accuracy", *STRATEGIES)


class NotGradable(Exception):
    """A release that this grader cannot grade; the text says why."""


@dataclass(frozen=True)
class Task:
    """A check that earns points. grade_id: its cell. name: the task's. answer: the expression it judges."""

    grade_id: str
    name: str
    points: float
    answer: str


@dataclass(frozen=True)
class Given:
    """A cell that the notebook brings: its code without the course library, and what it took from there."""

    grade_id: str
    source: str
    library: dict[str, str]  # {name in the notebook: name in the library}


@dataclass(frozen=True)
class Answer:
    """A cell that the learner fills in. stub: what was handed out. points: of a written answer.

    above: the text before a written answer, where its question and its rubric stand.
    """

    grade_id: str
    cell_type: str
    stub: str
    points: float = 0
    above: str = ""


@dataclass(frozen=True)
class Release:
    """A notebook as handed out.

    steps: its code cells in order, each a Given, an Answer or a Task. written: the answers in words.
    locked: {grade_id: source} of the code cells that nobody should edit.
    """

    name: str
    lang: str
    steps: tuple
    written: tuple[Answer, ...]
    locked: dict[str, str]

    @property
    def trained(self) -> bool:
        """Whether its checks ask for a training, as the assignment's do."""
        return any(task.name in TRAINED for task in self.tasks)

    @property
    def fingerprint(self) -> str:
        """The same for releases that ask for the same: what was reworded around its tasks does not count."""
        asked = [(answer.grade_id, answer.points) for answer in self.written]
        return hashlib.sha256(repr((self.name, self.lang, self.steps, asked)).encode()).hexdigest()

    @property
    def tasks(self) -> list[Task]:
        """The tasks that are graded automatically."""
        return [step for step in self.steps if isinstance(step, Task)]

    @property
    def answers(self) -> dict[str, Answer]:
        """Every cell that the learner fills in, by its grade_id."""
        code = [step for step in self.steps if isinstance(step, Answer)]
        return {answer.grade_id: answer for answer in (*code, *self.written)}


def read_release(path: Path) -> Release:
    """The release that a built exercise is. Raises NotGradable where it has a check we cannot judge."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    steps, written, locked, above = [], [], {}, ""
    for cell in notebook["cells"]:
        meta, source = cell["metadata"].get("nbgrader", {}), "".join(cell["source"])
        before, above = above, source
        if meta.get("solution"):
            answer = Answer(meta["grade_id"], cell["cell_type"], source, meta.get("points", 0), before)
            (steps if cell["cell_type"] == "code" else written).append(answer)
            continue
        # the set-up, which installs the course on Colab, is nothing here, in a submission or without
        if cell["cell_type"] == "code" and "setup" not in cell["metadata"].get("tags", []):
            locked[meta["grade_id"]] = source
            steps.append((_task if meta.get("grade") else _given)(meta, source, path))
    lang = notebook["metadata"].get("course", {}).get("lang", LANGUAGES[0])
    return Release(path.stem, lang, tuple(steps), tuple(written), locked)


def _task(meta, source, path):
    """`check("adam", adam)` as a Task."""
    match ast.parse(source).body:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(name)), answer], []))]:
            return Task(meta["grade_id"], name, meta["points"], ast.unparse(answer))
        case [ast.Expr(ast.Call(ast.Name()) as call)] if meta["grade_id"] in TRAINED:
            return Task(meta["grade_id"], meta["grade_id"], meta["points"], ast.unparse(call))
    raise NotGradable(t("grading.unknown_check", name=path.stem, cell=meta["grade_id"]))


def _given(meta, source, path):
    """The cell without the statements that need the course library's checks, texts or pictures."""
    kept, library, dropped = [], {}, set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("course_lib"):
            names = {alias.asname or alias.name: alias.name for alias in node.names}
            if node.module == LIBRARY:
                library |= names
            else:
                dropped |= set(names)
        elif not dropped & {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}:
            kept.append(node)
    return Given(meta["grade_id"], ast.unparse(ast.Module(kept, [])), library)


def find_release(root: Path, name: str, lang: str) -> Path | None:
    """The built exercise of that name, in the language if there is one."""
    for folder in (lang, *LANGUAGES):
        path = root / "exercises" / folder / f"{name}.ipynb"
        if path.is_file():
            return path
    return None


def assignments(root: Path) -> list[str]:
    """The names of all built exercises."""
    return sorted({path.stem for path in root.glob("exercises/*/*.ipynb")})
