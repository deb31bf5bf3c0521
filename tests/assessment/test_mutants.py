"""Every known mistake is rejected by the oracle of its algorithm, and `check` names it."""

import pytest

from course_lib import registry
from course_lib.assessment.cases import has_cases
from course_lib.assessment.diagnose import diagnose
from course_lib.assessment.mutants import mutants
from course_lib.messages import LANGUAGES, catalogue
from tests.algorithms.oracles import ORACLES

IDS = [f"{m.of}.{m.mistake}" for m in mutants()]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # what is wrong may overflow
@pytest.mark.parametrize("mutant", mutants(), ids=IDS)
def test_the_oracle_rejects_it(mutant):
    """At least one row of the table that accepts the right function refuses this one."""
    rejected = 0
    for check in ORACLES[mutant.of]:
        check(registry.get(mutant.of).function)
        try:
            check(mutant.function)
        except AssertionError:
            rejected += 1
    assert rejected


@pytest.mark.parametrize(
    "mutant", [m for m in mutants() if has_cases(registry.get(m.of))], ids=lambda m: f"{m.of}.{m.mistake}"
)
@pytest.mark.parametrize("seed", [0, 1, 20])
def test_check_names_it(mutant, seed):
    outcome = diagnose(mutant.of, mutant.function, seed)
    assert (outcome.kind, outcome.mistake) == ("mutant", mutant.mistake)
    assert mutant.text in outcome.diagnosis


@pytest.mark.parametrize("seed", [0, 1, 20])
@pytest.mark.parametrize("name", [e.name for e in registry.entries() if has_cases(e)])
def test_the_right_function_passes_every_seed(name, seed):
    assert diagnose(name, registry.get(name).function, seed).right


def test_each_mistake_has_its_text_and_each_text_its_mistake():
    texts = {key for key in catalogue() if key.startswith("mutant.")}
    assert texts == {f"mutant.{i}" for i in IDS}
    assert all(set(catalogue()[key]) == set(LANGUAGES) for key in texts)


@pytest.mark.parametrize(
    "entry", registry.entries("optimizer") + registry.entries("schedule"), ids=lambda e: e.name
)
def test_every_rule_and_schedule_has_a_known_mistake(entry):
    assert mutants(entry.name)
