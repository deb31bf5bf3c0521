"""Build, and check: the two things that `course build` does."""

from dataclasses import dataclass, field
from pathlib import Path

from course_lib.builder import freshness, glossary, outline, pairs, symbols, wording
from course_lib.builder.execute import run
from course_lib.builder.notebooks import RAISES, Built, built, code_cells, dumps, with_outputs
from course_lib.builder.problems import Problem
from course_lib.builder.source import paths, read
from course_lib.messages import t


@dataclass
class Report:
    """What a build did; every path is below the course's folder."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)  # file:line of each renewed fingerprint
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was refused."""
        return not self.problems


def build(root, names=None, *, execute=True, confirm=False) -> Report:
    """Make the notebooks of all sources, or of those named, and the glossary and reference pages.

    root: the course's folder. names: sources without folder and ending (u01_optimization, in notebooks and
    solutions alike). execute: True runs a notebook whose code has changed or that has not run, "all" runs
    every one, False none. confirm: record first that both languages of every pair were read together.
    A notebook that is refused or fails is not written; the report's problems say why.
    """
    root, report = Path(root), Report()
    chosen = [path for path in paths(root) if not names or path.stem in names]
    for name in sorted(set(names or ()) - {path.stem for path in chosen}):
        known = ", ".join(sorted({path.stem for path in paths(root)}))
        report.problems.append(Problem(name, 1, t("builder.no_source", got=name, names=known)))
    units = outline.load(root)
    if confirm:
        _confirm(root, chosen, report)
    for page, text in freshness.pages(root, units).items():  # first: notebooks that are run read some
        _write(root, page, text, report)
    for path in chosen:
        source = read(root, path)
        report.problems += source.problems
        for one in built(source, units) if not source.problems else ():
            _store(root, one, execute, report)
    return report


def _confirm(root, chosen, report):
    """Record the fingerprints of all pairs of sound sources."""
    for path in chosen:
        source = read(root, path)
        if not source.problems:
            report.confirmed += [f"{source.file}:{line}" for line in pairs.confirm(path, source)]


def check(root) -> list[Problem]:
    """Everything that must not be committed, sorted by file and line; nothing is changed."""
    root = Path(root)
    terms = glossary.load(root)
    sources = [read(root, path) for path in paths(root)]
    units = outline.units(sources)
    problems = [*wording.in_messages(root, terms), *freshness.strays(root), *outline.faults(sources)]
    problems += symbols.faults(symbols.load(root), sources)
    problems += [*freshness.outdated_pages(root, units), *freshness.outdated_experiments(root)]
    for source in sources:
        problems += source.problems
        if not source.problems:
            problems += pairs.unconfirmed(source)
            problems += wording.in_source(source, terms)
            problems += freshness.outdated(root, source, units)
    return sorted(set(problems))


def _store(root: Path, one: Built, execute, report: Report):
    """Write one notebook, with outputs from a new run or from the stored one."""
    notebook = one.notebook
    if one.stores_outputs:
        stored = freshness.load(root / one.path)
        fresh = stored is not None and _program(stored) == _program(notebook)
        if fresh and execute != "all" and (freshness.executed(stored) or not execute):
            notebook = with_outputs(notebook, freshness.outputs_of(stored))
        elif execute:
            outputs, problems = run(one, root)
            report.executed.append(one.path)
            if problems:
                report.problems += problems
                return
            notebook = with_outputs(notebook, outputs)
    _write(root, one.path, dumps(notebook), report)


def _program(notebook):
    """What decides a notebook's outputs; the id of a cell that asks stands for the question's texts."""

    def decides(cell):
        tags = cell.metadata.get("tags", [])
        return cell.source, RAISES in tags, cell.id if "quiz" in tags else ""

    return [decides(cell) for cell in code_cells(notebook)]


def _write(root, path, text, report):
    file = root / path
    if file.is_file() and file.read_bytes() == text.encode("utf-8"):
        report.unchanged.append(path)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8"))
    report.written.append(path)
