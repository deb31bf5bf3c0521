"""Whether the committed notebooks are what their sources say, and give nothing away."""

from collections.abc import Iterator
from pathlib import Path

import nbformat

from course_lib.builder import glossary, outline, quiz, reference, regions, symbols
from course_lib.builder.notebooks import FORMS, Built, built, code_cells, dumps, with_outputs
from course_lib.builder.problems import Problem
from course_lib.builder.source import Code, Source, paths, read
from course_lib.experiments import stale
from course_lib.messages import LANGUAGES, t


def load(path: Path) -> nbformat.NotebookNode | None:
    """A stored notebook; None where there is none, or no readable one."""
    try:
        return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except (FileNotFoundError, ValueError):  # nbformat's NotJSONError is a ValueError
        return None


def outputs_of(notebook) -> list[tuple]:
    """(outputs, execution_count) of every code cell."""
    return [(cell.outputs, cell.execution_count) for cell in code_cells(notebook)]


def outdated(root: Path, source: Source, units) -> Iterator[Problem]:
    """What is wrong with the stored notebooks of one source."""
    for one in built(source, units):
        stored = load(root / one.path)
        if stored is None:
            yield Problem(one.path, 1, t("builder.missing", source=source.file))
            continue
        expected = one.notebook
        if one.stores_outputs and len(code_cells(stored)) == len(code_cells(expected)):
            expected = with_outputs(expected, outputs_of(stored))
        if dumps(expected) != (root / one.path).read_text(encoding="utf-8"):
            yield Problem(one.path, 1, t("builder.stale", source=source.file))
        elif one.stores_outputs and not executed(stored):
            yield Problem(one.path, 1, t("builder.not_executed"))
        if one.path.startswith("exercises/"):
            yield from _leaks(one, stored, source)
    yield from _languages_differ(root, source)


def executed(notebook) -> bool:
    """Whether every code cell has been run."""
    return all(cell.execution_count for cell in code_cells(notebook))


def _leaks(one: Built, stored, source):
    """Lines of the answers that stand in an exercise and nowhere in the source outside the answers."""
    answers, open_ = set(), set()
    for block in source.blocks:
        for text in [block.text] if isinstance(block, Code) else block.text.values():
            answers |= regions.answer_lines(text)
            open_ |= {line.strip() for line in regions.cut(text, lambda indent: []).split("\n")}
    for cell in stored.cells:
        lines = {line.strip() for line in cell.source.split("\n")}
        for line in sorted(lines & (answers - open_)):
            yield Problem(one.path, 1, t("builder.leak", got=line))


def _languages_differ(root, source):
    """Code that differs between the stored languages, where stubs and the first cell may."""
    for form in FORMS[source.folder]:
        stored = [load(root / form / lang / f"{source.name}.ipynb") for lang in LANGUAGES]
        if None not in stored and _shared_code(stored[0]) != _shared_code(stored[1]):
            yield Problem(f"{form}/{LANGUAGES[1]}/{source.name}.ipynb", 1, t("builder.code_differs"))


def _shared_code(notebook):
    return [
        cell.source
        for cell in code_cells(notebook)
        if "language" not in cell.metadata.get("tags", [])
        and not cell.metadata.get("nbgrader", {}).get("solution")
    ]


def strays(root: Path) -> Iterator[Problem]:
    """Notebooks that no source makes."""
    known = {(form, path.stem) for path in paths(root) for form in FORMS[path.parent.parent.name]}
    for form in ("notebooks", "solutions", "exercises"):
        for lang in LANGUAGES:
            for path in sorted((root / form / lang).glob("*.ipynb")):
                if (form, path.stem) not in known:
                    yield Problem(path.relative_to(root).as_posix(), 1, t("builder.stray"))


def outdated_experiments(root: Path) -> Iterator[Problem]:
    """Stored results of experiments whose code has changed since; a course without experiments has none."""
    folder = "course_lib/experiments/results"
    if (root / folder).is_dir():
        for name in stale(root):
            yield Problem(f"{folder}/{name}.json", 1, t("builder.stale_experiment", name=name))


def pages(root: Path, units) -> dict[str, str]:
    """What is built besides the notebooks, {path below the root: text}."""
    return {path: text for made, _ in _pages(root, units) for path, text in made.items()}


def _pages(root, units):
    """Pages together with what they are made of."""
    yield glossary.pages(root, units), glossary.FILE
    yield symbols.pages(root, units), symbols.FILE
    yield reference.pages(root), "course_lib/algorithms"
    yield outline.pages(root, units), "notebooks/src, solutions/src"
    lessons = [read(root, path) for path in paths(root) if path.parent.parent.name == "notebooks"]
    yield quiz.pages(root, lessons), "notebooks/src"


def outdated_pages(root: Path, units) -> Iterator[Problem]:
    """Pages that differ from what they are made of."""
    for made, source in _pages(root, units):
        for path, text in made.items():
            file = root / path
            if not file.is_file() or file.read_text(encoding="utf-8") != text:
                yield Problem(path, 1, t("builder.stale", source=source))
