"""What ships is run: exercises end at their unfilled stubs and nowhere else; solutions score in full."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course_lib.builder.regions import answer_lines, cut
from tests.nbgrader_class import marks

ROOT = Path(__file__).parents[2]
EXERCISES = sorted(ROOT.glob("exercises/*/*.ipynb"))
NAMES = sorted({path.stem for path in EXERCISES})
IDS = [f"{path.parent.name}-{path.stem}" for path in EXERCISES]


def solution_of(path):
    return ROOT / "solutions" / path.parent.name / path.name


def meta(cell):
    return cell.metadata.get("nbgrader", {})


def is_check(cell):
    return meta(cell).get("grade") and cell.cell_type == "code"


# The assignment's trainings take minutes: one epoch of few pictures each, of which no net learns enough.
LONG = "assignment"
SHORTER = """
from course_lib.training import ablation, assignment, fit

whole = assignment.hangul_data()
assignment.hangul_data = lambda: whole._replace(x_train=whole.x_train[:640], y_train=whole.y_train[:640])
fit.fit.__kwdefaults__["epochs"] = ablation.ablate.__kwdefaults__["epochs"] = 1
"""


def loaded(path, *, whole=False):
    """A notebook that can be run in reasonable time."""
    notebook = nbformat.read(path, as_version=4)
    if path.stem == LONG and not whole:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(SHORTER, id="shorter"))
    return notebook


def needs_whole(cell):
    """Whether a check can only pass after trainings in full length."""
    return meta(cell).get("grade_id") == "accuracy"


def run(path, *, whole=False):
    """The notebook's code cells after running them all, errors allowed."""
    notebook = loaded(path, whole=whole)
    folder = {"metadata": {"path": str(path.parent)}}
    timeout = 1800 if whole else 120
    NotebookClient(notebook, timeout=timeout, allow_errors=True, resources=folder).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def errors(cell):
    return [output.ename for output in cell.outputs if output.output_type == "error"]


def shown(cell):
    texts = [str(o.data.get("text/plain", "")) for o in cell.outputs if "data" in o]
    return "\n".join(texts + [o.text for o in cell.outputs if "text" in o])


def test_there_are_exercises_in_both_languages():
    names = {lang: {p.name for p in EXERCISES if p.parent.name == lang} for lang in ("ko", "en")}
    assert names["ko"] == names["en"] != set()


def quick(values, ids, chosen):
    """Parameters of which only the chosen ones are run in `make test`; each takes seconds."""
    return [
        pytest.param(v, id=name, marks=[] if chosen(v) else pytest.mark.slow)
        for v, name in zip(values, ids, strict=True)
    ]


def is_in_turn(path):
    """Each unit in one of its languages, which have the same code: Korean and English in turn."""
    return path.parent.name == ("ko", "en")[NAMES.index(path.stem) % 2]


@pytest.mark.parametrize("path", quick(EXERCISES, IDS, is_in_turn))
def test_an_exercise_runs_to_its_unfilled_stubs_and_nothing_else(path):
    """Every check fails, by saying that there is no answer yet or that the given code is wrong."""
    for cell in run(path):
        if is_check(cell):
            assert errors(cell) == ["CheckFailed"], cell.source
            assert shown(cell).strip(), cell.source
        else:
            assert errors(cell) == [], cell.source


def is_short_of_nbval(path):
    """Whether nbval, which runs every other solution, leaves this one to us."""
    return path.stem == LONG and is_in_turn(path)


@pytest.mark.parametrize("path", quick(EXERCISES, IDS, is_short_of_nbval))
def test_its_solution_scores_in_full(path):
    cells = run(solution_of(path))
    for cell in cells:
        assert errors(cell) == (["CheckFailed"] if needs_whole(cell) else []), cell.source
        if needs_whole(cell):
            assert re.search("목표 80%|goal of 80%", shown(cell))
    assert sum(meta(cell)["points"] for cell in cells if is_check(cell)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_solution_of_the_assignment_scores_in_full_after_15_epochs(lang):
    cells = run(ROOT / "solutions" / lang / f"{LONG}.ipynb", whole=True)
    assert [errors(cell) for cell in cells] == [[]] * len(cells)


@pytest.mark.parametrize("path", EXERCISES, ids=IDS)
def test_no_answer_is_left_in_an_exercise(path):
    """No line of an answer, other than lines that the exercise shows anyway."""
    source = (ROOT / "solutions/src" / path.with_suffix(".md").name).read_text(encoding="utf-8")
    open_lines = {line.strip() for line in cut(source, lambda indent: []).split("\n")}
    handed_out = path.read_text(encoding="utf-8")
    for line in answer_lines(source) - open_lines:
        if len(line) > 3:
            assert line not in handed_out
            assert line.replace('"', '\\"') not in handed_out
    assert not re.search(r"(BEGIN|END) SOLUTION|### GIVEN", handed_out)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("name", quick(NAMES, NAMES, lambda name: name.startswith("u01")))
def test_the_real_nbgrader_gives_what_is_due(name, tmp_path, monkeypatch):
    stub, solved = (
        nbformat.writes(loaded(ROOT / f / "ko" / f"{name}.ipynb")) for f in ("exercises", "solutions")
    )
    given = marks(tmp_path / "class", monkeypatch, name, stub, {"solver": solved, "sleeper": stub})
    cells = nbformat.reads(stub, as_version=4).cells
    checks = {meta(cell)["grade_id"] for cell in cells if is_check(cell)}
    late = {meta(cell)["grade_id"] for cell in cells if needs_whole(cell)}
    for (student, grade_id), (points, most, needs_person) in given.items():
        if grade_id in checks:
            earned = student == "solver" and grade_id not in late
            assert points == (most if earned else 0), grade_id
        else:
            assert needs_person == (student == "solver"), grade_id
    assert {grade_id for _, grade_id in given} >= checks
