"""The strategy audit: every honest strategy is recognised, every pretender exposed, and nothing raises."""

import json
import math
import random
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import course_lib.assessment
from course_lib.assessment.audit import KINDS, Audit, audit, judge, measure
from course_lib.messages import LANGUAGES, catalogue, speaking
from course_lib.training.fit import Recipe
from tests.assessment.audit_recipes import HONEST, PRETENDERS, net
from tests.training.made import DATA

ALL = {**HONEST, **PRETENDERS}
KIND_OF = {
    **dict.fromkeys(("he", "he_out", "xavier", "lecun", "weights", "orthogonal"), "initialization"),
    "norm": "normalization",
    **dict.fromkeys(("noise", "decay", "penalty", "augmentation", "mixing", "smoothing"), "regularization"),
    **dict.fromkeys(("schedule", "momentum", "adaptive", "ahead", "memory"), "optimization"),
}


def small(**changes):
    return Recipe(**{"build_model": net, "batch_size": 64, **changes})


def of(found):
    return tuple(name for finding in found.findings for name in finding.strategies)


@pytest.fixture(scope="module")
def rich():
    return audit(small(**ALL["all_four"][0]), DATA)


@pytest.mark.parametrize("name", ALL)
def test_what_is_found_is_what_is_there(name):
    changes, expected = ALL[name]
    found = audit(small(**changes), DATA)
    assert of(found) == expected, found
    assert not [one for finding in found.findings for one in finding.evidence if one.key == "failed"], found
    assert {finding.kind for finding in found.findings if finding.present} == {KIND_OF[s] for s in expected}
    assert found.complete == (name == "all_four")


def test_there_are_enough_recipes():
    assert len(HONEST) >= 24 and len(PRETENDERS) >= 24


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "name", ["all_four", "plain", "he_by_name", "batch_norm", "default_drawn_again", "mixup"]
)
def test_another_seed_finds_the_same(name, seed):
    changes, expected = ALL[name]
    assert of(audit(small(**changes), DATA, seed=seed)) == expected


def test_measurements_are_numbers_that_repeat_and_travel_as_text():
    recipe = small(**ALL["all_four"][0])
    before = torch.get_rng_state(), torch.get_num_threads()
    first = json.dumps(measure(recipe, DATA, seed=3))
    assert torch.equal(torch.get_rng_state(), before[0]) and torch.get_num_threads() == before[1]
    assert first == json.dumps(measure(recipe, DATA, seed=3)) != json.dumps(measure(recipe, DATA, seed=4))
    assert repr(judge(json.loads(first))) == repr(audit(recipe, DATA, seed=3))
    for part in json.loads(first).values():
        for value in part.values():
            assert isinstance(value, float) or all(isinstance(x, (float, str)) for x in value)


def test_known_sizes_stand_in_the_measurements():
    numbers = measure(small(initialize="he_normal", build_optimizer="adamw", schedule="one_cycle"), DATA)
    # He's deviation √(2/n) against torch's 1/√(3n): √6
    for ln_size, error in zip(*(numbers["initialization"][k] for k in ("ln_size", "sampling")), strict=True):
        assert abs(ln_size - math.log(6) / 2) < 4 * error
    # 45 steps at a mean rate of about half of 0.001, decay 0.01: 1 − e^(−45 · 0.0005 · 0.01)
    assert numbers["decay"]["shrink"] == pytest.approx(45 * 0.0005 * 0.01, rel=0.05)
    assert numbers["rates"]["mean"] == pytest.approx(0.505, abs=0.03)
    # beta1 after one gradient and one zero: (0.09 / 0.19) / √(0.000999 / 0.001999) = 0.67
    assert numbers["update"]["memory"] == pytest.approx(0.67, abs=0.01)
    # all of the update is a sign: what of it lies outside a normal gradient is √(1 − 2/π)
    assert numbers["update"]["residual"] == pytest.approx(math.sqrt(1 - 2 / math.pi), abs=0.02)
    assert numbers["update"]["obeys"] == pytest.approx(0.5, abs=1e-3)


def test_the_reference_networks_audit_takes_seconds_on_the_courses_own_data():
    recipe = Recipe(initialize="he_normal", build_optimizer="momentum", augment="random_affine")
    start = time.process_time()
    found = audit(recipe)
    assert time.process_time() - start < 3 * (1 + torch.get_num_threads())  # torch's idle threads count too
    assert of(found) == ("he", "augmentation", "momentum") and not found["normalization"].present


