"""Every notebook with the oldest and the newest packages that pyproject.toml allows, in venvs made for it.

The oldest go with the lowest Python, the newest with the newest Python on the PATH: a `python3.15` put there
is used. The course is installed from a copy in a folder with spaces and Hangul. Each row takes some ten
minutes, and up to 8 GB of disk where torch is to be had with CUDA only.
"""

import os
import shutil
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from course_lib.bootstrap import LOWEST, NEWEST, TORCH_CPU_INDEX
from tests.setup.surroundings import ROOT, copy_of_the_course, each_in_one_language, run

EXTRAS = ("test", "class", "cluster", "optional")  # without site: no notebook needs it
NBVAL = ("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=120")
EXERCISES = ("-m", "not slow", "tests/notebooks/test_exercises.py")  # and solutions, each in one language


def requirements():
    """What notebooks and the tests of them need directly."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"]]
    for extra in EXTRAS:
        lines += project["optional-dependencies"][extra]
    return [it for it in map(Requirement, lines) if it.name != "course-lib"]


def lowest(requirement):
    """ "numpy==2.0" of "numpy>=2.0,<3"."""
    (bound,) = (it.version for it in requirement.specifier if it.operator == ">=")
    return f"{requirement.name}=={bound}"


def test_every_requirement_has_one_lower_bound():
    assert all(lowest(requirement) for requirement in requirements())


def find_python(versions):
    """The path of the first of some versions that runs here and can make a venv, or None.

    A name on the PATH may be a shim for a Python that is not there.
    """
    for major, minor in versions:
        path = shutil.which(f"python{major}.{minor}")
        if path and run([path, "-c", "import ensurepip, venv"], cwd=ROOT).returncode == 0:
            return path
    return sys.executable if sys.version_info[:2] in versions else None


PYTHONS = {
    "oldest": [LOWEST],
    "newest": [(3, minor) for minor in range(NEWEST[1], LOWEST[1] - 1, -1)],
}


@pytest.fixture(scope="module", params=PYTHONS)
def installed(request, tmp_path_factory):
    """(the Python of a new venv, the copy of the course that is installed in it); both vanish afterwards."""
    base = find_python(PYTHONS[request.param])
    if base is None:
        pytest.skip("this test needs Python {}.{}; remedy: put it on the PATH".format(*LOWEST))
    folder = tmp_path_factory.mktemp(request.param)
    subprocess.run([base, "-m", "venv", folder / "venv"], check=True, timeout=120)
    python = folder / "venv/bin/python"
    pins = map(lowest, requirements()) if request.param == "oldest" else ()
    (folder / "pins.txt").write_text("\n".join(pins))
    copy = copy_of_the_course(folder)
    install(python, folder, copy)
    yield python, copy
    shutil.rmtree(folder)


def install(python, folder, copy):
    """Install the course and its extras within the pins: torch's CPU build, if it can be had."""
    pip = [python, "-m", "pip", "install", "--quiet", "--constraint", folder / "pins.txt"]
    cpu = ["--no-deps", "--timeout", "5", "--retries", "0", "--index-url", TORCH_CPU_INDEX]
    (torch,) = (str(it) for it in requirements() if it.name == "torch")
    run([*pip, *cpu, torch], cwd=folder, timeout=900)
    done = run([*pip, "--editable", f"{copy}[{','.join(EXTRAS)}]"], cwd=folder, timeout=2400)
    if "connection broken" in done.stderr and done.returncode and os.environ.get("CI") != "true":
        pytest.skip("this test needs the package index; remedy: connect to the network")
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_every_notebook_runs(installed):
    python, copy = installed
    doctor = run([python, "-m", "course_lib.cli", "doctor"], cwd=copy)
    assert doctor.returncode == 0, doctor.stdout
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    lessons = run([*tests, *NBVAL, *each_in_one_language(copy, "notebooks")], cwd=copy, timeout=2400)
    others = run([*tests, *EXERCISES], cwd=copy, timeout=2400, COURSE_PROGRESS="off")
    for done in (lessons, others):
        assert done.returncode == 0, doctor.stdout + done.stdout[-6000:] + done.stderr[-1000:]
