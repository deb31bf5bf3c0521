"""The page of a class: its figures, and the ranking."""

import re
from itertools import combinations, pairwise

import pytest

from course_lib.classroom import charts
from course_lib.classroom.class_page import class_page, write_class_pages
from course_lib.classroom.ranking import chance, ranked
from course_lib.messages import speaking, t
from tests.classroom.class_rows import contestant, mistaken, row, task
from tests.classroom.test_feedback import plain


def ranks(accuracies):
    """{student: (rank, first, last)}."""
    rows = [contestant(student, found) for student, found in accuracies.items()]
    return {place.row["student"]: (place.rank, place.first, place.last) for place in ranked(rows)}


def test_those_whose_seeds_overlap_share_a_rank():
    found = ranks({"a": [0.9, 0.91], "b": [0.80, 0.84], "c": [0.81, 0.82], "d": [0.70, 0.79]})
    assert found == {"a": (1, 1, 1), "b": (2, 2, 3), "c": (2, 2, 3), "d": (4, 4, 4)}


def test_neighbouring_ranks_may_overlap_and_the_places_say_so():
    found = ranks({"c": [0.81, 0.85], "a": [0.80, 0.801], "b": [0.70, 0.90]})
    assert list(found) == ["c", "a", "b"]  # by the mean
    assert found == {"c": (1, 1, 2), "a": (2, 2, 3), "b": (2, 1, 3)}


def test_one_seed_tells_nobody_apart():
    assert {rank for rank, _, _ in ranks({"a": [0.9], "b": [0.5]}).values()} == {1}


def test_who_failed_has_no_rank_and_the_page_says_why():
    rows = [contestant("a", [0.8, 0.9]), contestant("b", [0.95, 0.0], reasons={1: "It diverged."})]
    rows.append(row("c", assignment="assignment", problem="Damaged.", tasks=[task("accuracy", False)]))
    assert [place.row["student"] for place in ranked(rows)] == ["a"]
    said = plain(class_page(rows, "en"))
    failed = said[said.index(t("class_page.unranked")) :]
    assert re.search(r"b It diverged\. .*1 of 2.* c Damaged\.", failed)


@pytest.mark.parametrize("seeds", [2, 3, 4])
def test_the_chance_of_parting_equals_is_that_of_all_orders(seeds):
    parted = total = 0
    for one in combinations(range(2 * seeds), seeds):  # which of the ordered accuracies are the first one's
        other = set(range(2 * seeds)) - set(one)
        parted += min(one) > max(other) or min(other) > max(one)
        total += 1
    assert chance(seeds) == pytest.approx(parted / total)
    assert chance(1) == 0


def the_class():
    rows = [
        row(f"s{k}", [task("adam", k > 5), task("momentum", k > 7), task("cosine")], seconds=k)
        for k in range(8)
    ]
    rows += [
        row(f"m{k}", [task("adam"), mistaken("momentum", "averages", "ko"), task("cosine")], "ko")
        for k in range(3)
    ]
    rows += [row("n", [task("adam"), mistaken("momentum", "climbs"), task("cosine")], seconds=40.0)]
    unread = row(
        "u", [task(name, False) for name in ("adam", "momentum", "cosine")], problem="The file is damaged."
    )
    return [
        *rows,
        unread,
        row("r", [task("adam"), task("momentum"), task("cosine")], remarks=["A cell is missing."]),
    ]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_counts_what_the_class_did(lang):
    with speaking(lang):
        said = plain(class_page(the_class(), lang))
        assert t("class_page.sum", students=14, count=14) in said
        assert t("class_page.time", most="40.0") in said
        # of 13 that could be graded, 12 failed momentum, 6 adam, none cosine: in this order
        assert re.search(r"momentum .*?92% \(12/13\) adam .*?46% \(6/13\) cosine .*?0% \(0/13\)", said)
        averages, climbs = (t(f"mutant.momentum.{name}") for name in ("averages", "climbs"))
        assert re.search(rf"\b3 momentum {re.escape(averages)} 1 momentum {re.escape(climbs)}", said)
        assert re.search(r"r r/u01_optimization.ipynb A cell is missing.*u .*The file is damaged\.", said)
        assert t("class_page.ranking") not in said


def test_the_bars_hold_everyone_once():
    values = [0, 0.5, 1, 2, 3, 9.5, 10, 10]
    for most in (10, 17, 40, 3, 10.5, 0):
        own = [min(value, most) for value in values]
        bars = charts.histogram(own, most)
        assert sum(bar["count"] for bar in bars) == len(values) and len(bars) <= 12
        assert all(b["low"] == a["high"] + 1 for a, b in pairwise(bars))
        assert max(bar["x"] + bar["width"] for bar in bars) <= charts.WIDTH
    assert [bar["count"] for bar in charts.histogram(values, 10)] == [2, 1, 1, 1, 0, 0, 0, 0, 0, 1, 2]


def test_a_scale_holds_all_and_the_places_keep_their_order():
    for shares in ([0.8, 0.83, 0.86], [0.0, 0.07], [1.0, 1.0], [0.03, 0.99]):
        ends = charts.scale(shares)
        places = [charts.along(share, ends) for share in shares]
        assert places == sorted(places) and places[0] > 0 and places[-1] < 120


def test_both_languages_are_written_and_rows_are_taken_one_by_one(tmp_path):
    rows = [*the_class(), contestant("a", [0.84, 0.85, 0.86]), contestant("b", [0.85, 0.86, 0.87])]
    files = write_class_pages(iter(rows), tmp_path)
    assert [path.name for path in files] == ["class.ko.html", "class.en.html"]
    for path, lang in zip(files, ("ko", "en"), strict=True):
        page = path.read_text(encoding="utf-8")
        assert f'<html lang="{lang}">' in page and "default-src 'none'" in page
        with speaking(lang):
            said = plain(page)
            assert t("class_page.ranking_chance", seeds=3, chance="10%") in said
            assert said.count(t("class_page.tied")) >= 2
            assert ("He 규칙의 초기화" in said) == (lang == "ko")


def test_an_empty_class_is_no_error(tmp_path):
    assert t("class_page.nothing") in class_page([], "en")


def test_where_values_part_is_drawn_with_gaps_for_what_is_not_finite():
    drawn = charts.parting({"expected": [1.0, 2.0, 3.0, 4.0], "got": [1.0, None, 1e308, -1e308], "step": 1})
    assert [len(drawn[name]["marks"]) for name in ("expected", "got")] == [4, 3]
    assert len(drawn["expected"]["lines"]) == 1 and len(drawn["got"]["lines"]) == 2
    xs, ys = zip(*drawn["expected"]["marks"], *drawn["got"]["marks"], strict=True)
    assert min(xs) > 0 and max(xs) < charts.WIDTH and drawn["at"] == sorted(set(xs))[1]
    assert min(ys) == charts.TOP and max(ys) == charts.TOP + 110
    assert (drawn["right"], drawn["own"]) == (2.0, None)
    assert charts.parting({"expected": [None], "got": [None], "step": 0}) is None
    assert charts.parting({"expected": [0.0], "got": [0.0], "step": 0})["low"] == 0
