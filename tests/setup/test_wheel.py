"""The course without its repository, as Colab installs it: notebooks run on the wheel alone."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course_lib.paths import repo_root

ROOT = repo_root()
PROJECT = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT.md")
WHERE = "import course_lib, os\nprint(course_lib.__file__, os.getcwd())"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder of an unpacked wheel, built from a copy, as a build leaves files beside what it builds."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(
        ROOT / "course_lib", folder / "source/course_lib", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in PROJECT:
        shutil.copy(ROOT / name, folder / "source")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--no-index", "--wheel-dir", folder, folder / "source"], check=True)
    shutil.rmtree(folder / "source")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["notebooks/ko/u07_practice", "solutions/en/u03_initialization"])
def test_a_notebook_runs_where_there_is_no_repository(unpacked, tmp_path, path):
    notebook = nbformat.read(ROOT / f"{path}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(WHERE))
    env = os.environ | {"PYTHONPATH": str(unpacked), "OMP_NUM_THREADS": "1"}
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=env)  # raises what a cell raises
    module, here = notebook.cells[-1].outputs[0].text.split()
    assert (Path(module), Path(here)) == (unpacked / "course_lib/__init__.py", tmp_path)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert list(tmp_path.iterdir()) == []
