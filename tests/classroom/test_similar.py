"""Copies in every disguise stand out of a class; honest work that looks alike does not."""

import html
import random
import subprocess
import sys
import time
from collections import Counter
from functools import cache

import numpy as np
import pytest

from course_lib.classroom import similar
from course_lib.classroom.fingerprints import WINDOW, K, fingerprints
from course_lib.classroom.similar import (
    GREAT_SHARE,
    LEAST_SHARE,
    MOST_PAIRS,
    Pair,
    Shared,
    known_releases,
    limit,
    similar_page,
    similar_pairs,
    write_similar_pages,
)
from tests.classroom import copies
from tests.classroom.handwork import UNIT, ten
from tests.grading.students import ROOT, right, stubs, wrong

HONEST = ten()
TASKS = list(HONEST[0])


@pytest.fixture(scope="module")
def releases():
    """What was handed out, and its solution, in both languages."""
    found = known_releases(ROOT, [{"assignment": UNIT}, {"assignment": "../../x"}, {"assignment": ""}])
    assert [(one.name, one.lang) for one in found] == [(UNIT, "ko"), (UNIT, "en")] * 2
    return found


@pytest.fixture(scope="module", autouse=True)
def _read_once():
    """The same cells stand in nearly all of these classes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similar, "fingerprints", cache(fingerprints))
        yield


def row(student, answers, lang="en"):
    """A graded submission as far as it matters here."""
    cells = {f"solution-{task}": source for task, source in answers.items()}
    return {"student": student, "assignment": UNIT, "language": lang, "cells": cells}


def honest_class(without=()):
    """Ten styles, two who wrote the solution, one with its known mistakes, one with nothing."""
    own = [
        row(f"own{i}", answers, ("ko", "en")[i % 2]) for i, answers in enumerate(HONEST) if i not in without
    ]
    same = right("en", UNIT)
    return [
        *own,
        row("a", same),
        row("b", same, "ko"),
        row("c", wrong("en", UNIT)),
        row("d", stubs("en", UNIT)),
    ]


def names(pairs):
    return [pair.students for pair in pairs]


def in_functions(disguise):
    """A disguise for the cells that define a function; numbers stay."""
    return lambda answers: {k: disguise(v) if "def " in v else v for k, v in answers.items()}


def part_of(answers, share):
    """A part of somebody's answers, the rest from the style that the class is left without."""
    kept = TASKS[: round(len(TASKS) * share)]
    return {task: (answers if task in kept else HONEST[7])[task] for task in TASKS}


