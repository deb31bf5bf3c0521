"""What the tests of other surroundings share: copies of the course, and notebooks run from outside."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from course_lib.paths import repo_root

ROOT = repo_root()
NAME = "딥러닝 강의 (사본)"  # spaces, Hangul and brackets: what a learner's own folder may be called
_LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "*.egg-info", "diagnosis_cases.npz")
_HIDDEN = ("COURSE_LANG", "COURSE_PROGRESS", "PYTHONPATH", "PYTHONUTF8", "LANG", "LC_ALL", "LC_CTYPE")


def copy_of_the_course(folder: Path) -> Path:
    """A fresh copy, with nothing in it that was built or recorded here."""
    return shutil.copytree(ROOT, folder / NAME, ignore=_LEFT_OUT)


def environment(**more: str) -> dict[str, str]:
    """The variables of a learner who has set none of the course's, and `more`."""
    return {key: value for key, value in os.environ.items() if key not in _HIDDEN} | {
        "OMP_NUM_THREADS": "1",
        **more,
    }


def each_in_one_language(root: Path, part: str) -> list[str]:
    """The notebooks of a part, in Korean and English in turn: both have the same code."""
    names = sorted(path.name for path in (root / part / "ko").glob("*.ipynb"))
    return [f"{part}/{('ko', 'en')[i % 2]}/{name}" for i, name in enumerate(names)]


def run(command, *, cwd: Path, timeout: float = 120, **variables: str) -> subprocess.CompletedProcess:
    """Run a command, in UTF-8 for the reader whatever its locale."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=timeout,
    )


# Runs a notebook in a kernel of its own and prints every error and all that went to stderr.
_EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
here = {"metadata": {"path": sys.argv[1].rpartition("/")[0]}}
NotebookClient(notebook, timeout=300, allow_errors=True, resources=here).execute()
for cell in notebook.cells:
    for output in cell.get("outputs", ()):
        if output.output_type == "error" or output.get("name") == "stderr":
            print(cell.source, output, sep="\\n", file=sys.stderr)
            sys.exit(1)
"""


def execute(path: str) -> list[str]:
    """The command that runs a notebook and fails where a cell does."""
    return [sys.executable, "-c", _EXECUTE, path]
