"""One source file, `notebooks/src/*.md` or `solutions/src/*.md`, read into blocks that serve both languages.

    ---
    title: {ko: 경사하강법, en: Gradient descent}
    ---
    +++ {"lang": "ko", "of": "<fingerprint of the English text>"}
    한국어 문단
    +++ {"lang": "en", "of": "<fingerprint of the Korean text>"}
    English paragraph
    ```{code-cell}
    :tags: [keep]
    code that both languages share
    ```

A prose pair may carry `"quiz": "id"`, and in solutions `"answer": "grade_id", "points": N`; a code cell
in solutions `:solution: grade_id`, or `:check: grade_id` with `:points: N`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from jupytext.myst import MystMetadataParsingError, myst_to_notebook
from nbformat.validator import NotebookValidationError

from course_lib.builder import rules
from course_lib.builder.guards import guard
from course_lib.builder.problems import Problem
from course_lib.builder.text import fingerprint, line_of
from course_lib.messages import LANGUAGES, t

FOLDERS = ("notebooks", "solutions")


@dataclass(frozen=True)
class Prose:
    """A prose block in both languages; every mapping is {"ko": …, "en": …}."""

    text: Mapping[str, str]
    line: Mapping[str, int]  # of the text's first line
    head: Mapping[str, int]  # of the `+++` line
    of: Mapping[str, str]  # fingerprint of the other side when last confirmed; "" before
    options: Mapping[str, object]  # quiz, answer, points


@dataclass(frozen=True)
class Code:
    """A code cell, the same for both languages."""

    text: str
    line: int
    options: Mapping[str, object]  # tags, jupyter, solution, check, points


@dataclass(frozen=True)
class Source:
    """A source file; while it has problems, nothing is built from it."""

    file: str  # path below the course's folder
    sha: str
    title: Mapping[str, str]
    front: Mapping[str, object] = field(default_factory=dict)  # the front matter, with the title
    blocks: list[Prose | Code] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """ "notebooks" or "solutions"."""
        return Path(self.file).parts[0]

    @property
    def name(self) -> str:
        """The file's name without its ending, such as u01_optimization."""
        return Path(self.file).stem

    @property
    def pairs(self) -> list[Prose]:
        """The prose blocks alone."""
        return [block for block in self.blocks if isinstance(block, Prose)]


def paths(root: Path) -> list[Path]:
    """All source files, sorted."""
    return sorted(path for folder in FOLDERS for path in (root / folder / "src").glob("*.md"))


def read(root: Path, path: Path) -> Source:
    """Read and check one source. Its structural faults stand in `problems`; none is raised."""
    raw = path.read_text(encoding="utf-8")
    file = path.relative_to(root).as_posix()
    front, body, faults = _front_matter(raw)
    faults += guard(body.split("\n"))
    blocks = []
    if not faults:
        blocks, faults = _blocks(body)
        faults += rules.faults(blocks, graded=Path(file).parts[0] == "solutions")
    problems = [Problem(file, line, message) for line, message in faults]
    return Source(file, fingerprint(raw), front["title"], front, blocks, problems)


def _front_matter(raw):
    """The front matter, and the text with it blanked so that every line keeps its number.

    jupytext is not shown the front matter, as nbformat refuses a title in two languages.
    """
    match = re.match(r"---[ ]*\n(.*?\n)---[ ]*(?=\n|$)", raw, re.DOTALL)
    try:
        front = yaml.safe_load(match[1]) if match else {}
        title = front["title"]
    except (yaml.YAMLError, KeyError, TypeError):
        title = None
    if not (isinstance(title, dict) and all(title.get(lang) for lang in LANGUAGES)):
        return {"title": dict.fromkeys(LANGUAGES, "")}, raw, [(1, t("builder.no_title"))]
    return front, "\n" * match[0].count("\n") + raw[match.end() :], []


def _blocks(body):
    """Blocks in order, and the faults of their pairing."""
    try:
        notebook = myst_to_notebook(body, add_source_map=True)
    except MystMetadataParsingError as error:
        line = re.search(r"at line (\d+)", str(error))
        return [], [(int(line[1]) if line else 1, t("builder.unreadable", reason=str(error)))]
    except NotebookValidationError as error:  # tags that are no list, and the like
        found = re.search(rf"{error.path[-1]}\W+{re.escape(str(error.instance))}", body)
        line = line_of(body, found.start(), 1) if found else 1
        return [], [(line, t("builder.unreadable", reason=error.message))]
    lines = [line.rstrip() for line in body.split("\n")]
    blocks, faults, korean = [], [], None
    for cell, head in zip(notebook.cells, notebook.metadata["source_map"], strict=True):
        lang = cell.metadata.get("lang")
        if korean and not (cell.cell_type == "markdown" and lang == "en"):
            faults.append((korean[1], t("builder.no_english")))
            korean = None
        if cell.cell_type == "code":
            blocks.append(Code(cell.source, _first_line(lines, head, cell), cell.metadata))
        elif cell.cell_type == "raw":
            faults.append((head, t("builder.raw_cell")))
        elif lang == "ko":
            korean = (cell, head)
        elif lang != "en":
            faults.append((_first_line(lines, head, cell), t("builder.no_lang")))
        elif korean is None:
            faults.append((head, t("builder.no_korean")))
        else:
            block, found = _pair(lines, korean, (cell, head))
            blocks.append(block)
            faults += found
            korean = None
    if korean:
        faults.append((korean[1], t("builder.no_english")))
    return blocks, faults


def _pair(lines, korean, english):
    """One prose block of two cells, and whatever their `+++` lines disagree on."""
    sides = dict(zip(LANGUAGES, (korean, english), strict=True))
    options = {
        lang: {key: value for key, value in cell.metadata.items() if key not in ("lang", "of")}
        for lang, (cell, _) in sides.items()
    }
    faults = [(head, t("builder.no_of")) for cell, head in sides.values() if "of" not in cell.metadata]
    if options["ko"] != options["en"]:
        faults.append((english[1], t("builder.options_differ")))
    block = Prose(
        text={lang: cell.source for lang, (cell, _) in sides.items()},
        line={lang: _first_line(lines, head, cell) for lang, (cell, head) in sides.items()},
        head={lang: head for lang, (_, head) in sides.items()},
        of={lang: cell.metadata.get("of", "") for lang, (cell, _) in sides.items()},
        options=options["ko"],
    )
    return block, faults


def _first_line(lines, head, cell):
    """The line, counted from 1, on which a cell's text begins; `head` is its `+++` or fence line."""
    text = [line.rstrip() for line in cell.source.split("\n")]
    starts = (i for i in range(head, len(lines)) if lines[i : i + len(text)] == text)
    return next(starts, head) + 1
