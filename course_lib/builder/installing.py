"""The first code cell of every notebook: it installs the course where it is missing, as on Colab.

Anywhere else it does nothing. Nothing of a notebook builds on it: it is not run by the builder, its outputs
are not stored, and the site and the grader leave it out.
"""

import tomllib
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell
from packaging.requirements import Requirement

TAG = "setup"
# What the command, the builder and the Lab need, and no notebook.
NOT_IN_NOTEBOOKS = {
    "ipykernel",
    "jsonschema",
    "jupyterlab",
    "jupytext",
    "nbclient",
    "packaging",
    "pyyaml",
    "typer",
}
_CODE = """\
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("course_lib") is None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    needed = [
{needed}
    ]
    subprocess.run([*pip, *needed], check=True)
    subprocess.run([*pip, "--no-deps", "git+https://github.com/{repository}"], check=True)
    importlib.invalidate_caches()"""


def cell(root: Path) -> nbformat.NotebookNode:
    """The cell, with its input hidden in Jupyter and on Colab. root: the folder of pyproject.toml."""
    needed = "\n".join(f'        "{it}",' for it in needed_by_notebooks(root))
    metadata = {"tags": [TAG], "jupyter": {"source_hidden": True}, "cellView": "form"}
    code = _CODE.format(needed=needed, repository=repository(root))
    return new_code_cell(code, id=TAG, metadata=metadata)


def is_setup(cell) -> bool:
    """Whether a cell of a notebook is this one."""
    return TAG in cell["metadata"].get("tags", [])


def repository(root: Path) -> str:
    """owner/name on GitHub, as pyproject.toml has it."""
    return _project(root)["urls"]["Repository"].removeprefix("https://github.com/")


def needed_by_notebooks(root: Path) -> list[str]:
    """What notebooks need besides the course, in pyproject.toml's words: "numpy>=2.0,<3".

    Where it is there already, as most of it is on Colab, pip leaves it as it is.
    """
    needed = _project(root)["dependencies"]
    return [it for it in needed if Requirement(it).name not in NOT_IN_NOTEBOOKS]


def _project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
