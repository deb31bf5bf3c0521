"""What the start page shows of a record, and what its buttons do."""

import re
import xml.etree.ElementTree as ET

import pytest

from course_lib.messages import LANGUAGES, speaking, t
from course_lib.paths import repo_root
from course_lib.progress import panels, record
from course_lib.progress.course import from_json, label, next_notebook, path_of, standings, units
from course_lib.progress.map import direct_needs, unit_map
from course_lib.progress.page import Table

AT, LATER = "2026-01-02T03:04Z", "2026-01-03T00:00Z"


def done(unit, *, exercise=True):
    """A record in which a unit is finished, with or without its exercise."""
    found = record.empty()
    for name in unit.quizzes:
        record.note_answer(found, f"notebooks/{unit.name}", name, False, AT)
    for name in unit.checks if exercise else ():
        record.note_pass(found, f"exercises/{unit.name}", name, AT)
    found["visits"][f"notebooks/{unit.name}"] = AT
    return found


def test_a_standing_counts_what_the_course_has_and_nothing_else():
    unit = units()[1]
    found = done(unit)
    record.note_pass(found, f"exercises/{unit.name}", "no such task", AT)
    record.note_answer(found, f"notebooks/{unit.name}", "no such question", True, AT)
    one = standings(found)[1]
    assert (one.answered, one.passed) == (len(unit.quizzes), len(unit.checks))
    assert one.points == one.points_of == sum(unit.checks.values()) and one.last == AT
    assert all(other.answered == other.passed == 0 for other in standings(found) if other.unit != unit)


def test_the_way_on():
    first, second, *_, last = units()
    assert next_notebook(record.empty()) == f"notebooks/{first.name}"
    assert next_notebook(done(first, exercise=False)) == f"exercises/{first.name}"
    assert next_notebook(done(first)) == f"notebooks/{second.name}"
    visited = record.empty()
    visited["visits"] |= {f"notebooks/{first.name}": AT, f"exercises/{second.name}": LATER}
    assert next_notebook(visited) == f"exercises/{second.name}"
    everything = record.empty()
    for unit in units():
        everything = record.merged(everything, done(unit))
    assert next_notebook(everything) is None
    everything["checks"].pop(f"exercises/{first.name}")
    everything["visits"][f"exercises/{last.name}"] = LATER
    assert next_notebook(everything) == f"exercises/{first.name}", "from the end it goes round"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_is_sound_html_and_every_link_leads_to_a_file(lang):
    with speaking(lang):
        html = Table(done(units()[0]), "a < b")._repr_mimebundle_()["text/html"]
    tree = ET.fromstring(f"<div>{html.replace('<br>', '<br/>')}</div>")
    assert len(tree.findall(".//tbody/tr")) == len(units())
    assert {cell.get("scope") for cell in tree.iter("th")} == {"row", "col"}
    links = {link.get("href") for link in tree.iter("a")}
    pages = {path_of(notebook, lang) for unit in units() for notebook in unit.notebooks}
    assert links == {f"../../{page}" for page in pages}
    assert all((repo_root() / page).is_file() for page in pages)
    assert [bar.get("aria-hidden") for bar in tree.iter("span") if bar.get("aria-hidden")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_who_has_only_opened_the_start_page_begins(lang):
    found = record.empty()
    found["visits"]["notebooks/start"] = AT
    with speaking(lang):
        assert t("progress.begin") in Table(found)._html()
        assert t("progress.continue") in Table(done(units()[0]))._html()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_text_says_what_the_table_shows(lang):
    with speaking(lang):
        table = Table(done(units()[0]))
        html, text = table._html(), repr(table)
        for row in table.rows()[1:]:
            for cell in row:
                assert cell in html and cell in text
        assert t("progress.of", done=15, total=15) in text


def test_foreign_names_do_not_reach_the_page():
    found = record.empty()
    found["visits"]["<script>"] = AT
    found["quizzes"]["notebooks/<b>"] = {"<i>": {"right": True, "at": AT}}
    assert "<script>" not in Table(found)._html() and "<i>" not in Table(found)._html()


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def test_the_record_is_cleared_only_after_a_second_click_and_kept(path):
    record.change(path, lambda found: found["visits"].update({"notebooks/u01_optimization": AT}))
    shown = panels.MyProgress()
    shown.reset.click()
    shown.no.click()
    assert path.exists()
    shown.reset.click()
    shown.yes.click()
    kept = path.with_name("progress.before-reset-1.json")
    assert not path.exists() and "u01" in kept.read_text() and kept.name in shown.said.value
    assert panels.read_table().record == record.empty()


def test_a_record_that_cannot_be_read_is_said_above_the_table(path):
    path.write_text("{")
    table = panels.read_table()
    assert table.record == record.empty() and str(path) in table.remark and path.read_text() == "{"


def test_the_builder_s_start_page_holds_nobody_s_progress():
    assert panels.read_table().record == record.empty()  # COURSE_PROGRESS=off, as in a build


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_a_kernel_the_page_says_what_to_do(lang):
    with speaking(lang):
        shown = panels.SaveAndRestore()._repr_mimebundle_()
        assert shown["text/plain"] == t("work.no_kernel") in shown["text/html"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_map_shows_every_unit_and_says_the_same_in_words(lang):
    with speaking(lang):
        picture = unit_map()
        names = [label(unit) for unit in units()]
    assert picture.png.startswith(b"\x89PNG") and all(name in picture.alt for name in names)


def test_an_arrow_that_others_imply_is_left_out():
    def unit(name, needs):
        row = {
            "name": name,
            "short": name[1:],
            "title": {"ko": name, "en": name},
            "goal": {},
            "minutes": [1, 1],
        }
        return from_json(row | {"needs": needs, "quizzes": [], "checks": {}, "written": 0})

    a, b, c = unit("u0", []), unit("u1", ["u0"]), unit("u2", ["u0", "u1"])
    assert direct_needs(c, [a, b, c]) == ["u1"] and direct_needs(a, [a, b, c]) == []
    moved = unit_map((a, b, unit("u2", ["u0"])))
    assert moved.png != unit_map((a, b, c)).png
    assert re.search(r"2\. u2 \(.*\): needs 0\.", moved.alt)
