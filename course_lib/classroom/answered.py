"""The notebook that a person looks at to grade: the one handed out, with a learner's answers put in.

It is never run. Whoever opens it may change every mark, so what a learner wrote can do nothing in it.
"""

import json
import re
from copy import deepcopy
from pathlib import Path

from course_lib.classroom.markup import prose, visible

MAX_SAID = 2000  # characters of a diagnosis


def filled(notebook: dict, row: dict) -> dict:
    """A notebook handed out, with a row's answers, and below each check its mark and why.

    `metadata.course.written` keeps the written answers as they are: the marks given are for these texts.
    """
    made = deepcopy(notebook)
    answers = row["cells"] | {a["task"]: _rendered(a["text"]) for a in row["written"] if a["text"]}
    tasks = {task["task"]: task for task in row["tasks"]}
    for cell in made["cells"]:
        grade_id = meta_of(cell).get("grade_id")
        if meta_of(cell).get("solution"):
            cell["source"] = answers.get(grade_id, cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"] = [_output(tasks[grade_id])] if grade_id in tasks else []
            cell["execution_count"] = None
    written = {answer["task"]: answer["text"] for answer in row["written"]}
    made["metadata"]["course"] = made["metadata"].get("course", {}) | {"written": written}
    return made


def texts(path: Path) -> dict[str, str]:
    """{written answer: the text that marks were given for}; nothing where there is no notebook of ours."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))["metadata"]["course"]["written"]
    except (FileNotFoundError, ValueError, KeyError):  # one that nbgrader itself has made tells none
        return {}
    return written if isinstance(written, dict) else {}


def inert(text: str) -> str:
    """A diagnosis, which may quote a learner, as Markdown without HTML, links or pictures in it."""
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", visible(text[:MAX_SAID]))
    return re.sub(r"\](?=[(:\[])", "] ", text)


def meta_of(cell: dict) -> dict:
    """What nbgrader knows of a cell, from its metadata."""
    return cell["metadata"].get("nbgrader", {})


def _output(task):
    """A check's mark, and why, as what a cell printed: plain text wherever it is shown."""
    points = task.get("automatic", task["points"])
    mark = "✓" if points == task["most"] else "✗"
    text = f"{mark} {points:g}/{task['most']:g}\n{visible(task['reason'][:MAX_SAID])}".strip() + "\n"
    return {"output_type": "stream", "name": "stdout", "text": text}


def _rendered(text):
    """A learner's Markdown as harmless HTML on one line, in which no Markdown is read again.

    The formgrader shows Markdown with whatever HTML stands in it.
    """
    return f"<div>{prose(text).strip()}</div>".replace("\n", "&#10;")
