"""Every claim: its texts, its stored result, its page; and that its verdict turns round with the data."""

import base64
import json
import string
import warnings
from dataclasses import replace
from functools import cache
from html import escape

import jsonschema
import numpy as np
import pytest

from course_lib.algorithms.optim import adagrad, adam, gd
from course_lib.algorithms.second_order import newton
from course_lib.experiments import claim, claims, page, run_experiment, stale, store, tuning, unit1
from course_lib.experiments.statements import Claim, Result
from course_lib.experiments.verdict import verdict
from course_lib.messages import LANGUAGES, catalogue, speaking

CLAIMS = claims()
NAMES = [c.name for c in CLAIMS]
STORED = [c for c in CLAIMS if c.stored]
TEXTS = ("statement", "measured", "unit", "axis", "axis_title", "holds", "fails", "depends", "unclear", "why")

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "code", "seeds", "effects", "made"],
    "properties": {
        "name": {"type": "string"},
        "code": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "seeds": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "uniqueItems": True},
        "effects": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "array", "items": {"type": "number"}},
        },
        "made": {
            "type": "object",
            "additionalProperties": False,
            "required": ["command", "seconds", "threads", "python", "numpy", "torch"],
            "properties": {
                "seconds": {"type": "integer", "maximum": 180},
                "threads": {"type": "integer"},
                "command": {"type": "string"},
                "python": {"type": "string"},
                "numpy": {"type": "string"},
                "torch": {"type": "string"},
            },
        },
    },
}


@cache
def result(name):
    """A claim's result as a notebook gets it; live ones run once for all tests."""
    return claim(name)


def test_the_claims_of_unit_1_are_here():
    assert {c.number for c in CLAIMS} >= {4, 5, 25, 27, 29, 31, 32, 41}


@pytest.mark.parametrize("name", NAMES)
def test_reversing_the_data_reverses_the_verdict(name):
    found = result(name)
    turned = {condition: [-x for x in values] for condition, values in found.effects.items()}
    before, after = found.verdict, verdict(turned, margin=found.claim.margin)
    swap = {"supports": {"opposes"}, "opposes": {"supports"}, "nothing": {"nothing", "unclear"}}
    for condition, finding in before.findings.items():
        assert after.findings[condition] in swap.get(finding, {"unclear", "nothing"})
    if before.word == "holds":
        assert after.word == "fails"
    if set(before.findings.values()) == {"opposes"}:
        assert after.word == "holds"


def test_a_method_that_uses_the_hessian_is_found_out():
    effects = unit1.adagrad_needs_second_derivatives(range(3), rule=newton)
    assert verdict(effects, margin=0.5).word == "holds"
    assert all(values == [1.0] * 3 for values in effects.values())


def test_costs_turn_round_with_the_methods():
    there = unit1.adagrad_is_costly(range(2), rule=adagrad, against=gd)
    back = unit1.adagrad_is_costly(range(2), rule=gd, against=adagrad)
    assert all(x > 0 > y for name in there for x, y in zip(there[name], back[name], strict=True))
    # 2 operations of gd, 7 of AdaGrad (g·g, +, √, +ε, η·g, /, −) beside the 6 of a gradient
    assert there["batch_1"] == [pytest.approx(100 * (13 / 8 - 1))] * 2


def test_adagrad_against_rmsprop_turns_round_with_the_methods():
    small = {"seeds": range(2), "epochs": 1, "steps": 20}
    there = unit1.adagrad_beats_rmsprop(**small)
    back = unit1.adagrad_beats_rmsprop(**small, ours=unit1.rmsprop, theirs=unit1.adagrad)
    for name in there:
        assert back[name] == pytest.approx([-x for x in there[name]])


def test_the_best_method_turns_round_with_the_methods():
    small = {"seeds": range(2), "epochs": 1, "steps": 20}
    there = unit1.adam_is_best(ours=adam, rivals=(gd,), **small)
    back = unit1.adam_is_best(ours=gd, rivals=(adam,), **small)
    for name in there:
        assert back[name] == pytest.approx([-x for x in there[name]])


