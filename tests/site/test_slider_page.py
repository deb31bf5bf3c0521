"""A page with a slider, a quiz and a panel of several parameters, in Chromium: no kernel, no server."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from course_lib import site
from course_lib.site.figures import Figures
from course_lib.site.panels import Panel
from course_lib.viz.picture import show
from course_lib.viz.quiz import quiz
from course_lib.viz.theme import new_figure
from tests.accessible import grave
from tests.site.browser import browser

STATIC = Path(site.__file__).parent / "static"
OPTIONS = [
    {"text": "less", "right": False, "why": "It grows."},
    {"text": "more", "right": True, "why": "It grows < 2."},
]


def picture(value):
    figure = new_figure((2, 1))
    figure.text(0.1, 0.4, value)
    return show(figure, f"the rate is <{value}>")


@pytest.fixture
def path(tmp_path):
    figures = Figures(tmp_path / "figures", "figures")
    values = ["0.1", "0.2", "0.4"]
    panel = Panel([{"lr": 0.1}], ["rate <lr>"], values, [picture(value) for value in values], 1)
    parts = [figures.moving("slider-1", panel), quiz("q", "Which?", OPTIONS).html()]
    parts.append(figures.still(picture("0.8"), Panel([{"lr": 0.8}], ["lr", "momentum"])))
    head = f'<link rel="stylesheet" href="{STATIC}/site.css"><script defer src="{STATIC}/site.js"></script>'
    path = tmp_path / "page.html"
    body = f"<title>Page</title><main>{''.join(parts)}</main>"
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8">{head}{body}')
    return path


def test_the_slider_moves_by_keyboard_and_says_what_is_seen(path, system_tool):
    with browser(system_tool("chromium")) as open_page:
        page = open_page(path)
        slider, image = page.get_by_role("slider", name="rate <lr>"), page.locator(".course-frames img")
        expect(slider).to_have_attribute("aria-valuetext", "0.2")
        seen = [_shown(image)]
        for key, value in (("ArrowRight", "0.4"), ("Home", "0.1"), ("ArrowRight", "0.2")):
            slider.press(key)
            expect(slider).to_have_attribute("aria-valuetext", value)
            expect(page.locator("output")).to_have_text(value)
            expect(image).to_have_attribute("alt", f"the rate is <{value}>")
            expect(page.locator(".course-frames figcaption")).to_have_text(f"the rate is <{value}>")
            seen.append(_shown(image))
        assert len(set(seen)) == 3 and seen[0] == seen[3]
        expect(page.locator(".course-frames [role=status]")).to_have_text("the rate is <0.2>")
        assert page.errors == page.outside == []


def _shown(image):
    """The pixels on the screen, when the picture is there."""
    image.evaluate("image => image.decode()")
    return image.screenshot()


STEPS = """([input, news]) => {
  window.said = [];
  new MutationObserver(() => window.said.push(news.textContent)).observe(news, {childList: true});
  for (const step of [1, 1, -1]) { input.valueAsNumber += step; input.dispatchEvent(new Event("input")); }
}"""


def test_a_sentence_is_spoken_when_the_slider_rests(path, system_tool):
    with browser(system_tool("chromium")) as open_page:
        page = open_page(path)
        slider, news = page.get_by_role("slider"), page.locator(".course-frames [role=status]")
        expect(news).to_have_text("")
        page.evaluate(STEPS, [slider.element_handle(), news.element_handle()])
        expect(news).to_have_text("the rate is <0.2>")
        assert page.evaluate("said") == ["the rate is <0.2>"]


def test_axe_finds_nothing_serious(path, system_tool):
    with browser(system_tool("chromium")) as open_page:
        page = open_page(path)
        for head in page.locator("summary").all():
            head.press("Enter")
        page.locator(".course-quiz").get_by_role("button", name="A").press("Enter")
        assert grave(page) == []
        page.locator("label").evaluate("label => label.remove()")
        (found,) = grave(page)
        assert found.startswith("label: <input") and grave(page, within=".course-quiz") == []


def test_the_quiz_answers_each_try(path, system_tool):
    with browser(system_tool("chromium")) as open_page:
        page = open_page(path)
        asked = page.locator(".course-quiz")
        for letter, answer in (("A", "It grows."), ("B", "It grows < 2.")):
            asked.get_by_role("button", name=letter).press("Enter")
            expect(asked.get_by_role("status")).to_contain_text(answer)
        expect(asked.get_by_text("It grows.", exact=True)).to_be_hidden()
        assert page.errors == []


def test_several_parameters_are_named_and_left_to_the_notebook(path, system_tool):
    with browser(system_tool("chromium")) as open_page:
        still = open_page(path).locator(".course-still")
        expect(still.locator("figcaption")).to_contain_text("lr, momentum")
        expect(still.get_by_role("table")).to_be_hidden()
        still.locator("summary").press("Enter")
        expect(still.get_by_role("table")).to_be_visible()
