"""The oracle table: for every algorithm, what it must agree with, by something that is not course_lib.

`ORACLES[name]` is a list of rows; `row(function)` raises AssertionError where the function disagrees,
so that the same rows hold the library's function and turn down each known wrong version of it.
"""

from tests.algorithms.oracles import (
    activations,
    augment,
    conv,
    embeddings,
    inits,
    losses,
    norms,
    numeric,
    preprocess,
    probe,
    problems,
    refine,
    regularizers,
    rules,
    schedules,
    second_order,
    text,
)
from tests.algorithms.oracles._table import Row

ORACLES: dict[str, list[Row]] = {}
for _module in (
    rules,
    schedules,
    second_order,
    problems,
    refine,
    numeric,
    activations,
    losses,
    preprocess,
    augment,
    conv,
    embeddings,
    regularizers,
    text,
    inits,
    norms,
    probe,
):
    for _name, _rows in _module.TABLE.items():
        ORACLES.setdefault(_name, []).extend(_rows)
