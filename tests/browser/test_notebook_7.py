"""A lesson in Notebook 7 in the place of JupyterLab: it runs whole, and its sliders move."""

import shutil

import pytest

from tests.browser.lab import (
    Kernel,
    clear_all,
    complaints,
    focus_slider,
    lab,
    open_notebook,
    pixels,
    run_all,
    shown_picture,
    wait_for_other_picture,
)
from tests.browser.unit_notebooks import REPOSITORY

UNIT = "u05_activations.ipynb"


@pytest.mark.slow
def test_a_lesson_runs_and_moves(tmp_path, system_tool):
    shutil.copy(REPOSITORY / "notebooks/ko" / UNIT, tmp_path)
    with lab(tmp_path, system_tool("chromium"), app="notebook") as page:
        open_notebook(page, UNIT)
        page.errors.clear()  # Notebook 7.6 reports an error of its own while any notebook is opened
        clear_all(page)
        run_all(page)
        kernel = Kernel(page)
        assert kernel.value("get_ipython().execution_count") == page.locator(".jp-CodeCell").count() + 1
        kernel.close()
        for kind in ("frames", "live"):
            panel = page.locator(f".course-{kind}").first
            panel.scroll_into_view_if_needed()
            before, seen = shown_picture(panel), pixels(panel)
            focus_slider(panel).press("ArrowLeft")
            wait_for_other_picture(panel, before)
            assert pixels(panel) != seen
        assert (page.errors, complaints(page)) == ([], [])