DISGUISES = {
    "as it is": dict,
    "renamed": in_functions(copies.renamed),
    "reformatted": in_functions(copies.reformatted),
    "reordered": in_functions(copies.reordered),
    "padded": in_functions(copies.padded),
    "all of it": in_functions(
        lambda source: copies.reformatted(copies.padded(copies.reordered(copies.renamed(source))))
    ),
    "most of it": lambda answers: in_functions(copies.renamed)(part_of(answers, 0.7)),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("source", [i for i in range(len(HONEST)) if i != 7])
def test_a_copy_is_found_and_nobody_else(releases, source, disguise):
    copier = row("copier", DISGUISES[disguise](HONEST[source]), "ko")
    pairs = similar_pairs([*honest_class(without=[7]), copier], releases)
    assert names(pairs) == [(f"own{source}", "copier")]
    assert pairs[0].share > 2 * pairs[0].high


@pytest.mark.parametrize("seed", range(6))
def test_half_a_copy_is_found_where_the_other_half_is_no_longer_one(releases, seed):
    """Half of the tasks, of those whose style has something of its own."""
    wild = random.Random(seed)
    kept = wild.sample(TASKS[1:], len(TASKS) // 2)
    victim = HONEST[4]
    half = {task: copies.renamed(victim[task], seed) if task in kept else HONEST[7][task] for task in TASKS}
    pairs = similar_pairs([*honest_class(without=[7]), row("copier", half)], releases)
    assert names(pairs) == [("own4", "copier")]


def test_honest_work_is_not_listed(releases):
    assert similar_pairs(honest_class(), releases) == []
    ten_styles = [row(f"own{i}", answers) for i, answers in enumerate(HONEST)]
    assert similar_pairs(ten_styles, releases[:2]) == []  # nor where the solution is not known


def test_answers_that_cannot_be_otherwise_are_not_listed(releases):
    forced = {"divergence_threshold": "threshold = 2 / 6", "warmup": right("en", UNIT)["warmup"]}
    rows = [row(f"s{i}", HONEST[i % 10] | forced if i < 10 else forced) for i in range(14)]
    assert similar_pairs(rows, releases[:2]) == []


def test_two_who_alone_did_the_work_are_not_listed(releases):
    """Nobody can tell then what the class would have written."""
    nothing = [row(f"s{i}", stubs("en", UNIT)) for i in range(10)]
    assert similar_pairs([*nothing, row("a", HONEST[4]), row("b", HONEST[4])], releases) == []


def test_a_small_class_says_nothing_and_one_of_eight_does(releases):
    copied = [row("a", HONEST[4]), row("b", HONEST[4])]
    others = [row(f"s{i}", answers) for i, answers in enumerate(HONEST) if i != 4]
    assert similar_pairs([*others[:5], *copied], releases) == []
    assert names(similar_pairs([*others[:6], *copied], releases)) == [("a", "b")]


def test_three_who_share_are_three_pairs_and_own_submissions_none(releases):
    three = [row(name, in_functions(copies.renamed)(HONEST[4])) for name in ("x", "y")]
    pairs = similar_pairs([*honest_class(), *three, row("own4", HONEST[4])], releases)
    found = Counter(frozenset(pair) for pair in names(pairs))
    assert set(found) == {frozenset(pair) for pair in (("own4", "x"), ("own4", "y"), ("x", "y"))}


def test_assignments_are_compared_apart(releases):
    rows = honest_class()
    other = row("elsewhere", HONEST[4]) | {"assignment": "another"}
    assert similar_pairs([*rows, other], releases) == []


HOSTILE = {
    "no python": "def f(:",
    "zero": "x = 1\0",
    "brackets": "(" * 90_000,
    "signs": "-" * 99_999 + "1",
    "chain": "a" + ".b" * 49_000,
    "calls": "f(" * 80 + ")" * 80,
    "huge": "a = b + c\n" * 9_000,
    "surrogate": "x = '\ud800'",
    "escape": r"x = '\d'",
    "empty": "",
}


def test_hostile_cells_stop_nothing(releases):
    """Whose cell cannot be read is found by the others."""
    sources = enumerate(HOSTILE.values())
    rows = [row(f"h{i}", in_functions(copies.renamed)(HONEST[i]) | {"adam": source}) for i, source in sources]
    pairs = similar_pairs([*honest_class(), *rows], releases)
    assert set(names(pairs)) == {(f"own{i}", f"h{i}") for i in range(len(HONEST))}
    unread = {pair.students[1]: pair.unread for pair in pairs}
    assert unread["h0"] == unread["h4"] == ("solution-adam",) and unread["h6"] == ()


def test_a_copy_among_huge_cells_is_found(releases):
    """Who adds any amount of code to a copy does not hide it."""
    junk = "\n".join(f"def f{i}(a, b):\n    return a[{i}:b].x{i} + g{i}(b) * {i}" for i in range(1_500))
    copier = row("copier", HONEST[4] | {"adam": junk + "\n" + HONEST[4]["adam"]})
    pairs = similar_pairs([*honest_class(), copier], releases)
    assert names(pairs) == [("own4", "copier")]
    page = similar_page(pairs, "en")
    assert "f1499" in page and "f700" not in page  # around what is shared


# --- fingerprints -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", [task for task in TASKS if task != "divergence_threshold"])
def test_a_fingerprint_does_not_see_a_disguise(task):
    for answers in HONEST:
        plain = set(fingerprints(answers[task]))
        for disguise in (copies.renamed, copies.reformatted, copies.reordered):
            assert set(fingerprints(disguise(answers[task]))) == plain
        assert set(fingerprints(copies.padded(answers[task]))) >= plain


def test_a_fingerprint_sees_what_was_done():
    one = set(fingerprints("def f(a):\n    m = b1 * a + (1 - b1) * c"))
    assert set(fingerprints("def f(a):\n    q = b1 * a + (1 - b1) * c")) == one
    for other in ("m = a * b1 + (1 - b1) * c", "m = b1 * a - (1 - b1) * c", "m = b1 * a + (1 - b1) * 'c'"):
        assert set(fingerprints(f"def f(a):\n    {other}")) != one


def test_what_is_long_enough_is_found_wherever_it_stands():
    """The promise of winnowing, for words in a row of one statement."""
    wild = random.Random(0)
    for _ in range(200):
        shared = [f"g{wild.randrange(9)}" for _ in range(K + WINDOW - 1)]
        before, after = ([f"{tag}{wild.randrange(99)}" for _ in range(wild.randrange(6))] for tag in "hi")
        one, two = (fingerprints(f"[{', '.join(words)}]") for words in (before + shared, shared + after))
        assert set(one) & set(two)


def test_lines_are_those_of_the_source():
    found = fingerprints("# first\nx = (\n    np.sqrt(a + b)\n    - c * d\n)\n")
    assert set().union(*found.values()) == {2, 3, 4}


def test_every_process_gives_the_same_hashes():
    source = "x = a.b(c) + 1"
    code = f"from course_lib.classroom import fingerprints as f; print(sum(f.fingerprints({source!r})))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert said == {f"{sum(fingerprints(source))}\n"}


def test_the_limit_follows_the_class():
    wild = np.random.default_rng(0)
    spread = wild.exponential(0.02, 5_000)
    assert limit(spread) == LEAST_SHARE
    assert LEAST_SHARE < limit(2 * spread) < limit(4 * spread) <= GREAT_SHARE == limit(9 * spread)
    assert limit(np.array([0.0])) == LEAST_SHARE
    copied = np.where(wild.random(5_000) < 0.05, 1.0, 2 * spread)
    assert abs(limit(copied) - limit(2 * spread)) < 0.15


# --- the page ---------------------------------------------------------------------------------------------


def pair(**more):
    made = {
        "assignment": UNIT,
        "students": ("김하나", "lee"),
        "share": 0.87,
        "rare": 40,
        "typical": 0.02,
        "high": 0.07,
        "compared": 66,
        "cells": (Shared("solution-adam", ("a\nb\nc", "d\ne"), (frozenset({2}), frozenset({1}))),),
        "unread": ("solution-warmup",),
    }
    return Pair(**made | more)


def test_both_pages_show_both_sides_and_what_it_does_not_prove(tmp_path):
    ko, en = (path.read_text(encoding="utf-8") for path in write_similar_pages([pair()], tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["similar.en.html", "similar.ko.html"]
    for page in (ko, en):
        assert page.count('<mark class="line">') == 2 and page.count('<span class="line">') == 3
        assert "김하나" in page and "lee" in page and "87%" in page and "warmup" in page
        assert "default-src 'none'" in html.unescape(page) and "<script" not in page
        assert not [word for word in ("src=", 'href="http', "@import", "url(") if word in page]
    assert "증거가 아닙니다" in ko and "does not prove" in en
    assert '<html lang="ko">' in ko and '<html lang="en">' in en


def test_nothing_that_a_learner_wrote_is_more_than_text():
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202e\x1b[2J{{ 7*7 }}\ud800"
    shared = Shared(f"solution-{bad}", (bad, bad), (frozenset({1}), frozenset()))
    page = similar_page([pair(students=(bad, bad), assignment=bad, cells=(shared,), unread=(bad,))], "en")
    page.encode("utf-8")
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page
    assert (
        "\u202e" not in page and "\x1b" not in page and "49" not in page.split("</style>")[1].split("{{")[0]
    )


def test_a_page_stays_small(releases):
    long = "x = 1\n" * 3_000 + "y" * 50_000
    shared = Shared("solution-adam", (long, long), (frozenset({1, 1_500, 3_001}), frozenset(range(1, 3_002))))
    one, many = (similar_page([pair(cells=(shared,))] * n, "en") for n in (1, MOST_PAIRS + 7))
    assert len(one) < 60_000 and len(many) < 60_000 * MOST_PAIRS
    assert "7 more are not on this page" in many and "not on this page" not in one


def test_a_class_without_such_pairs_is_told_so():
    assert "No pair of this class stands out" in similar_page([], "en")


@pytest.mark.slow
def test_five_hundred_submissions(releases, capsys):
    """Time by the size of the class, printed; nearly all of it is reading the code, which grows linearly."""
    wild, seconds = random.Random(1), {}
    for count in (125, 500):
        rows = [row("victim", HONEST[4]), row("copier", in_functions(copies.renamed)(HONEST[4]))]
        for i in range(count):
            mixed = {task: wild.choice(HONEST)[task] for task in TASKS}
            rows.append(row(f"s{i}", in_functions(lambda v, i=i: copies.padded(v, i))(mixed)))
        began = time.process_time()
        pairs = similar_pairs(rows, releases)
        seconds[count] = time.process_time() - began
        assert ("victim", "copier") in names(pairs)
    with capsys.disabled():  # nothing of it is in _read_once: each cell is its own
        print(f"\nsimilar_pairs, {len(TASKS)} cells each: {seconds} s CPU")
    assert seconds[500] < 16 * seconds[125]  # not as the pairs, of which there are 16 times as many
