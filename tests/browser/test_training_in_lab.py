"""The assignment's first training in JupyterLab: its live curves, interrupted with ■ and resumed."""

import re
from hashlib import sha256

import pytest
from playwright.sync_api import expect

from course_lib.messages import speaking, t
from tests.browser.lab import (
    RUN_MS,
    Kernel,
    complaints,
    lab,
    open_notebook,
    picture_bytes,
    shown_picture,
    wait_for_other_picture,
)
from tests.browser.unit_notebooks import REPOSITORY, code_cells, imports, write_notebook

# Epochs of a second or so; the recipe, the watchers and the rest are the assignment's.
SHORTER = """data = hangul_data()
data = data._replace(x_train=data.x_train[:1280], y_train=data.y_train[:1280])"""
RESUME = """from course_lib.training.fit import resume
resume(baseline, data, epochs=baseline.history.epochs + 1, watchers=[LiveCurves(), ProgressBar()])"""
# The digest of the curves of the whole run.
CURVES = (
    "__import__('hashlib').sha256(__import__('course_lib.viz.widgets', fromlist=['widgets'])"
    ".curves_picture(baseline.history, epochs={epochs}).png).hexdigest()"
)


@pytest.mark.parametrize("lang", ["ko", pytest.param("en", marks=pytest.mark.slow)])
def test_a_training_is_interrupted_and_resumed(tmp_path, system_tool, lang):
    cells = code_cells(REPOSITORY / "exercises" / lang / "assignment.ipynb")
    fit = next(cell for cell in cells if cell.startswith("baseline = fit("))
    sources = [cells[0], imports(cells), SHORTER, fit, RESUME]
    write_notebook(tmp_path / "fit.ipynb", sources)
    with lab(tmp_path, system_tool("chromium")) as page, speaking(lang):
        open_notebook(page, "fit.ipynb")
        training, resumed = (page.locator(".jp-CodeCell").nth(place) for place in (3, 4))
        page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
        for _ in sources[:-1]:
            page.keyboard.press("Shift+Enter")
        _two_epochs(training)
        page.get_by_role("menuitem", name="Kernel", exact=True).click()
        page.get_by_role("menuitem", name="Interrupt Kernel").click()
        kernel = Kernel(page)
        expect(training).to_contain_text(kernel.value("baseline.message"), timeout=RUN_MS)
        done = kernel.value("baseline.history.epochs")
        assert 2 <= done < 15
        _stays(training, kernel, epochs=15)
        resumed.locator(".jp-InputPrompt").click()
        page.keyboard.press("Shift+Enter")
        expect(resumed.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"), timeout=RUN_MS)
        assert kernel.value("(baseline.history.epochs, baseline.stopped)") == (done + 1, "")
        _stays(resumed, kernel, epochs=done + 1)
        kernel.close()
        assert (page.errors, complaints(page)) == ([], [])


def _two_epochs(training):
    """The bar tells the time left and two epochs, and the curves have been drawn anew."""
    expect(training.locator("img")).to_be_visible(timeout=RUN_MS)
    empty = shown_picture(training)
    second = t("fit.epoch_done", epoch=2, accuracy="").strip()
    expect(training).to_contain_text(second, timeout=RUN_MS)
    expect(training).to_contain_text(t("fit.left", time="").strip())
    wait_for_other_picture(training, empty, timeout_ms=RUN_MS)


def _stays(cell, kernel, *, epochs):
    """The picture left in a cell shows the whole history."""
    expect(cell.locator("img[src^='data:']")).to_be_visible(timeout=RUN_MS)
    assert sha256(picture_bytes(cell)).hexdigest() == kernel.value(CURVES.format(epochs=epochs))
