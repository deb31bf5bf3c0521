"""The set-up cell: what it asks of pip where the course is missing, and that it does nothing elsewhere."""

import ast
import json
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_lib.builder.installing import cell, is_setup
from course_lib.paths import repo_root

ROOT = repo_root()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOTEBOOKS = [nbformat.read(path, as_version=4) for path in sorted(ROOT.glob("*/??/*.ipynb"))]
# Stands for pip: writes down what it is asked for, and brings a course that can be imported.
PIP = """
import json, pathlib, sys
here = pathlib.Path(__file__).parents[1]
with (here / "asked.jsonl").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if (here / "offline").exists():
    sys.exit(1)
if any("git+" in word for word in sys.argv):
    (here / "course_lib.py").touch()
"""
# `-S` leaves out what is installed: the course is missing there.
MISSING, THERE = ["-S"], []
# Imports the given modules where everything else that is installed here is missing.
ALONE = """
import json, sys
hidden, statements = json.load(sys.stdin)
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in hidden:
            raise ModuleNotFoundError(f"{name} is hidden", name=name)
sys.meta_path.insert(0, Missing())
for statement in statements:
    exec(statement, {})
"""


@pytest.fixture
def machine(tmp_path):
    """`machine(*options, after="")` runs the cell in a new Python: what pip was asked, and the process."""
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()  # or the real pip would be found before it
    (tmp_path / "pip" / "__main__.py").write_text(PIP)
    asked = tmp_path / "asked.jsonl"

    def run(*options, after=""):
        code = f"{cell(ROOT).source}\n{after}"
        done = subprocess.run(
            [sys.executable, *options, "-c", code],
            cwd=tmp_path,
            env={"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        lines = asked.read_text().splitlines() if asked.exists() else []
        return [json.loads(line) for line in lines], done

    run.folder = tmp_path
    return run


def test_where_the_course_is_missing_pip_is_asked_for_what_notebooks_need_and_for_the_course(machine):
    asked, done = machine(*MISSING, after="import course_lib")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    packages, course = asked
    assert packages[:2] == course[:2] == ["install", "--quiet"]
    assert course[2:] == ["--no-deps", f"git+{PROJECT['urls']['Repository']}"]
    assert set(packages[2:]) < set(PROJECT["dependencies"])
    assert {"ipywidgets>=8.1,<9", "array-api-compat>=1.14,<2"} < set(packages)


def test_once_it_is_there_nothing_is_asked(machine):
    assert machine(*THERE)[0] == []
    machine(*MISSING)
    asked, done = machine(*MISSING)
    assert len(asked) == 2 and done.returncode == 0


def test_what_pip_cannot_do_is_an_error_and_is_tried_again(machine):
    (machine.folder / "offline").touch()
    asked, done = machine(*MISSING)
    assert "CalledProcessError" in done.stderr and len(asked) == 1
    (machine.folder / "offline").unlink()
    asked, done = machine(*MISSING, after="import course_lib")
    assert done.returncode == 0 and len(asked) == 3


def test_every_notebook_has_it_before_the_cell_that_sets_the_language():
    assert len(NOTEBOOKS) >= 54
    for notebook in NOTEBOOKS:
        first, second = [one for one in notebook.cells if one.cell_type == "code"][:2]
        assert is_setup(first) and first.source == cell(ROOT).source
        assert second.metadata.tags == ["language"]
        assert first.outputs == [] and first.metadata.jupyter.source_hidden
        assert [one.id for one in notebook.cells if is_setup(one)] == ["setup"]


def test_what_it_leaves_out_no_notebook_imports(machine):
    (packages, _), _ = machine(*MISSING)
    there = {"course-lib"}
    _add(packages[2:], there)
    modules = packages_distributions().items()
    hidden = [name for name, of in modules if not there & set(map(canonicalize_name, of))]
    assert {"jupyterlab", "jupytext", "nbclient", "typer"} <= set(hidden)
    nodes = (node for notebook in NOTEBOOKS for one in notebook.cells for node in _imports(one))
    given = json.dumps([hidden, sorted(set(map(ast.unparse, nodes)))])
    done = subprocess.run([sys.executable, "-c", ALONE], input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _add(texts, there):
    """Add packages and whatever they need in their turn, by their names."""
    for needed in map(Requirement, texts):
        name = canonicalize_name(needed.name)
        if name not in there and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
            there.add(name)
            _add(requires(name) or (), there)


def _imports(one):
    if one.cell_type == "code":
        yield from (n for n in ast.walk(ast.parse(one.source)) if isinstance(n, ast.Import | ast.ImportFrom))
