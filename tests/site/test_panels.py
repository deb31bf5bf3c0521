"""Panels computed again from the cells of a notebook."""

from base64 import b64decode

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.messages import speaking
from course_lib.paths import repo_root
from course_lib.site import panels as module
from course_lib.site.panels import computed, panels

FRAMES = "frames(draw, 'lr', [0.1, 0.5], start=0.5, numbers=lambda lr: [{'lr': lr}], size=(2, 1))"
DRAW = "def draw(figure, lr):\n    figure.subplots().plot([0, height], [0, lr])"


def cells(*sources):
    return [new_code_cell(source, id=f"cell{index}") for index, source in enumerate(sources)]


def test_only_the_cells_that_a_panel_builds_on_are_run():
    found = computed(
        cells(
            "from course_lib.viz.widgets import frames",
            "raise RuntimeError('nothing below needs this')",
            "height = 1\nheight / 0",
            DRAW,
            FRAMES,
            "height = 1 / 0",
        )
    )
    (panel,) = found.values()
    assert list(found) == ["cell4"] and panel.values == ["0.1", "0.5"] and panel.start == 1
    assert panel.rows == [{"lr": 0.1}, {"lr": 0.5}] and len({picture.png for picture in panel.pictures}) == 2


def test_an_error_names_its_cell():
    with pytest.raises(ZeroDivisionError) as caught:
        computed(cells("from course_lib.viz.widgets import frames", "draw = 1 / 0", FRAMES))
    assert FRAMES in caught.value.__notes__[0]


def test_panels_are_kept_until_the_notebook_or_the_library_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_library", lambda: "one library")
    runs = []
    monkeypatch.setattr(module, "computed", lambda cells: runs.append(len(cells)) or {})
    notebook = new_notebook(cells=cells("1"), metadata={"course": {"lang": "ko"}})
    panels(notebook, tmp_path, "ko-unit")
    panels(notebook, tmp_path, "ko-unit")
    assert runs == [1]
    notebook.cells += cells("2")
    panels(notebook, tmp_path, "ko-unit")
    monkeypatch.setattr(module, "_library", lambda: "another library")
    panels(notebook, tmp_path, "ko-unit")
    assert runs == [1, 2, 2] and len([*tmp_path.iterdir()]) == 1


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_slider_starts_with_the_stored_picture(lang):
    notebook = nbformat.read(repo_root() / f"notebooks/{lang}/u01_optimization.ipynb", as_version=4)
    asked = "stability_panel()"
    chosen = [
        c for c in notebook.cells if c.cell_type == "code" and ("import" in c.source or c.source == asked)
    ]
    with speaking(lang):
        (panel,) = (panel for panel in computed(chosen).values() if panel.pictures)
    (stored,) = (c.outputs[0].data for c in chosen if c.source == asked)
    shown = panel.pictures[panel.start]
    assert shown.alt == stored["text/plain"]
    assert shown.png[16:24] == b64decode(stored["image/png"])[16:24]  # the width and the height
