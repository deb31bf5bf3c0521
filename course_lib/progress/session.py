"""Notes what happens in the notebook that is open in this process, if a person has it open.

A notebook's first cell calls `visit`; quizzes call `answered`, checks `passed`. Without a visit, as in a
solution or a notebook of one's own, nothing is noted. What cannot be written is said once; work goes on.
"""

import sys
from html import escape

from course_lib.messages import t
from course_lib.progress import binder, record
from course_lib.progress.place import learning, record_file

_open: str | None = None  # the notebook that this process belongs to, such as "exercises/u01_optimization"
_said: set[str] = set()


def visit(notebook: str):
    """Begin to note progress for a notebook of the course, such as "notebooks/u01_optimization".

    Returns the warning to be shown on Binder, None anywhere else. Does nothing unless a person has the
    notebook open (`place.learning`).
    """
    global _open
    _open = notebook if learning() else None
    if _open is None:
        return None
    at = record.now()
    _note(lambda found: found["visits"].update({notebook: at}))
    return binder.BinderWarning() if binder.on_binder() else None


def answered(name: str, right: bool):
    """A question of the open notebook has been answered."""
    if _open is not None:
        at = record.now()
        _note(lambda found: record.note_answer(found, _open, name, right, at))


def passed(name: str):
    """A check of the open notebook has been passed."""
    if _open is not None:
        at = record.now()
        _note(lambda found: record.note_pass(found, _open, name, at))


def _note(edit):
    path = record_file()
    try:
        aside = record.change(path, edit)
    except record.Newer:
        _say(t("progress.newer", path=path))
    except OSError as error:
        _say(t("progress.unwritable", path=path, reason=error.strerror or type(error).__name__))
    else:
        if aside:
            _say(t("progress.damaged", path=aside))


def _say(text):
    """Once, in the notebook; never on stderr, which costs marks in nbgrader."""
    if text in _said:
        return
    _said.add(text)
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        from IPython.display import HTML, display

        display(HTML(f'<div role="status">{escape(text)}</div>'))
    else:
        print(text)
