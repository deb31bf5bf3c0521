"""The panels in JupyterLab: a key moves the slider, and the pixels on the screen change."""

from playwright.sync_api import expect

from tests.browser.lab import (
    focus_slider,
    lab,
    open_notebook,
    pixels,
    run_all,
    shown_picture,
    wait_for_other_picture,
)


def test_panels_follow_the_keyboard(notebook_folder, system_tool):
    with lab(notebook_folder, system_tool("chromium")) as page:
        open_notebook(page, "panels.ipynb")
        run_all(page)
        for name, key in (("frames", "ArrowRight"), ("live", "ArrowLeft")):
            _moves(page, page.locator(f".course-{name}"), key)
        _says_its_value(page.locator(".course-frames"))
        _opens_its_table(page.locator(".course-live"))
        _answers(page.locator(".course-quiz"))
        _fits_a_phone(page)
        assert page.errors == []


def _moves(page, panel, key):
    panel.scroll_into_view_if_needed()
    handle = focus_slider(panel)
    before, seen = shown_picture(panel), pixels(panel)
    handle.press(key)
    wait_for_other_picture(panel, before)
    assert pixels(panel) != seen


def _says_its_value(panel):
    expect(panel.locator(".widget-readout")).to_have_text("0.06")
    expect(panel.locator("[role=status]:visible")).to_contain_text("학습률 0.06")


def _opens_its_table(panel):
    """The keyboard opens the table behind the picture, and a new table leaves it open."""
    table = panel.locator("table")
    expect(table).to_be_hidden()
    panel.locator("summary").press("Space")
    expect(table).to_be_visible()
    before = table.inner_text()
    focus_slider(panel).press("ArrowLeft")
    expect(table).not_to_have_text(before, use_inner_text=True)
    expect(table).to_be_visible()


def _answers(asked):
    asked.get_by_role("button", name="B").click()
    expect(asked.locator("[role=status]")).to_contain_text("맞습니다")
    expect(asked.locator("[role=status] mjx-container")).to_be_visible()


def _fits_a_phone(page):
    page.keyboard.press("Control+b")
    page.set_viewport_size({"width": 400, "height": 800})
    for name in ("frames", "live"):
        panel = page.locator(f".course-{name}")
        panel.scroll_into_view_if_needed()
        image = panel.locator("img:visible").first.bounding_box()
        assert image["width"] <= panel.bounding_box()["width"]
        assert 1.7 < image["width"] / image["height"] < 2.3
        edge = panel.bounding_box()["x"] + panel.bounding_box()["width"]
        for control in panel.locator("select, .widget-readout, input").all():
            place = control.bounding_box()
            assert place["x"] + place["width"] <= edge + 1