@pytest.mark.parametrize("pair", [(0.9, 0.999), (0.9, 0.95), (0.99, 0.999)])
def test_bias_correction_at_the_first_step_is_as_derived(pair):
    # m̂/√v̂ = 1 and m/√v = (1 − β₁)/√(1 − β₂), in each coordinate
    beta1, beta2 = pair
    measured = unit1.bias_correction_enlarges([0, 1], steps=1, betas={"it": pair})["it"]
    assert measured == pytest.approx([-np.log2((1 - beta1) / (1 - beta2) ** 0.5)] * 2, rel=1e-6)


def test_clipping_below_every_norm_changes_nothing():
    assert unit1._clip_gain(1e9, 1.0, 0.1, 0, epochs=1) == 0.0


@pytest.mark.parametrize("known", CLAIMS, ids=NAMES)
def test_every_text_is_there(known):
    wanted = [f"claim.{known.name}.{part}" for part in TEXTS]
    wanted += [f"claim.{known.name}.condition.{c}" for c in result(known.name).effects]
    for key in wanted:
        for lang in LANGUAGES:
            text = catalogue()[key][lang]
            assert text and not [field for _, field, _, _ in string.Formatter().parse(text) if field]


def test_no_claim_has_texts_without_an_experiment():
    keys = [key.split(".") for key in catalogue() if key.startswith("claim.")]
    parts = {key[1] for key in keys if key[-1] == "statement"}
    assert parts == set(NAMES)
    conditions = {(key[1], ".".join(key[3:])) for key in keys if len(key) > 3 and key[2] == "condition"}
    assert conditions == {(name, c) for name in NAMES for c in result(name).effects}


@pytest.mark.parametrize("known", STORED, ids=lambda c: c.name)
def test_stored_results_are_complete_and_fresh(known):
    stored = json.loads(store.path_of(known).read_text(encoding="utf-8"))
    jsonschema.validate(stored, SCHEMA)
    assert stored["name"] == known.name
    assert all(len(values) == len(known.seeds) for values in stored["effects"].values())
    assert not store.is_stale(known)


def test_stale_names_missing_and_outdated_results(tmp_path):
    assert stale() == []
    names = [c.name for c in STORED]
    assert stale(tmp_path)[: len(names)] == names
    assert set(stale(tmp_path)[len(names) :]) == {"assignment", "fonts_gap", "refinements"}
    known, *others = STORED
    for c in STORED:
        content = json.loads(store.path_of(c).read_text(encoding="utf-8"))
        store.write(store.path_of(c, tmp_path), content | ({"code": "0" * 16} if c is known else {}))
    assert [name for name in stale(tmp_path) if name in names] == [known.name]
    content = json.loads(store.path_of(others[0]).read_text(encoding="utf-8"))
    store.write(store.path_of(others[0], tmp_path), content | {"seeds": [1, 2]})
    assert others[0].name in stale(tmp_path)


