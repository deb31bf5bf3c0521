"""What a learner gets back: what stands on the page, where it lies, and what is left of hostile text."""

import io
import re
from base64 import b64encode
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from course_lib.classroom import feedback, markup
from course_lib.classroom.feedback import feedback_page, write_feedback
from course_lib.classroom.page import Names
from course_lib.classroom.results import as_row
from course_lib.grading.driver import Grader
from course_lib.grading.marking import Graded
from course_lib.messages import catalogue, speaking, t
from tests.classroom.class_rows import contestant, mistaken, picture, row, task, written
from tests.grading.made import HONEST, SECRET, WRONG, points

TEMPLATES = Path(feedback.__file__).with_name("templates")


def plain(page):
    """What is read of a page, in one line."""
    page = re.sub(r"</?(?:code|bdi|strong)>", "", re.sub(r"(?s)<style>.*?</style>", "", page))
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture(scope="module")
def graded(boxes, system_tool):
    """{language: row} of a submission that the grader has graded: momentum is wrong, the others are right."""
    system_tool("bwrap")
    rows = {}
    for lang in ("ko", "en"):
        with speaking(lang):
            _, grades = points(Grader(boxes, SECRET), lang, momentum=WRONG)
        cells = {f"solution-{name}": source for name, source in (HONEST | {"momentum": WRONG}).items()}
        rows[lang] = as_row("kim", "kim/u01.ipynb", Graded(grades, "ab" * 32, cells))
    return rows


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_graded_submission_is_shown_case_by_case(lang, graded):
    one = graded[lang]
    page = feedback_page(one)
    with speaking(lang):
        assert f'<html lang="{lang}">' in page
        said, wrong = plain(page), one["tasks"][1]
        assert [task["points"] for task in one["tasks"]] == [1, 0, 2]
        assert t("mutant.momentum.forgets").replace("`", "") in said
        for label in (case["label"] for case in wrong["cases"]):
            assert label in said
        assert page.count("<figcaption>") == sum(bool(task["parting"]) for task in one["tasks"]) == 1
        assert "v = -lr * g" in page
        assert t("feedback.hidden_later", total=wrong["hidden"][1]) in said
        assert (
            t("feedback.hidden", done=one["tasks"][2]["hidden"][0], total=one["tasks"][2]["hidden"][1])
            in said
        )
    # a line for each visible case, and none for a hidden one
    assert page.count("<bdi>") == 3 + sum(len(task["cases"]) for task in one["tasks"]) - 1


def test_a_reason_is_said_once_and_its_cause_first():
    said = "- one\n- two"
    failed = task("adam", False, diagnosis=said, reason=f"A cell raised NameError. {said}")
    text = plain(feedback_page(row(tasks=[failed])))
    assert text.count("A cell raised NameError.") == text.count("one two") == 1
    assert text.index("NameError") < text.index("one two")


def test_points_by_hand_are_added_and_those_still_missing_are_named():
    answers = [written("a", points=1.5, comment="**Good.**", most=2), written("b", most=3, name="report")]
    page = feedback_page(row(tasks=[task("adam"), task("momentum", False)], written=answers))
    said = plain(page)
    assert "3.5 / 9 points" in said and t("feedback.waiting", points="3") in said
    assert "<strong>Good.</strong>" in page
    done = row(tasks=[task("adam")], written=[written("", points=0.0)])
    said = plain(feedback_page(done))
    assert t("feedback.all_graded") in said and t("feedback.no_answer") in said


def test_a_submission_that_could_not_be_read_says_so_alone():
    unread = row(tasks=[task("adam", False, points=0)], problem="The notebook file is damaged.")
    said = plain(feedback_page(unread))
    assert "The notebook file is damaged." in said
    assert t("feedback.tasks") not in said and "lr=0.01" not in said


def test_the_training_is_reported_seed_by_seed():
    one = contestant("kim", [0.85, 0.0, 0.83], reasons={1: "The training diverged."})
    page = feedback_page(one)
    said = plain(page)
    for text in ("85.0%", "83.0%", "The training diverged.", "-24.0", "He's rule", t("audit.absent")):
        assert text in said, text
    assert page.count("<polyline") == 2 and page.count("<circle") == 3
    assert "build_model" in said  # cells that belong to no one task


def test_nothing_trained_is_no_report_of_accuracies():
    one = contestant("kim", [0.85])
    one["training"] |= {
        "runs": [],
        "mean": None,
        "margin": None,
        "audit": {},
        "measuring_failed": "No model.",
    }
    page = feedback_page(one)
    assert "No model." in page and "<circle" not in page


