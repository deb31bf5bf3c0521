"""Hyperparameter search, the part that is arithmetic: which candidates, which budget.

A space is {name: Range}, as sliders have it: `{"lr": Range(1e-4, 1.0, "log")}`; whoever trains and scores
the candidates is in `course_lib.training.search`.
"""

import itertools
import math
from dataclasses import replace

from course_lib.algorithms._arrays import fraction, generator, positive, whole
from course_lib.messages import t
from course_lib.registry import Range, register


@register(
    "search",
    ko="격자 후보",
    en="Grid of candidates",
    source="Bergstra & Bengio 2012, JMLR 13, §1",
    ranges={"count": Range(2, 10, count=9)},
)
def grid(space, *, count=3):
    """All combinations of evenly spaced values: count per hyperparameter, both ends among them.

    Even on the Range's own scale: equal ratios for "log". With h hyperparameters there are countʰ candidates.

    space: {name: Range}. count ≥ 2. Returns a list of {name: float}. Raises TypeError and ValueError.
    """
    _ranges("grid", space)
    whole("grid", low=2, count=count)
    values = [replace(span, count=int(count)).values() for span in space.values()]
    return [dict(zip(space, combination, strict=True)) for combination in itertools.product(*values)]


@register(
    "search",
    ko="무작위 후보",
    en="Random candidates",
    source="Bergstra & Bengio 2012, JMLR 13, §2",
    ranges={"count": Range(1, 100, count=100)},
)
def draw_candidates(space, *, count=9, rng):
    """Candidates drawn at random, every hyperparameter by itself, evenly on its Range's scale.

        linear: a + u (b − a)        log: a (b/a)ᵘ        one_minus: 1 − (1 − a) ((1 − b)/(1 − a))ᵘ

    u is uniform on [0, 1), so that on a log scale each decade gets as many as any other.

    space: {name: Range}. count ≥ 1. rng: NumPy Generator; draws in the order of the space.
    Returns a list of {name: float}. Raises TypeError and ValueError on bad input.
    """
    _ranges("draw_candidates", space)
    whole("draw_candidates", count=count)
    generator("draw_candidates", rng)
    return [{name: _at(span, rng.random()) for name, span in space.items()} for _ in range(int(count))]


@register(
    "search",
    ko="탐색 범위 끝 검사",
    en="Check for a best value at the edge of its range",
    source="Goodfellow et al. 2016, Deep Learning, §11.4.3 (widen the range if the best is at its border)",
    ranges={"margin": Range(0.02, 0.3, count=15)},
)
def at_edge(best, *, space, margin=0.1):
    """The hyperparameters whose best value lies so near an end of its range that better ones may lie beyond.

    Near: within a share `margin` of the range, measured on the Range's own scale.

    best: {name: value}. space: {name: Range}. margin: a share in (0, 0.5).
    Returns {name: "low" or "high"}, empty if all is well. Raises TypeError and ValueError on bad input.
    """
    _ranges("at_edge", space)
    positive("at_edge", margin=margin)
    if margin >= 0.5 or set(best) != set(space):
        raise ValueError(t("search.edge", margin=margin, best=sorted(best), space=sorted(space)))
    for name, span in space.items():
        # A value may be off an end by rounding.
        low, high = span.low - 1e-9 * abs(span.low) - 1e-12, span.high + 1e-9 * abs(span.high) + 1e-12
        # NaN fails the comparison too.
        if not low <= best[name] <= high:
            raise ValueError(t("search.outside", arg=name, got=best[name], low=span.low, high=span.high))
    shares = {name: _share(span, best[name]) for name, span in space.items()}
    sides = {name: "low" if share < 0.5 else "high" for name, share in shares.items()}
    return {name: sides[name] for name, share in shares.items() if min(share, 1 - share) <= margin}


@register(
    "search",
    ko="Hyperband의 대진표",
    en="Hyperband's brackets",
    source="Li et al. 2018, Hyperband, JMLR 18(185), Algorithm 1",
    ranges={"most": Range(9, 81, count=9), "eta": Range(2, 5, count=4)},
)
def hyperband_brackets(*, most=27, eta=3):
    """How many candidates run for how long: many shortly and few long, in several mixtures.

        s_max = ⌊log_η R⌋;   for s = s_max … 0:   n = ⌈(s_max + 1) η^s / (s + 1)⌉,   r = R η^−s
        round i of a bracket: n_i = ⌊n η^−i⌋ candidates on r_i = r ηⁱ each; the best ⌊n_i / η⌋ go on

    One bracket alone is successive halving. A budget is rounded down to whole units, such as epochs.

    most: R ≥ 1, the largest budget of a candidate. eta: η ≥ 2, a whole number.
    Returns a list of brackets, each a list of (candidates, budget), ints. Raises ValueError on bad input.
    """
    whole("hyperband_brackets", most=most)
    whole("hyperband_brackets", low=2, eta=eta)
    most, eta = int(most), int(eta)
    # s_max = ⌊log_η R⌋, in whole numbers: a logarithm may fall just below one
    s_max = max(s for s in range(most.bit_length()) if eta**s <= most)
    brackets = []
    for s in range(s_max, -1, -1):
        # n = ⌈(s_max + 1) η^s / (s + 1)⌉
        n = -(-(s_max + 1) * eta**s // (s + 1))
        # n_i = ⌊n η^−i⌋,  r_i = R η^(i − s)
        brackets.append([(n // eta**i, most * eta**i // eta**s) for i in range(s + 1)])
    return brackets


@register(
    "search",
    ko="성긴 탐색에서 촘촘한 탐색으로",
    en="From coarse to fine",
    source="Goodfellow et al. 2016, Deep Learning, §11.4.3 (zoom in after a coarse search)",
    ranges={"share": Range(0.05, 0.95)},
)
def narrow(best, *, space, share=0.3):
    """The space of the next, finer search: a share of each width, around the best value, within the old.

        [b − w/2, b + w/2],   w = share · width,   moved inwards where it would leave the range

    Width and place are measured on each Range's own scale. Check with `at_edge` first: a best value at an
    end asks for a wider range, not for a narrower one.

    best: {name: value}. space: {name: Range}. share: in (0, 1). Returns {name: Range}.
    Raises TypeError and ValueError on bad input.
    """
    _ranges("narrow", space)
    fraction("narrow", share=share)
    positive("narrow", share=share)
    finer = {}
    for name, span in space.items():
        # the lower end, moved inwards
        start = min(max(_share(span, best[name]) - share / 2, 0.0), 1.0 - share)
        finer[name] = replace(span, low=_at(span, start), high=_at(span, start + share))
    return finer


def _at(span, share):
    """The value at a share, 0 … 1, of a Range on its own scale."""
    if span.scale == "log":
        return float(span.low * (span.high / span.low) ** share)
    if span.scale == "one_minus":
        return float(1 - (1 - span.low) * ((1 - span.high) / (1 - span.low)) ** share)
    return float(span.low + share * (span.high - span.low))


def _share(span, value):
    """The share of a Range, on its own scale, at which a value lies: the inverse of `_at`."""
    if span.scale == "log":
        return math.log(value / span.low) / math.log(span.high / span.low)
    if span.scale == "one_minus":
        return math.log((1 - value) / (1 - span.low)) / math.log((1 - span.high) / (1 - span.low))
    return (value - span.low) / (span.high - span.low)


def _ranges(name, space):
    given = dict(space) if hasattr(space, "items") else {}
    if not given or not all(isinstance(span, Range) for span in given.values()):
        raise TypeError(t("search.space", name=name, got=repr(space)))
