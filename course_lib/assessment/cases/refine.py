"""Cases of mixing, smoothing, averaging and calibration."""

import numpy as np

from course_lib.assessment.cases import Case, draw_hyper, makes_cases

CALLS = 6


@makes_cases("mixing")
def mixing_case(entry, rng, index):
    n, classes = (5, 4, 6, 8)[index % 4], (3, 4, 2, 5)[index % 4]
    inputs = []
    for _ in range(CALLS):
        y = np.eye(classes)[rng.permutation(n) % classes]
        inputs.append((rng.normal(size=(n, 2, 6, 7)), y))
    hyper = draw_hyper(entry, rng, index) | {"rng": int(rng.integers(2**31))}
    return Case(hyper, tuple(inputs))


@makes_cases("label smoothing")
def smoothing_case(entry, rng, index):
    classes = (3, 4, 5, 10)[index % 4]
    labels = rng.integers(classes, size=(CALLS, 6))
    hyper = {"eps": float(f"{rng.uniform(0.05, 0.4):.2g}")} if index else {"eps": entry.defaults["eps"]}
    return Case(hyper, tuple((np.eye(classes)[row],) for row in labels))


@makes_cases("stochastic_depth")
def depth_case(entry, rng, index):
    hyper = {"rate": (0.2, 0.3, 0.5, 0.75)[index % 4], "training": index % 2 == 0}
    hyper["rng"] = int(rng.integers(2**31))
    return Case(hyper, tuple((rng.normal(size=(8, 2, 3)),) for _ in range(CALLS)))


@makes_cases("survival_rate")
def survival_case(entry, rng, index):
    layers = (10, 4, 12, 54)[index % 4]
    return Case(
        draw_hyper(entry, rng, index, layers=layers), tuple((layer,) for layer in range(1, layers + 1))
    )


@makes_cases("weight averaging", "gradient accumulation")
def averaging_case(entry, rng, index):
    shape = ((3,), (2, 3), (1,), (4,))[index % 4]
    hyper = draw_hyper(entry, rng, index)
    if "every" in hyper and index:
        hyper["every"] = (4, 2, 3, 5)[index % 4]
    steps = rng.normal(size=(20, *shape)).cumsum(axis=0)
    return Case(hyper, tuple((p,) for p in steps), carries_state=True)


@makes_cases("reliability_bins", "expected_calibration_error")
def bins_case(entry, rng, index):
    hyper = {"bins": (15, 5, 10, 4)[index % 4]}
    inputs = []
    for sharp in np.geomspace(0.5, 4, CALLS):
        z, labels = _scores(rng, sharp)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        # In the last case quarters, which stand on the edges between the bins.
        inputs.append((rng.multinomial(4, p) / 4 if index % 4 == 3 else p, labels))
    return Case(hyper, tuple(inputs))


@makes_cases("fit_temperature")
def temperature_case(entry, rng, index):
    return Case({}, tuple(_scores(rng, sharp) for sharp in np.geomspace(0.5, 4, CALLS)))


def _scores(rng, sharp, n=60, classes=4):
    """Logits that are right more often than chance, and their labels."""
    labels = rng.integers(classes, size=n)
    return sharp * (rng.normal(size=(n, classes)) + np.eye(classes)[labels]), labels
