"""What needs no torch runs where there is none, so that the course can come to the browser alone one day.

That is the library but for `training` and what is built on it, and the exercises of units 0 to 6, of which
one check each trains a net.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FREE = ("algorithms", "data", "messages", "progress", "viz", "assessment.units", "assessment.mutants")
BLOCKED = """
import importlib.abc, sys

class NoTorch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("torch is blocked")

sys.meta_path.insert(0, NoTorch())
"""
IMPORTED = """
import pkgutil, importlib, course_lib
for module in pkgutil.walk_packages(course_lib.__path__, "course_lib."):
    if module.name.removeprefix("course_lib.").startswith(FREE):
        importlib.import_module(module.name)
        print(module.name)
"""
# The cells of a notebook, each of which may fail: the last line and the error of those that do.
RUN = """
import contextlib, io, json
names, failed = {"__name__": "__main__"}, []
for source in CELLS:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, "cell", "exec"), names)
    except Exception as error:
        failed.append([source.strip().splitlines()[-1], str(error)])
print(json.dumps(failed))
"""
TRAINS = {
    "u00_introduction": [],
    "u01_optimization": [],
    "u02_regularization": ["overfitting_net"],
    "u03_initialization": ["twelve_silent_layers"],
    "u04_normalization": ["dropout_and_norm"],
    "u05_activations": ["deep_stack"],
    "u06_refinements": ["lazy_average"],
}


def without_torch(code, **names):
    """What code prints in a process that has no torch."""
    given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    command = [sys.executable, "-c", BLOCKED + given + code]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_library_is_imported():
    names = without_torch(IMPORTED, FREE=FREE).split()
    assert len(names) > 150 and "course_lib.viz.widgets" in names


def test_the_block_blocks():
    with pytest.raises(AssertionError, match="torch is blocked"):
        without_torch("import course_lib.training.fit")


@pytest.mark.parametrize("name", TRAINS)
def test_the_solution_of_an_exercise_runs_but_for_what_trains(name):
    notebook = json.loads((ROOT / f"solutions/en/{name}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    failed = json.loads(without_torch(RUN, CELLS=cells))
    assert [line.split('"')[1] for line, _ in failed] == TRAINS[name]
    assert {why for _, why in failed} <= {"torch is blocked"}
