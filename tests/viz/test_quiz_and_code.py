"""Quizzes and source code as a notebook shows them."""

import math

import pytest

from course_lib.algorithms import adam
from course_lib.messages import speaking
from course_lib.progress.course import units
from course_lib.viz.quiz import markdown
from course_lib.viz.widgets import ask, quiz, show_code
from tests.accessible import is_in

OPTIONS = [
    {"text": "$a_1 * b_2$", "right": False, "why": "This **misleads**."},
    {"text": "two", "right": True, "why": "As $2 < 3$."},
]


def test_each_try_is_answered_and_further_tries_are_allowed():
    asked = quiz("q", "How many?", OPTIONS)
    assert asked.feedback == ""
    asked.buttons[0].click()
    assert "A: no." in asked.feedback and "<strong>misleads</strong>" in asked.feedback
    asked.buttons[1].click()
    assert "B: right." in asked.feedback and "$2 &lt; 3$" in asked.feedback
    assert asked.tried == [0, 1]
    assert [button.icon for button in asked.buttons] == ["times", "check"]


def test_right_is_not_said_twice():
    asked = quiz("q", "How many?", [OPTIONS[0], {"text": "two", "right": True, "why": "Right. It is two."}])
    asked.buttons[1].click()
    assert asked.feedback.lower().count("right") == 1 and "It is two." in asked.feedback


def test_without_a_kernel_the_answers_stand_in_a_fold():
    data = quiz("q", "How *many*?", OPTIONS)._repr_mimebundle_()
    before, after = data["text/markdown"].split("<details>")
    assert before.startswith("How *many*?\n\n- **A.** $a_1 * b_2$\n- **B.** two")
    assert "misleads" not in before and "**B: right.** As $2 < 3$." in after
    assert "\n\n**A: no.** This **misleads**.\n\n" in after and after.endswith("\n\n</details>")
    assert "text/html" not in data  # VS Code would show it before Markdown, with its formulas raw
    assert data["text/plain"] == "How *many*?"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_site_gets_html():
    before, after = quiz("q", "How *many*?", OPTIONS).html().split("<details>")
    assert "How <em>many</em>?" in before and "$a_1 * b_2$" in before
    assert "misleads" not in before and "misleads" in after and "B: right." in after


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_question_of_the_course_is_asked_in_its_language(lang):
    with speaking(lang):
        for unit in units():
            for name in unit.quizzes:
                asked = ask(unit.name, name)
                assert asked.question_id == name and len(asked.options) > 1
                assert is_in(asked.question, lang)


@pytest.mark.parametrize("place", [("u01_optimization", "none"), ("none", "stability")])
def test_a_question_that_is_not_there_is_refused_with_those_that_are(place):
    with pytest.raises(KeyError, match=r"there is no question .*; there are: .+ course build"):
        ask(*place)


@pytest.mark.parametrize(
    ("options", "message"),
    [([OPTIONS[0]], "at least one option must be right"), ([{"text": "a", "right": True}], "why is missing")],
)
def test_a_quiz_that_cannot_be_answered_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        quiz("q", "How many?", options)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("$a_1 * b * c_2 < d$", "$a_1 * b * c_2 &lt; d$"),
        ("`a$b` and $x$", "<code>a$b</code> and $x$"),
        ("it costs $5", "it costs $5"),
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("a\n\nb", "<p>a</p>\n<p>b</p>"),
    ],
)
def test_markdown_leaves_mathematics_alone(text, html):
    assert markdown(text) == html


def test_source_is_shown_from_its_definition_with_its_file():
    shown = show_code(adam)
    assert shown.file == "course_lib/algorithms/optim.py"
    assert shown.source.startswith("def adam(")
    assert "@register" not in shown.source
    assert "v_t = β₂ v_{t−1}" in shown.source and "floating-point arrays" not in shown.source
    compile(shown.source, "shown", "exec")
    assert "```python\ndef adam(" in shown._repr_mimebundle_()["text/markdown"]


def test_a_function_without_python_source_is_refused():
    with pytest.raises(TypeError):
        show_code(math.sqrt)
