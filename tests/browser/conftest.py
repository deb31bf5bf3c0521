"""A notebook of one `frames` and one `live` panel, for the tests that drive a browser."""

import nbformat
import pytest

CELLS = (
    "from course_lib.messages import set_language\nset_language('ko')",
    "from course_lib.viz.widgets import stability_panel\nstability_panel()",
    "from course_lib.viz.widgets import race_panel\nrace_panel()",
    "from course_lib.viz.widgets import quiz\n"
    "quiz('q', '$\\\\lambda_{max} = 10$?', [\n"
    "    {'text': '$\\\\eta = 0.1$', 'right': False, 'why': '$0.1 < 0.2$'},\n"
    "    {'text': '$\\\\eta = 0.3$', 'right': True, 'why': '$0.3 > 0.2$'}])",
)


@pytest.fixture
def notebook_folder(tmp_path):
    """A folder with `panels.ipynb`."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "panels.ipynb")
    return tmp_path
