"""A source, a language and a form → a notebook, the same bytes each time.

The forms are named by their folders: "notebooks"; "solutions" with the answers; "exercises" without them.
Outputs are no part of it: `with_outputs` lays those of a stored notebook over a built one.
"""

import hashlib
from dataclasses import dataclass

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.builder import installing, navigation, nbgrader_cells, quiz, regions
from course_lib.builder.source import Source
from course_lib.messages import LANGUAGES, speaking, t
from course_lib.paths import repo_root
from course_lib.progress.work import cells_sha

FORMS = {"notebooks": ("notebooks",), "solutions": ("solutions", "exercises")}
RAISES = "raises-exception"


@dataclass(frozen=True)
class Built:
    """A notebook without outputs, and where it came from and goes to."""

    source: str
    path: str  # below the course's folder
    notebook: nbformat.NotebookNode
    lines: tuple[int, ...]  # per cell the source's line on which its text begins; 1 where it is generated

    @property
    def stores_outputs(self) -> bool:
        """Whether the notebook is executed; exercises are the learner's to run."""
        return not self.path.startswith("exercises/")


def built(source: Source, units=()) -> list[Built]:
    """Every notebook that a source becomes; units: those of the course, for the links between them."""
    return [render(source, lang, form, units) for form in FORMS[source.folder] for lang in LANGUAGES]


def render(source: Source, lang: str, form: str, units=()) -> Built:
    """One notebook of a source without problems."""
    links = navigation.links(units, f"{form}/{source.name}", lang)
    with speaking(lang):
        cells, lines = _first_cells(source, lang, form, links), [1, 1, 1]
        for block in source.blocks:
            cells.append(_cell(source, block, lang, form))
            lines.append(block.line if isinstance(block.text, str) else block.line[lang])
            _fill_table(cells[-1], units, lang)
    if links:
        cells.append(new_markdown_cell(f"---\n\n{links}", id="links"))
        lines.append(1)
    _unique_ids(cells)
    if source.folder == "solutions":
        marks = [{}, {}, {}, *(block.options for block in source.blocks), *[{}] * bool(links)]
        for cell, options in zip(cells, marks, strict=True):
            cell.metadata["nbgrader"] = nbgrader_cells.nbgrader(options, cell.id)
    course = {"lang": lang, "source": source.file, "source_sha": source.sha, "cells": cells_sha(cells)}
    metadata = {
        "course": course,
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
        "title": source.title[lang],
    }
    notebook = new_notebook(cells=cells, metadata=metadata)
    return Built(source.file, f"{form}/{lang}/{source.name}.ipynb", notebook, tuple(lines))


def _first_cells(source, lang, form, links):
    """The title with links and a word on where to edit, the set-up, and the cell that sets the language.

    The last also begins to note a learner's progress; in a solution there is none.
    """
    generated = t("builder.generated", file=source.file)
    note = f"<!-- {generated} -->" if form == "exercises" else f"<small>{generated}</small>"
    title = "\n\n".join(filter(None, (f"# {source.title[lang]}", links, note)))
    imports, calls = "from course_lib.messages import set_language\n", f'set_language("{lang}")'
    if form != "solutions":
        imports += "from course_lib.progress import visit\n"
        calls += f'\nvisit("{form}/{source.name}")'
    return [
        new_markdown_cell(title, id="title"),
        installing.cell(repo_root(__file__)),
        new_code_cell(f"{imports}\n{calls}", id="language", metadata={"tags": ["language"]}),
    ]


def _fill_table(cell, units, lang):
    if cell.cell_type == "markdown" and navigation.TABLE in cell.source:
        cell.source = cell.source.replace(navigation.TABLE, navigation.table(units, lang))


def _cell(source, block, lang, form):
    """One block as a cell. Its id comes from the text of both languages, so that both share it."""
    if isinstance(block.text, str):
        return _code_cell(block, form)
    text, name = block.text[lang], _digest(block.text["ko"], block.text["en"])
    if "quiz" in block.options:
        hidden = {"jupyter": {"source_hidden": True}, "tags": ["quiz"]}
        return new_code_cell(quiz.code(source.name, block.options["quiz"]), id=name, metadata=hidden)
    if "answer" in block.options:
        text = regions.cut(text, nbgrader_cells.prose_stub) if form == "exercises" else regions.filled(text)
    return new_markdown_cell(text, id=name)


def _code_cell(block, form):
    """A code cell; what cannot run before an exercise is solved is tagged there, so that Run All goes on.

    In a solution nothing may raise: the tag in solutions/src is meant for the exercise alone.
    """
    options, text = block.options, block.text
    tags = [tag for tag in options.get("tags", []) if form != "solutions" or tag != RAISES]
    if form == "exercises" and ("check" in options or f"\n{regions.BEGIN}" in f"\n{text}"):
        tags = [*tags, RAISES]
    if "solution" in options:
        stub = nbgrader_cells.code_stub(options["solution"])
        text = regions.cut(text, stub) if form == "exercises" else regions.filled(text)
    metadata = {"jupyter": options["jupyter"]} if "jupyter" in options else {}
    if tags:
        metadata["tags"] = list(dict.fromkeys(tags))
    return new_code_cell(text, id=_digest(block.text), metadata=metadata)


def _digest(*texts):
    return hashlib.sha256("\0".join(texts).encode("utf-8")).hexdigest()[:12]


def _unique_ids(cells):
    """Number the second and later cells of the same text."""
    seen = {}
    for cell in cells:
        seen[cell.id] = seen.get(cell.id, 0) + 1
        if seen[cell.id] > 1:
            cell.id = f"{cell.id}-{seen[cell.id]}"


def code_cells(notebook) -> list:
    """The code cells of a notebook, without the set-up, which is no part of its program."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and not installing.is_setup(cell)]


def with_outputs(notebook, outputs) -> nbformat.NotebookNode:
    """A copy of the notebook with (outputs, execution_count) laid into its code cells, in order."""
    copy = nbformat.from_dict(notebook)
    for cell, (out, count) in zip(code_cells(copy), outputs, strict=True):
        cell.outputs, cell.execution_count = out, count
    return copy


def dumps(notebook) -> str:
    """The notebook as stored: sorted keys, one trailing newline."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"
