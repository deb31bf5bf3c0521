"""The secret of the hidden cases lies outside the repository, and nothing that students get holds them."""

import json
import stat

import numpy as np
import pytest

from course_lib import registry
from course_lib.assessment.cases import cases, has_cases
from course_lib.classroom.results import as_row
from course_lib.grading.marking import Graded
from course_lib.grading.secret import BadSecret, default_place, read_secret, seed_of
from course_lib.paths import repo_root
from tests.grading.made import ROOT, SECRET, WRONG, points


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home without a secret."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def test_it_is_made_once_for_its_owner_alone(home):
    first = read_secret()
    assert read_secret() == first and len(first) == 64
    assert stat.S_IMODE(default_place().stat().st_mode) == 0o600
    default_place().unlink()
    assert read_secret() != first


def test_it_may_not_lie_in_the_repository_nor_be_reached_there_through_a_link(home):
    inside = repo_root() / "README.md"
    link = home / "link"
    link.symlink_to(inside)
    for path in (inside, link, repo_root() / "exercises/../secret"):
        with pytest.raises(BadSecret, match="inside the repository"):
            read_secret(path)


def test_one_that_is_missing_or_short_is_refused_with_the_remedy(home):
    with pytest.raises(BadSecret, match="cannot be read"):
        read_secret(home / "none")
    short = home / "short"
    short.write_text("1234\n")
    with pytest.raises(BadSecret, match="at least 16"):
        read_secret(short)


def test_every_secret_and_every_assignment_has_other_cases():
    seeds = {seed_of(secret, name) for secret in (SECRET, SECRET + b"!") for name in ("u01", "u02")}
    assert len(seeds) == 4 and 0 not in seeds
    assert seed_of(SECRET, "u01") == seed_of(SECRET, "u01")


def _numbers(value):
    """All arrays in a part of a case, but for those that hold only two numbers, such as labels."""
    if isinstance(value, tuple | list):
        return [x for part in value for x in _numbers(part)]
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and len(np.unique(value)) > 2:
        return [value.tobytes()]
    return []


@pytest.mark.parametrize("name", [entry.name for entry in registry.entries() if has_cases(entry)])
def test_hidden_cases_are_none_of_the_visible_ones(name):
    """A single edge case that has to be in both may be the same."""
    visible = {x for case in cases(name) for x in _numbers((case.start, case.inputs))}
    for case in cases(name, seed_of(SECRET, "u01_optimization")):
        fed = _numbers((case.start, case.inputs))
        assert sum(x in visible for x in fed) <= 0.2 * len(fed)


def test_the_marks_count_hidden_cases_and_show_none(grader):
    hidden = cases("momentum", seed_of(SECRET, "u01_optimization"))
    _, grades = points(grader, momentum=WRONG, cosine="def cosine(step, *, total, peak, floor):\n    pass")
    text = json.dumps(as_row("kim", "x.ipynb", Graded(grades, "")))
    assert all(case.label not in text for case in hidden[1:])
    assert SECRET.decode() not in text and str(seed_of(SECRET, "u01_optimization")) not in text


def test_no_notebook_and_no_gradebook_cell_asks_for_a_hidden_case():
    for path in ROOT.glob("*/*/*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert "grading.secret" not in text and "seed_of" not in text and "read_secret" not in text
