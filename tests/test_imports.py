"""Who imports whom, and what `import course_lib` must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import course_lib

ROOT = Path(course_lib.__file__).parent
EVERYONE = ("registry", "messages", "paths", "threads")  # what any module may import
LEARNING = ("algorithms", "data", "training", "viz", "assessment", "experiments", "grading")
ARROWS = {
    "messages": (),
    "paths": (),
    "threads": (),
    "registry": (),
    "algorithms": (),
    "data": ("algorithms._images", "algorithms.augment_warp"),
    "training": ("algorithms", "data"),
    "viz": ("algorithms.problems", "algorithms.trace", "training.histories", "progress.session"),
    "assessment": (
        "algorithms",
        "training",
        "data",
        "viz.figures",
        "viz.lab_figures",
        "viz.theme",
        "progress.session",
    ),
    "progress": ("viz.picture", "viz.theme"),
    "experiments": (
        "algorithms",
        "training",
        "data",
        "viz.figures",
        "viz.picture",
        "viz.theme",
        "viz.training_figures",
    ),
    "grading": ("algorithms", "assessment", "data", "training"),
    "classroom": ("grading", "builder", "progress.course", "progress.work"),
    "doctor": (),
    "lab": (),
    "bootstrap": (),
    "builder": (*LEARNING, "progress"),
    "site": ("builder", "progress.course", "viz.picture", "viz.quiz", "viz.sliders"),
    "cli_ends": ("classroom", "grading"),
    "cli_class": ("cli_ends", "doctor", "classroom", "grading"),
    "cli": ("cli_class", "cli_ends", *LEARNING, "progress", "builder", "doctor", "lab", "bootstrap"),
}


def modules():
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def area(path):
    """The part of the house a file belongs to: "viz" for viz/figures.py, "registry" for registry.py."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def exists(dotted):
    place = ROOT.joinpath(*dotted.split("."))
    return place.is_dir() or place.with_suffix(".py").exists()


def arrows(source):
    """What a file imports from course_lib, as dotted names without "course_lib.", also inside functions."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where an arrow points"
            inside = node.module.removeprefix("course_lib").lstrip(".")
            for alias in node.names:
                # `from course_lib.viz import figures` points at the module, `… import adam` at its package
                deeper = f"{inside}.{alias.name}".lstrip(".")
                names.append(f"{node.module}.{alias.name}" if exists(deeper) else node.module)
        for name in names:
            if name.startswith("course_lib."):
                yield name.removeprefix("course_lib.")


def allowed(source_area, target):
    own = (source_area, *EVERYONE, *ARROWS[source_area])
    return any(target == name or target.startswith(name + ".") for name in own)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_arrows(path):
    assert area(path) in ARROWS, f"{area(path)} is new: draw its arrows here"
    wrong = [t for t in arrows(path.read_text(encoding="utf-8")) if not allowed(area(path), t)]
    assert not wrong, f"{area(path)} must not import {wrong}"


def test_a_wrong_arrow_is_found():
    assert list(arrows("def f():\n    from course_lib.viz import widgets\n")) == ["viz.widgets"]
    assert list(arrows("import course_lib.algorithms.optim as o, numpy")) == ["algorithms.optim"]
    assert list(arrows("from course_lib.algorithms import adam")) == ["algorithms"]
    assert list(arrows("from course_lib import registry, messages")) == ["registry", "messages"]
    assert not allowed("algorithms", "viz.figures")
    assert not allowed("viz", "algorithms.optim") and not allowed("viz", "algorithms")
    assert allowed("viz", "algorithms.problems") and allowed("assessment", "viz.figures")
    assert not allowed("assessment", "viz.widgets") and not allowed("training", "viz.figures")


def loaded_by(statement):
    """The top-level modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_import_course_lib_loads_nothing_heavy():
    loaded = loaded_by("import course_lib")
    assert "course_lib" in loaded
    assert not loaded & {"numpy", "torch", "matplotlib", "scipy", "sklearn", "ipywidgets", "IPython", "typer"}


def test_import_algorithms_loads_numpy_alone():
    loaded = loaded_by("import course_lib.algorithms")
    assert "numpy" in loaded
    assert not loaded & {"torch", "matplotlib", "scipy", "sklearn", "ipywidgets", "IPython"}