def test_an_interrupt_leaves_the_stored_result(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "HERE", tmp_path)

    def interrupted(seeds, watch):
        for _ in watch(range(3)):
            raise KeyboardInterrupt

    known = Claim("adam_is_best", 25, interrupted, (0, 1), stored=True)
    store.write(store.path_of(known), {"effects": {"a": [1.0, 2.0]}})
    with pytest.raises(KeyboardInterrupt):
        store.record(known, progress=False)
    assert store.load(known) == {"a": [1.0, 2.0]}
    assert [p.name for p in tmp_path.iterdir()] == ["adam_is_best.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "x.json"
    store.write(path, {"old": 1})
    with pytest.raises(TypeError):
        store.write(path, {"new": object()})
    assert json.loads(path.read_text()) == {"old": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_recording_writes_what_the_experiment_gave(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(store, "HERE", tmp_path)
    monkeypatch.setattr("course_lib.experiments.statements.get", lambda name: known)
    known = replace(CLAIMS[0], stored=True, run=_two_runs, seeds=(3, 4))
    again = run_experiment(known.name)
    assert again.effects == {"quadratic": [0.333333, -2.0]} == store.load(known)
    assert not store.is_stale(known)
    assert known.name in capsys.readouterr().err  # the progress bar


def _two_runs(seeds, watch):
    return {name: [1 / 3, -2.0] for name in watch(["quadratic"])}


def test_a_quick_run_is_live_and_judged_by_what_it_shows():
    quick = claim("clip_at_one_or_a_tenth", quick=True)
    assert len(quick.effects["1_at_1"]) == len(quick.claim.quick["seeds"])
    assert quick.effects != claim("clip_at_one_or_a_tenth").effects
    assert quick.verdict == verdict(quick.effects, margin=quick.claim.margin)


@pytest.mark.parametrize("known", [c for c in CLAIMS if c.quick], ids=lambda c: c.name)
def test_quick_runs_know_the_same_conditions(known, monkeypatch):
    seeds = known.quick["seeds"]
    untrained = np.ones((30, len(tuning.TUNING) + len(seeds)))
    monkeypatch.setattr(unit1, "fit", lambda *args, **kwargs: untrained)
    monkeypatch.setattr(unit1, "_clip_gain", lambda *args, **kwargs: 0.0)
    quick = claim(known.name, quick=True)
    assert set(quick.effects) <= set(result(known.name).effects)
    assert all(len(values) == len(seeds) >= 2 for values in quick.effects.values())


def test_unknown_and_missing_claims_say_what_to_do(monkeypatch, tmp_path):
    with pytest.raises(KeyError, match="adam_is_best"):
        claim("adam_is_bst")
    monkeypatch.setattr(store, "HERE", tmp_path)
    with pytest.raises(FileNotFoundError, match="course experiment adam_is_best"):
        claim("adam_is_best")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_reads_well_and_has_the_same_bytes_again(name, lang, caplog):
    with speaking(lang), warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning, or the mathtext logger's
        first, again = page.outputs(result(name)), page.outputs(result(name))
        known, words = result(name).claim, page.badge_words(result(name))
        assert first == again
        assert not caplog.records
        (opening, _), (image, metadata), (reasons, _) = first
        assert known.text("statement") in first[0][0]["text/plain"]
        assert escape(words) in opening["text/html"] and words in opening["text/plain"]
        assert base64.b64decode(image["image/png"]).startswith(b"\x89PNG")
        assert known.text("unit") in metadata["image/png"]["alt"]
        for condition in result(name).effects:
            assert known.text(f"condition.{condition}") in reasons["text/html"]


def test_the_verdict_shown_is_the_one_computed():
    found = result("newton_needs_no_rate")
    shifted = {name: [x - 100 for x in values] for name, values in found.effects.items()}
    lifted = {name: [x + 100 for x in values] for name, values in found.effects.items()}
    for effects, word in ((shifted, "fails"), (lifted, "holds")):
        html = page.opening(Result(found.claim, effects))
        assert page.BADGES[word] in html and found.claim.text(word) in html
        assert not any(colour in html for key, colour in page.BADGES.items() if key != word)


def test_html_is_escaped_and_an_outdated_result_says_so(monkeypatch):
    known = result("adagrad_is_costly")
    monkeypatch.setattr(Claim, "text", lambda self, part: f"<script>{part}</script>")
    for html in (page.opening(known), page.reasons(known)):
        assert "<script>" not in html and "&lt;script&gt;" in html
    assert "course experiment" not in page.opening(known)
    assert "course experiment adagrad_is_costly" in page.opening(replace(known, outdated=True))


def test_a_result_shows_itself_in_three_outputs(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw, metadata: shown.append((data, raw)))
    result("adagrad_is_costly")._ipython_display_()
    assert [sorted(data) for data, raw in shown if raw] == [
        ["text/html", "text/plain"],
        ["image/png", "text/markdown", "text/plain"],
        ["text/html", "text/plain"],
    ]
