"""What a screen reader and the keyboard meet in the outputs of JupyterLab.

axe-core finds nothing serious, with every table open and every question answered; sliders have names and
speak their values; pictures have their texts; what changes is spoken. In `make test` the panels of Units 0
and 1 are looked at, in Korean; the rest takes minutes and is marked slow.
"""

import pytest
from playwright.sync_api import expect

from tests.accessible import grave, is_in
from tests.browser.lab import RUN_MS, focus_slider, lab, open_notebook, run_all, wait_for_images
from tests.browser.unit_notebooks import shown_cells, unit_names, write_notebook

FIRST, REST = unit_names()[:2], unit_names()[2:]
OUTPUT = ".jp-OutputArea-output"
# a picture without a panel, the curves of a training that has just begun, and what the start page has
MORE = (
    "from course_lib.viz.widgets import norm_axes_picture\nnorm_axes_picture()",
    "from course_lib.training.histories import History\nfrom course_lib.viz.widgets import LiveCurves\n"
    "LiveCurves().on_start(History(), steps=10, done=0, epochs=2)",
    "from course_lib.progress.panels import MyProgress\nMyProgress()",
    "from course_lib.progress.panels import SaveAndRestore\nSaveAndRestore()",
)
# What the sliders of a panel tell: name, value, and the value that is seen.
TOLD = """panel => [...panel.querySelectorAll(".noUi-handle")]
  .filter(handle => handle.getClientRects().length)
  .map(handle => [handle.ariaLabel, handle.ariaValueText,
    handle.closest(".widget-slider").querySelector(".widget-readout").textContent])"""
# Two steps at once, and back again: window.said lists what is spoken.
STEPS = """([handle, news]) => {
  window.said = [];
  new MutationObserver(() => window.said.push(news.textContent)).observe(news, {childList: true});
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft"])
    handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="class")
def page(request, tmp_path_factory, system_tool):
    """The notebook of this class's cells, run, its panels labelled."""
    folder, asked = tmp_path_factory.mktemp("accessible"), request.cls
    sources, _ = shown_cells(asked.units, asked.lang)
    write_notebook(folder / "units.ipynb", [*sources, *MORE])
    with lab(folder, system_tool("chromium"), height=1200, dark=asked.dark) as page:
        open_notebook(page, "units.ipynb")
        run_all(page)
        wait_for_images(page)
        expect(page.locator(".noUi-handle:not([aria-label])")).to_have_count(0, timeout=RUN_MS)
        yield page


class Told:
    """What is asked of the outputs of some units in a language."""

    dark = False

    def test_nothing_is_spoken_before_somebody_is_there(self, page):
        news = page.locator(".course-news")
        assert news.count() > 10 and not any(news.all_text_contents())

    def test_axe_finds_nothing_serious(self, page):
        for head in page.locator(".course-fold summary").all():
            head.press("Space")
        for asked in page.locator(".course-quiz").all():
            for button in asked.get_by_role("button").all():
                button.press("Space")
        expect(page.locator(".course-quiz .fa-check")).to_have_count(page.locator(".course-quiz").count())
        assert grave(page, within=OUTPUT) == []

    def test_sliders_have_names_and_speak_their_values(self, page):
        for panel in page.locator(".course-frames, .course-live").all():
            told = panel.evaluate(TOLD)
            names = [name for name, _, _ in told]
            assert "null" not in names and len({*names}) == len(names)
            assert [spoken for _, spoken, _ in told] == [seen for _, _, seen in told]

    def test_a_value_is_spoken_and_a_sentence_when_the_slider_rests(self, page):
        panel = page.locator(".course-frames").first
        handle, news = focus_slider(panel), panel.locator(".course-news")
        before = handle.get_attribute("aria-valuetext")
        page.evaluate(STEPS, [handle.element_handle(), news.element_handle()])
        assert handle.get_attribute("aria-valuetext") != before
        self._says_what_is_seen(panel)
        assert len(page.evaluate("said")) == 1

    def test_what_the_kernel_draws_is_spoken(self, page):
        panel = page.locator(".course-live").first
        focus_slider(panel).press("ArrowLeft")
        self._says_what_is_seen(panel)

    def _says_what_is_seen(self, panel):
        news = panel.locator(".course-news")
        expect(news).not_to_have_text("")
        expect(panel.locator(".course-told:visible")).to_have_text(news.inner_text())
        expect(panel.locator("img:visible")).to_have_attribute("alt", news.inner_text())

    def test_the_arrow_keys_move_a_list_and_no_cell(self, page):
        choice = page.locator(".course-panel select:visible").first
        choice.focus()
        places = [choice.evaluate("list => list.selectedIndex")]
        for key in ("Home", "ArrowDown"):
            choice.press(key)
            places.append(choice.evaluate("list => list.selectedIndex"))
        assert places[1:] == [0, 1]
        expect(choice).to_be_focused()

    def test_pictures_have_texts_in_the_language(self, page):
        texts = [image.get_attribute("alt") for image in page.locator(f"{OUTPUT} img:visible").all()]
        assert len(texts) > 10
        assert [text for text in texts if not is_in(text or "", self.lang)] == []

    def test_a_question_is_a_group_whose_answer_is_spoken(self, page):
        asked = page.locator(".course-quiz").first
        question = asked.locator("> .widget-htmlmath").first.inner_text().split(".")[0]
        group = page.get_by_role("group", name=question).first
        button = group.get_by_role("button", name="B", exact=True)
        beside = asked.locator(".course-option").nth(1).locator(".widget-htmlmath")
        assert button.get_attribute("aria-describedby") == beside.get_attribute("id")
        button.press("Space")
        expect(group.get_by_role("status").filter(has_text="B")).to_be_visible()


class TestKorean(Told):
    units, lang = FIRST, "ko"


@pytest.mark.slow
class TestKoreanToo(Told):
    units, lang = REST, "ko"


@pytest.mark.slow
class TestEnglish(Told):
    units, lang = FIRST + REST, "en"


@pytest.mark.slow
class TestDark(Told):
    units, lang, dark = FIRST, "en", True