def test_files_lie_below_the_folder_whatever_students_are_called(tmp_path):
    names = [
        "kim",
        "../../etc",
        "a/b",
        "a\\b",
        "",
        ".",
        "..",
        "CON",
        "con",
        "nul.txt",
        "가나다",
        "\0",
        "-rf",
        " ",
        "x" * 999,
    ]
    names += [
        "../../etc ",
        "a_b",
        "A_B",
        "=1+1",
        "가".encode().decode("latin-1"),
        "👩‍🔬",
        "a\nb",
        "\ud800",
        "~root",
    ]
    rows = [row(name, tasks=[task("adam")]) for name in names]
    rows += [
        row("kim", assignment="../../x"),
        row("kim", assignment="u01_optimization", notebook="other.ipynb"),
    ]
    files = write_feedback(rows, tmp_path / "out")
    assert len({str(path).casefold() for path in files}) == len(rows)
    for path in files:
        assert path.resolve().is_relative_to((tmp_path / "out/feedback").resolve())
        assert path.relative_to(tmp_path).parts[:2] == ("out", "feedback") and len(path.parts[-2:]) == 2
        assert not re.search(
            r'[\\/:*?"<>|\s\x00-\x1f]|^[.-]|^(con|nul)\b|[.]$', path.parent.name, re.IGNORECASE
        )
        assert len(path.parent.name.encode()) < 200
    assert files[0] == tmp_path / "out/feedback/kim/u01_optimization.html"
    assert sorted(tmp_path.rglob("*")) == sorted(
        {*files, *(p for f in files for p in f.parents if p > tmp_path)}
    )


def test_a_name_stays_the_same_whoever_else_hands_in():
    odd, plain_one = "kim@uni.example", "kim_uni.example"
    alone, crowd = Names(), Names()
    assert crowd.of(plain_one) == plain_one
    assert crowd.of(odd) == alone.of(odd) != plain_one
    forged = Names()
    assert forged.of(alone.of(odd)) != forged.of(odd)  # a student who is called as another's folder


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (picture(), True),
        ("", False),
        (picture()[:-400], False),  # cut off
        (picture() + '"><script>', False),
        (b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").decode(), False),
        (b64encode(b"<html><script>alert(1)</script>").decode(), False),
        (b64encode(b"\x89PNG\r\n\x1a\n<script>").decode(), False),
    ],
)
def test_only_what_decodes_as_png_is_a_picture(data, kept):
    assert markup.png(data) == (data if kept else "")


@pytest.mark.parametrize(("form", "size"), [("GIF", (8, 8)), ("PNG", (3000, 3000))])
def test_another_format_or_a_huge_picture_is_left_out(form, size):
    out = io.BytesIO()
    Image.new("1", size).save(out, form)
    assert markup.png(b64encode(out.getvalue()).decode()) == ""


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# Why\n\n**so**", "<h4>Why</h4>\n<p><strong>so</strong></p>\n"),
        ("<h1>Big</h1>", "Big\n"[:3]),
        ("a<sub>2</sub> <b>b</b><br>c", "<p>a<sub>2</sub> <b>b</b><br>c</p>\n"),
        ("[paper](https://a.example/x)", "<p>paper <span>(https://a.example/x)</span></p>\n"),
        ("<https://a.example/x>", "<p>https://a.example/x</p>\n"),
        (
            '![plot](https://a.example/p.png "t")',
            "<p><span>[picture: plot (https://a.example/p.png)]</span></p>\n",
        ),
        ("costs $5 or $6", "<p>costs $5 or $6</p>\n"),
        ("<span class=score style=color:red id=main>10/10</span>", "<p><span>10/10</span></p>\n"),
    ],
)
def test_prose_is_what_it_says(text, html):
    assert markup.prose(text) == html


def test_maths_becomes_mathml_or_stays_as_it_was_written():
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in markup.prose("$x^2$")
    assert '<math display="block">' in markup.prose("$$\\frac{1}{2}$$")
    assert "<mtext>a&lt;b</mtext>" in markup.prose(r"$\text{a<b}$")
    for text in (r"\frac", "x^{" * 900 + "}" * 900, "x" * 3000, r"\newcommand{\a}{bb}\a"):
        assert markup.formula(text) == f"<code>{text}</code>"


def test_a_diagnosis_holds_no_html_and_no_maths():
    assert markup.verdict("`p` <b>x</b> $x^2$") == "<p><code>p</code> &lt;b&gt;x&lt;/b&gt; $x^2$</p>\n"


def test_text_that_takes_long_to_read_stays_plain():
    assert markup.prose("[" * 30_000) == f"<pre>{'[' * 30_000}</pre>"
    assert markup.prose("<b>" * 10_000).startswith("<pre>&lt;b&gt;")


def test_characters_that_command_or_deceive_are_seen():
    page = feedback_page(row("a\u202eb", cells={"solution-x": "\x1b[2J \x00 &#x202e; \ud800"}))
    assert "a⟨U+202E⟩b" in page and "⟨U+001B⟩[2J ⟨U+0000⟩" in page
    assert not re.search("[\u202e\x1b\x00\ud800]", page)
    assert "⟨U+202E⟩" in feedback_page(row(written=[written("&#x202e;")]))


def test_a_page_asks_no_other_file_for_anything():
    page = feedback_page(row(tasks=[mistaken("momentum", "averages")], written=[written("a")]))
    assert "default-src 'none'" in page
    assert not re.search(r'(?:src|href)="(?!#|data:image/png)', page) and "url(" not in page


def test_every_text_of_the_templates_is_in_the_catalogue():
    texts = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.iterdir())
    keys = set(re.findall(r"""\bt\(["']([a-z_.]+)["']""", texts))
    assert len(keys) > 50 and keys <= set(catalogue())
    ours = {key for key in catalogue() if key.startswith(("feedback.", "class_page."))}
    written_out = "".join(p.read_text(encoding="utf-8") for p in TEMPLATES.parent.glob("*.py"))
    assert {key for key in ours if key not in texts + written_out} == set()
    assert not re.search(r"\|\s*safe\b|autoescape", texts)  # nothing goes past the escaping
