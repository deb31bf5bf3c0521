"""The hash changes with what could change a number, and with nothing else."""

import importlib.util
import sys

import pytest

from course_lib.experiments.code import code_hash

SOURCE = '''
from functools import cache, partial
FACTOR = 2.0
TABLE = {"a": (1, 2)}

def helper(x):
    """Helps."""
    return FACTOR * x

@cache
def cached():
    return TABLE

class Box:
    size = 3

def later(x):
    return later(x - 1) if x else other(x)

def other(x):
    return x

RUN = partial(helper, x=1)

def unrelated():
    return 1

def experiment(seeds):
    """What it does."""
    return [helper(s) + RUN() + Box.size + later(0) for s in seeds], cached()
'''


@pytest.fixture
def hash_of(tmp_path, monkeypatch):
    """The hash of `experiment` in a module of course_lib with this source."""
    count = iter(range(100))

    def compute(source):
        path = tmp_path / f"probe{next(count)}.py"
        path.write_text(source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location("course_lib.probe", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "course_lib.probe", module)
        spec.loader.exec_module(module)
        return code_hash(module.experiment)

    return compute


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FACTOR * x", "FACTOR + x"),
        ("FACTOR = 2.0", "FACTOR = 2.5"),
        ("(1, 2)", "(1, 3)"),
        ("size = 3", "size = 4"),
        ("x=1", "x=2"),
        ("return x\n", "return -x\n"),
        ("in seeds", "in seeds[1:]"),
        ("return TABLE", "return TABLE['a']"),
    ],
)
def test_what_could_change_a_number_changes_the_hash(hash_of, old, new):
    assert old in SOURCE
    assert hash_of(SOURCE) != hash_of(SOURCE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Helps."""', '"""Helps a lot."""'),
        ("FACTOR * x", "(FACTOR *\n        x)  # twice"),
        ("return 1\n", "return 2\n"),
        ("\ndef helper", "\n\n# a remark\ndef helper"),
    ],
)
def test_words_layout_and_unrelated_code_do_not(hash_of, old, new):
    assert old in SOURCE
    assert hash_of(SOURCE) == hash_of(SOURCE.replace(old, new))


def test_a_module_used_as_a_whole_is_refused(hash_of):
    source = (
        "from course_lib.algorithms import optim\ndef experiment(seeds):\n    return vars(optim)['adam']\n"
    )
    with pytest.raises(ValueError, match=r"from course_lib\.algorithms\.optim import"):
        hash_of(source)


def test_what_is_taken_out_of_a_module_counts(hash_of):
    source = "from course_lib.algorithms import optim\ndef experiment(seeds):\n    return optim.{}\n"
    assert hash_of(source.format("adam")) != hash_of(source.format("lion"))
    unlike = source.replace("import optim", "import schedules as optim")
    assert hash_of(unlike.format("cosine")) != hash_of(unlike.format("step_decay"))


def test_where_the_file_lies_does_not_count(hash_of):
    source = "def experiment(seeds):\n    return __file__\n"
    assert hash_of(source) == hash_of(source)  # each time from another file


def test_a_local_name_hides_a_global_one(hash_of):
    body = "def experiment(seeds, run=1):\n    size = 2\n    return run + size\n"
    there = "def run():\n    return {}\ndef size():\n    return {}\n"
    assert hash_of(there.format(1, 2) + body) == hash_of(there.format(3, 4) + body)


def test_texts_and_the_registry_do_not_count(hash_of):
    body = "def experiment(seeds):\n    return t('viz.loss')\n"
    texts = hash_of("from course_lib.messages import t\n" + body)
    assert texts == hash_of("from course_lib.registry import get as t\n" + body)
    assert texts != hash_of("from course_lib.algorithms.optim import gd as t\n" + body)