def exits(model):
    raise SystemExit(3)


def shouts(x, y):
    raise ValueError("<script>alert(1)</script> {brace}")


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"initialize": exits}, KINDS),
        ({"augment": shouts}, ("regularization",)),
        ({"build_optimizer": lambda model: None}, ("regularization", "optimization")),
        ({"schedule": "cosin"}, ("optimization",)),
        ({"build_model": 3}, KINDS),
        ({"batch_size": 0}, KINDS),
        ({"build_model": lambda c, k: net(c, 2)}, KINDS),
        ({"loss": lambda scores, y: None}, ("regularization",)),
        ({"build_model": lambda c, k: nn.Sequential(nn.Flatten(), nn.LazyLinear(k))}, KINDS),
    ],
)
def test_what_fails_is_reported_and_the_rest_goes_on(changes, broken):
    found = audit(small(**changes), DATA)
    failed = [f.kind for f in found.findings if any(one.key == "failed" for one in f.evidence)]
    assert set(failed) <= set(broken) and failed and not found.complete
    assert "<script>" not in found._repr_html_()
    texts = [one.text for f in found.findings for one in f.evidence]
    assert any("Error" in text or "SystemExit: 3" in text for text in texts)


@pytest.mark.parametrize("recipe", [None, 3, "adam"])
def test_what_is_no_recipe(recipe):
    assert not audit(recipe, DATA).complete


def odd(rng, depth=0):
    """Something that JSON can hold, and `measure` never gives."""
    values = [None, True, "x", -1, 10**400, math.nan, math.inf, -math.inf, 0.0, 1e-300, [], {}, [1.0, None]]
    return [odd(rng, depth + 1) for _ in range(3)] if depth < 2 and rng.random() < 0.2 else rng.choice(values)


def test_the_judge_takes_whatever_comes():
    rng = random.Random(0)
    real = measure(small(), DATA)
    for wrong in (None, [], "x", {}, {"setting": 1}, {"setting": {}}):
        assert not judge(wrong).complete
    for _ in range(300):
        forged = {
            part: {k: odd(rng) if rng.random() < 0.5 else v for k, v in numbers.items()}
            for part, numbers in real.items()
        }
        for part in list(forged):
            if rng.random() < 0.1:
                forged[part] = odd(rng)
        found = judge(forged)
        assert isinstance(found, Audit) and repr(found) and found._repr_html_()


class Reader(HTMLParser):
    """Collects the text of cells, and the tags, of a table."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_shows_itself_as_a_table_and_as_text(rich, lang):
    with speaking(lang):
        reader = Reader()
        reader.feed(rich._repr_html_())
        plain = repr(rich)
        for finding in rich.findings:
            for text in (finding.title, finding.state, *(one.text for one in finding.evidence)):
                assert text in reader.text and text in plain
        assert rich.summary in reader.text
    scopes = [attrs.get("scope") for tag, attrs in reader.tags if tag == "th"]
    assert scopes == ["col"] * 3 + ["row"] * 4 and ("caption" in [tag for tag, _ in reader.tags])
    assert bool(re.search("[가-힣]", plain)) == (lang == "ko")


def test_every_text_can_be_reached():
    written = {key for key in catalogue() if key.startswith("audit.")}
    library = "".join(path.read_text(encoding="utf-8") for path in _sources())
    stems = {re.sub(r"^audit\.|^(kind|head|strategy)_", "", key.removeprefix("audit.")) for key in written}
    unused = [s for s in stems if f'"{s}"' not in library and s.rsplit("_", 1)[0] not in library]
    assert not unused


def _sources():
    return Path(course_lib.assessment.__file__).with_name("audit").glob("*.py")


def test_evidence_quotes_what_was_measured(rich):
    numbers = measure(small(**ALL["all_four"][0]), DATA)
    decay = next(one for one in rich["regularization"].evidence if one.strategy == "decay")
    assert f"{numbers['decay']['shrink']:.3g}" in decay.text
    assert np.isclose(float(decay.values["value"]), numbers["decay"]["shrink"], rtol=1e-2)
