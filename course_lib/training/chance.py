"""Every source of chance that a learner's code may draw from, seeded together and put back afterwards."""

import random
from contextlib import contextmanager

import numpy as np
import torch


def capture():
    """The state of Python's, NumPy's (the global one) and torch's generators on the CPU."""
    return random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002


def restore(states):
    """Go back to what `capture` gave."""
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])


def sow(seed):
    """Seed all three. seed: a whole number ≥ 0."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)


@contextmanager
def untouched():
    """Whatever is drawn inside the block, afterwards the generators are as they were."""
    before = capture()
    try:
        yield
    finally:
        restore(before)
