"""The study of the assignment: reference, combinations, record with an interrupt, and the stored numbers."""

import json

import numpy as np
import pytest
import torch

from course_lib.data import make_hangul
from course_lib.data.hangul import load_hangul
from course_lib.experiments import assignment
from course_lib.messages import LANGUAGES, speaking
from course_lib.training.ablation import KINDS
from course_lib.training.recipe import Recipe, plain_cnn
from tests.data.test_hangul import FONTS, NANUM

NONE, ALL = (False,) * len(KINDS), (True,) * len(KINDS)


def shapes(model):
    return [tuple(p.shape) for p in model.parameters() if p.ndim > 1]


def test_the_reference_comes_from_the_solution_and_both_languages_agree():
    recipe = assignment.reference()
    assert isinstance(recipe, Recipe)
    assert shapes(recipe.build_model(1, 14)) == shapes(plain_cnn(1, 14))
    ko, en = (
        json.loads((assignment.repo_root() / "solutions" / lang / "assignment.ipynb").read_text("utf-8"))
        for lang in ("ko", "en")
    )
    answers = [
        [c["source"] for c in n["cells"] if str(c["metadata"].get("nbgrader", {}).get("grade_id")) in ids]
        for n in (ko, en)
        for ids in [{f"solution-{part}" for part in assignment.PARTS}]
    ]
    assert answers[0] == answers[1] and len(answers[0]) == len(assignment.PARTS)


def test_all_sixteen_train_one_network():
    assert len(set(assignment.COMBINATIONS)) == 16
    for on in assignment.COMBINATIONS:
        model = assignment.combination(on).build_model(1, 14)
        assert shapes(model) == shapes(plain_cnn(1, 14))
        assert any(isinstance(m, torch.nn.BatchNorm2d) for m in model.modules()) == on[1]


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Results go here; the hidden test is drawn from the fonts that pip installs."""
    fonts = {path.parent for path in FONTS.rglob("NanumGothic*.ttf")}
    real = make_hangul.make
    monkeypatch.setattr(make_hangul, "FAMILIES", NANUM)
    monkeypatch.setattr(assignment, "make", lambda out, **options: real(out, folders=fonts, **options))
    monkeypatch.setattr(assignment, "path_of", lambda root=None: tmp_path / "assignment.json")
    return tmp_path


def test_a_record_is_complete_and_goes_on_where_it_was_stopped(folder, capsys):
    left = {"run": ["1111", 0], "validation": 0.5, "test": 0.25, "train": 0.75, "diverged": False}
    beside = folder / f".assignment.{assignment.code()}.1.jsonl"
    beside.write_text(json.dumps(left) + "\n" + '{"run": ["0000", 0], "vali', encoding="utf-8")
    made = assignment.record(seeds=(0,), epochs=1, combinations=(NONE, ALL), jobs=1)
    assert made == assignment.load() and [path.name for path in folder.iterdir()] == ["assignment.json"]
    assert made["runs"]["1111"] == {"validation": [0.5], "test": [0.25], "train": [0.75], "diverged": [False]}
    plain = made["runs"]["0000"]
    assert 0 < plain["validation"][0] < 0.5 and 0 < plain["test"][0] < 0.5
    assert made["alone"]["seconds"] > 0 and made["alone"]["peak_mib"] > 100
    printed = capsys.readouterr().out
    assert printed.count("seed 0") == 1 and f"{plain['test'][0]:.1%}" in printed
    assert not assignment.is_stale()


def test_a_result_of_other_code_is_stale_and_a_missing_one_too(folder):
    assert assignment.is_stale()
    with pytest.raises(FileNotFoundError, match="course experiment assignment"):
        assignment.load()
    (folder / "assignment.json").write_text('{"code": "0123456789abcdef"}', encoding="utf-8")
    assert assignment.is_stale()


@pytest.fixture(scope="module")
def stored():
    return assignment.load()


def test_the_stored_study_is_complete_and_fresh(stored):
    assert stored["seeds"] == [0, 1, 2, 3, 4] and stored["epochs"] == 15
    assert len(stored["runs"]) == 16
    for values in stored["runs"].values():
        assert all(len(numbers) == 5 for numbers in values.values())
    assert stored["data"]["train"] == load_hangul("train").sha256()
    assert stored["data"]["validation"] == load_hangul("validation").sha256()
    assert not assignment.is_stale()


def test_the_bars_of_the_assignment_hold(stored):
    plain, full = stored["runs"]["0000"], stored["runs"]["1111"]
    assert np.mean(plain["validation"]) <= 0.6
    assert np.mean(full["validation"]) >= 0.88
    assert np.mean(full["test"]) >= 0.85 and min(full["test"]) >= 0.8
    assert stored["alone"]["peak_mib"] <= 1024


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_summary_names_every_combination_best_first(stored, lang):
    with speaking(lang):
        *rows, alone = assignment.summary(stored).split("\n")
    means = [float(np.mean(values["test"])) for values in stored["runs"].values()]
    assert [f"{mean:.1%}" in row for mean, row in zip(sorted(means)[::-1], rows, strict=True)] == [True] * 16
    assert str(stored["alone"]["peak_mib"]) in alone
