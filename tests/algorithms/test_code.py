"""How the algorithms are written: short, and borrowing nothing from the libraries that judge them."""

import ast
import inspect
from pathlib import Path

import pytest

import course_lib.algorithms
from course_lib import registry

FILES = sorted(Path(course_lib.algorithms.__file__).parent.glob("*.py"))
BORROWED = ("torch", "scipy", "sklearn", "matplotlib", "optax", "jax", "tensorflow")
ENTRIES = [e for e in registry.entries() if e.name in course_lib.algorithms.__all__]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where an arrow points"
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_borrows_nothing(path):
    found = {name.split(".")[0] for name in imported(ast.parse(path.read_text(encoding="utf-8")))}
    assert not found & set(BORROWED)


def body_lines(source):
    """Lines of a function below its docstring, comments counted, blank lines not."""
    function = ast.parse(source).body[0]
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    above = first.end_lineno if is_docstring else first.lineno - 1
    return sum(bool(line.strip()) for line in source.splitlines()[above : function.end_lineno])


def test_bodies_are_counted_right():
    assert (
        body_lines('def f(x):\n    """One.\n\n    Two.\n    """\n    # why\n    y = x\n\n    return y\n') == 3
    )
    assert body_lines("def f(x):\n    return (\n        x\n    )\n") == 3


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_bodies_are_short(entry):
    assert body_lines(inspect.getsource(entry.function)) <= 25


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_says_what_it_is(entry):
    """Names in both languages, a source, what comes back, and ranges for hyperparameters that exist."""
    assert entry.ko and entry.en and entry.source
    assert "Returns" in inspect.getdoc(entry.function)
    parameters = inspect.signature(entry.function).parameters
    for name, span in entry.ranges.items():
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        values = span.values()
        assert len(values) == span.count and values == sorted(values)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_hyperparameters_are_keywords_and_randomness_is_asked_for(entry):
    parameters = inspect.signature(entry.function).parameters
    for name, parameter in parameters.items():
        if isinstance(parameter.default, (int, float, str)):
            assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, name
    if "rng" in parameters:
        assert parameters["rng"].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters["rng"].default is inspect.Parameter.empty
    assert "np.random." not in inspect.getsource(entry.function)
