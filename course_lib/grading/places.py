"""What stands in a box: Python, the packages of its stock, and the runner's files."""

import atexit
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from course_lib.assessment import calling
from course_lib.grading import wire

HERE, SITE = Path(__file__).parent, Path(np.__file__).parents[1]
_SCRIPTS = (HERE / "runner.py", Path(wire.__file__), Path(calling.__file__))


@cache
def inside(stock) -> dict[str, str]:
    """What stands in the box: {path in the box: path here}."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = {f"/box/{path.name}": str(path) for path in _SCRIPTS}
    places |= {f"/box/site/{name}": str(SITE / name) for name in stock.packages if (SITE / name).exists()}
    places |= {f"/box/site/course_lib/{name}": str(HERE.parent / name) for name in stock.library}
    places["/python/bin/python"] = os.path.realpath(sys.executable)
    places[f"/python/{sys.platlibdir}/{version}"] = sysconfig.get_path("stdlib")
    return places | _libraries(stock.loaded)


# Imports the modules and the extensions of the standard library, and prints the files that came with them.
_PROBE = """
import importlib, os, sys
sys.path.append(sys.argv[1])
for name in sys.argv[3:]:
    importlib.import_module(name)
folder = next(p for p in sys.path if p.endswith("lib-dynload"))
for name in sorted({file.split(".")[0] for file in os.listdir(folder)} - set(sys.argv[2].split())):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
for line in open("/proc/self/maps"):
    if line.count("/") > 1:
        print(line.split(maxsplit=5)[5].strip())
"""
_NOT_NEEDED = "_tkinter nis _ssl readline _curses _curses_panel _dbm _gdbm _sqlite3 _crypt _hashlib"


def _libraries(loaded):
    """The shared libraries that Python and the modules load, and the loader, where Python seeks it."""
    python = os.path.realpath(sys.executable)
    command = [python, "-I", "-S", "-c", _PROBE, str(SITE), _NOT_NEEDED, *loaded]
    mapped = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    outside = {p for p in mapped.split("\n") if ".so" in p and str(SITE) not in p and "lib-dynload" not in p}
    # Threads that end load this one, which lies beside the C library.
    unwinder = Path(next(p for p in outside if "/libc.so" in p)).with_name("libgcc_s.so.1")
    outside |= {str(unwinder)} if unwinder.exists() else set()
    found = {}
    for path in sorted(outside):
        name = os.path.basename(path)
        # libz.so.1.2.13 is asked for as libz.so.1, but libpython3.11.so.1.0 by its whole name
        found |= {f"/box/lib/{name}": path, f"/box/lib/{re.match(r'.*?[.]so([.][0-9]+)?', name)[0]}": path}
    loader = re.search(rb"/lib[\w/]*/ld-[\w.-]+", Path(python).read_bytes()[:8192])[0].decode()
    return {loader: os.path.realpath(loader), **found}


@cache
def scripts():
    """A folder with the runner's files alone: beside them here lie modules with the names of Python's own."""
    folder = tempfile.mkdtemp(prefix="course-runner-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o755)
    for script in _SCRIPTS:
        shutil.copy(script, folder)
    return folder


@cache
def alone(packages):
    """A folder with these packages alone: what a box would not hold cannot be imported without one either."""
    folder = tempfile.mkdtemp(prefix="course-packages-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in packages:
        if (SITE / name).exists():
            os.symlink(SITE / name, Path(folder, name))
    return folder
