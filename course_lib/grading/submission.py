"""What is taken from a submitted notebook: the answer cells, by grade_id, and nothing else.

The first cell of a name wins. Whatever else the notebook holds (checks, outputs, metadata, further cells)
is neither run nor kept; what was renamed, lost, doubled or edited is reported.
"""

import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.byhand import libraries, without_magics
from course_lib.grading.release import Release
from course_lib.messages import LANGUAGES, speaking, t

MAX_NOTEBOOK, MAX_PARTS, MAX_CELL = 20 << 20, 1_000_000, 100_000  # bytes; lists, dicts and texts; characters
MAX_REMARKS = 40
_FIRST = (
    "cell-language"  # of all notebooks; a solution's says less than an exercise's, and nothing depends on it
)


class Unreadable(Exception):
    """A submission of which nothing can be taken; the text says why."""

    def __init__(self, key, **values):
        super().__init__(t(key, **values))
        self.key, self.values = key, values

    def in_language(self, lang: str) -> str:
        """The text in a language: which one the learner's is, is known only later."""
        with speaking(lang):
            return t(self.key, **self.values)


@dataclass(frozen=True)
class Submission:
    """What was taken. cells: {grade_id: source}. remarks: what was odd, as texts."""

    cells: dict[str, str]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Notebook:
    """A submitted file, parsed but not believed. cells: those that are dicts. lang, name: as it says."""

    cells: list
    lang: str
    data: bytes
    name: str = ""


def read_notebook(path: Path) -> Notebook:
    """Parse a submitted file. Raises Unreadable on a link, a device, a huge file, or no notebook."""
    return parse(_bytes(path))


def _bytes(path):
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        file = os.open(path, flags)
    except OSError as error:
        raise Unreadable("grading.no_file", error=error.strerror) from None
    with os.fdopen(file, "rb") as opened:
        state = os.fstat(file)
        if not stat.S_ISREG(state.st_mode):
            raise Unreadable("grading.no_regular_file")
        if state.st_size > MAX_NOTEBOOK:
            raise Unreadable("grading.huge", most=MAX_NOTEBOOK >> 20)
        return opened.read(MAX_NOTEBOOK)


def parse(data: bytes) -> Notebook:
    """The notebook that these bytes are. Raises Unreadable."""
    # A part takes two bytes here and more than a hundred when it is parsed.
    if sum(map(data.count, (b"{", b"[", b'"'))) > MAX_PARTS:
        raise Unreadable("grading.many_parts", most=MAX_PARTS)
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("grading.no_json", error=type(error).__name__) from None
    cells = notebook.get("cells") if type(notebook) is dict else None
    if type(cells) is not list:
        raise Unreadable("grading.no_notebook")
    course = _dict(_dict(notebook.get("metadata")).get("course"))
    lang = course.get("lang")
    lang = lang if type(lang) is str and lang in LANGUAGES else ""
    source = course.get("source")
    # a bare name: a path in it must lead nowhere; cut off, as the pattern takes long over a long text
    name = re.sub(r".*/|[.]md$|[^\w-]", "", source[-200:]) if type(source) is str else ""
    return Notebook([cell for cell in cells if type(cell) is dict], lang, data, name)


def take(notebook: Notebook, release: Release) -> Submission:
    """The answers of a notebook to a release. Never raises for what the notebook holds."""
    with speaking(release.lang):
        return _taken(notebook, release)


def _taken(notebook, release):
    cells, remarks, seen, own = {}, [], set(), 0
    for cell in notebook.cells:
        grade_id, source = _grade_id(cell), _source(cell)
        if grade_id is None or source is None:
            own += cell.get("cell_type") == "code" and bool(source and source.strip())
            continue
        if grade_id in seen:
            remarks.append(t("grading.twice", cell=cell_name(grade_id)))
            continue
        answer = release.answers.get(grade_id)
        if answer is not None:
            seen.add(grade_id)
            _take_answer(cell, source, answer, cells, remarks, by_hand=not release.trained)
        elif grade_id in release.locked:
            seen.add(grade_id)
            # What the other language says there is no edit of the learner's.
            edited_by_hand = grade_id != _FIRST and notebook.lang == release.lang
            if edited_by_hand and source.strip() != release.locked[grade_id].strip():
                remarks.append(t("grading.edited", cell=grade_id))
        elif _dict(_dict(cell.get("metadata")).get("nbgrader")).get("solution") is True:
            remarks.append(t("grading.unknown_cell", cell=_short(grade_id)))
    if not seen & release.answers.keys():
        return Submission(cells, (t("grading.other_notebook", name=release.name),))
    if own:
        remarks.append(t("grading.own_cells", count=own))
    remarks += [t("grading.missing", cell=cell_name(id_)) for id_ in release.answers if id_ not in seen]
    remarks += [t("grading.missing_locked", cell=id_) for id_ in release.locked if id_ not in seen]
    return Submission(cells, tuple(dict.fromkeys(remarks))[:MAX_REMARKS])


def _take_answer(cell, source, answer, cells, remarks, *, by_hand):
    if cell.get("cell_type") != answer.cell_type:
        remarks.append(t("grading.wrong_type", cell=cell_name(answer.grade_id)))
    elif len(source) > MAX_CELL:
        remarks.append(t("grading.long_cell", cell=cell_name(answer.grade_id), most=MAX_CELL))
    else:
        plain = without_magics(source) if answer.cell_type == "code" else source
        if plain != source:
            remarks.append(t("grading.magics", cell=cell_name(answer.grade_id)))
        cells[answer.grade_id] = plain
        called = libraries(plain) if answer.cell_type == "code" and by_hand else ()
        for name in called:
            remarks.append(t("grading.library", cell=cell_name(answer.grade_id), name=name))


def cell_name(grade_id: str) -> str:
    """What a learner calls a cell: its task, which the check below names."""
    return grade_id.removeprefix("solution-")


def _grade_id(cell):
    grade_id = _dict(_dict(cell.get("metadata")).get("nbgrader")).get("grade_id")
    return grade_id if type(grade_id) is str else None


def _source(cell):
    """A cell's source, whether it stands as a text or as lines, or None."""
    source = cell.get("source")
    if type(source) is list and all(type(line) is str for line in source):
        source = "".join(source)
    if type(source) is not str:
        return None
    # Windows' line ends become ours; a lone surrogate cannot be written anywhere.
    return re.sub(r"\r\n?", "\n", source).encode("utf-8", "replace").decode()


def _dict(value):
    return value if type(value) is dict else {}


def _short(text):
    return re.sub(r"[^\w-]", "?", text[:60])
