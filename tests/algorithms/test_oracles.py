"""Every algorithm agrees with every row of its oracle, and none is without one."""

import pytest

from course_lib import algorithms, registry
from tests.algorithms.oracles import ORACLES

CASES = [pytest.param(name, row, id=f"{name}: {row.label}") for name, rows in ORACLES.items() for row in rows]


@pytest.mark.parametrize(("name", "row"), CASES)
def test_agrees_with_its_oracle(name, row):
    row(registry.get(name).function)


def test_every_registered_algorithm_has_an_oracle():
    assert set(algorithms.__all__) == set(ORACLES)


def test_labels_tell_rows_apart():
    for name, rows in ORACLES.items():
        labels = [row.label for row in rows]
        assert len(labels) == len(set(labels)), name


def test_a_row_rejects_what_is_wrong():
    """The table can fail: the sign of gradient descent turned, and a rate too low by a thousandth."""
    for wrong in (
        lambda p, g, state=(), *, lr: (p + lr * g, state),
        lambda p, g, *, lr: (p - 0.999 * lr * g,),
    ):
        for row in ORACLES["gd"]:
            with pytest.raises(AssertionError):
                row(wrong)
