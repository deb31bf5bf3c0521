"""The real formgrader in Chromium: a person types marks there, and they are in the exported grades."""

import csv
import json
import re

import pytest
from playwright.sync_api import expect

from course_lib.classroom import answered
from course_lib.classroom.exports import write_tables
from course_lib.classroom.gradebook import hand_marks, to_gradebook
from tests.classroom.formgrading import formgrader, open_submission, type_in
from tests.classroom.graded import ANSWER, NAME, release_of, row

ATTACK = "<img src=x onerror='window.obeyed=1'>\n\n<script>window.obeyed=1</script>"


@pytest.fixture
def opened(system_tool, tmp_path, monkeypatch):
    """A page with the list of submissions to be graded by hand, the course's folder, and the rows in it."""
    chromium, course = system_tool("chromium"), tmp_path / "course"
    rows = [
        row("김민지", "ko", "속도가 **쌓여** $\\beta v$ 진동이 줄어듭니다."),
        row("lee", "en", ATTACK, wrongly=["adam"], cells={"solution-adam": ATTACK}),
        row("careless", "en", ATTACK),
    ]
    with monkeypatch.context() as careless:
        careless.setattr(answered, "_rendered", lambda text: text)
        to_gradebook(rows[2:], course, release_of)
    to_gradebook(rows[:2], course, release_of)
    with formgrader(course, chromium, NAME) as page:
        yield page, course, rows


def test_what_is_typed_in_the_formgrader_is_in_the_grades(opened, tmp_path):
    page, course, rows = opened
    open_submission(page, "김민지")
    answer = page.locator(".nbgrader_cell", has=page.locator(f"#{ANSWER}"))
    expect(answer.locator("strong")).to_have_text("쌓여")
    expect(answer.locator("math")).to_be_visible()
    expect(page.locator(f"#{ANSWER}")).to_have_class(re.compile("needs_manual_grade"))
    expect(page.get_by_text("✓ 3/3").first).to_be_visible()
    type_in(page, f"#{ANSWER}", "1.5")
    type_in(page, f"#{ANSWER}-comment", "관성까지 설명했다면 더 좋았습니다.")

    open_submission(page, "lee")
    assert page.evaluate("window.obeyed") is None
    expect(page.locator("#solution-adam-comment")).to_have_attribute("placeholder", re.compile("^adam: "))
    type_in(page, f"#{ANSWER}", "0")
    type_in(page, "#adam", "2")

    kim, lee, careless = hand_marks(course, rows)
    (written,) = kim["written"]
    assert (written["points"], written["comment"]) == (1.5, "관성까지 설명했다면 더 좋았습니다.")
    assert kim["points"] == kim["most"] and lee["points"] == lee["most"] - 1
    assert careless["written"][0]["points"] is None

    write_tables([kim, lee, careless], tmp_path)
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        table = {line["student"]: line for line in csv.DictReader(file)}
    assert [line["total"] for line in table.values()] == ["18.5", "16", ""]
    assert table["lee"]["adam"] == "2"
    (kept, *_) = json.loads((tmp_path / "grades.json").read_text(encoding="utf-8"))
    assert kept["written"][0]["comment"] == written["comment"]

    open_submission(page, "careless")  # what was obeyed there can be obeyed in this page
    assert page.evaluate("window.obeyed") == 1
