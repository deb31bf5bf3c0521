"""A learner's progress as a table: HTML with links, and text for where no page is shown."""

from html import escape

from course_lib.messages import language, t
from course_lib.progress.course import label, next_notebook, path_of, standings, units

_BAR, _TRACK = "#0072B2", "rgba(127,127,127,.25)"
_CELL = "padding:.3em .8em;text-align:left;vertical-align:top"


class Table:
    """The progress in a record, unit by unit, with the place to go on. `remark`: what else is to be said."""

    def __init__(self, record: dict, remark: str = ""):
        self.record, self.remark = record, remark
        self.standings = standings(record)

    def rows(self) -> list[tuple[str, ...]]:
        """The table as texts, under its heads: unit, questions, checks, points, last visit."""
        heads = tuple(t(f"progress.{it}") for it in ("unit", "quizzes", "checks", "points", "last"))
        return [heads, *(self._texts(one) for one in self.standings)]

    def _texts(self, one):
        counts = ((one.answered, len(one.unit.quizzes)), (one.passed, len(one.unit.checks)))
        counts += ((one.points, one.points_of),)
        return label(one.unit), *(_of(*count) for count in counts), _day(one.last)

    def __repr__(self):
        names = ("unit", "quizzes", "checks", "points", "last")
        lines = [t("progress.line", **dict(zip(names, row, strict=True))) for row in self.rows()[1:]]
        return "\n".join(filter(None, [self.remark, *lines, self._written()]))

    def _repr_mimebundle_(self, **kwargs):
        return {"text/html": self._html(), "text/plain": repr(self)}

    def _html(self):
        heads = "".join(f'<th scope="col" style="{_CELL}">{escape(head)}</th>' for head in self.rows()[0])
        rows = "".join(self._row(one) for one in self.standings)
        remark = f'<p role="status">{escape(self.remark)}</p>' if self.remark else ""
        return (
            f'{remark}<p style="font-size:1.1em">{self._next()}</p><div style="overflow-x:auto">'
            f'<table class="course-progress"><caption style="text-align:left"><strong>'
            f"{escape(t('progress.title'))}</strong></caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table></div><p><small>{escape(self._written())}</small></p>"
        )

    def _row(self, one):
        unit, notebooks = one.unit, one.unit.notebooks
        name = _link(label(unit), notebooks[0])
        checks = _bar(one.passed, len(unit.checks))
        if len(notebooks) > 1:
            checks += f" {_link(label(unit, notebooks[1]), notebooks[1])}"
        quizzes = _bar(one.answered, len(unit.quizzes))
        counts = (quizzes, checks, escape(_of(one.points, one.points_of)), _day(one.last))
        cells = "".join(f'<td style="{_CELL};white-space:nowrap">{count}</td>' for count in counts)
        return f'<tr><th scope="row" style="{_CELL}">{name}</th>{cells}</tr>'

    def _next(self):
        notebook = next_notebook(self.record)
        if notebook is None:
            return escape(t("progress.finished"))
        unit = next(unit for unit in units() if notebook in unit.notebooks)
        said = t("progress.continue" if any(one.last for one in self.standings) else "progress.begin")
        return f"{escape(said)} <strong>{_link(label(unit, notebook), notebook)}</strong>"

    def _written(self):
        return t("progress.written", points=sum(unit.written for unit in units()))


def _of(done, total):
    return t("progress.of", done=done, total=total) if total else "–"


def _bar(done, total):
    """A bar with its numbers in words beside it; the bar alone says nothing that the words do not."""
    if not total:
        return "–"
    filled = f'<span style="display:block;height:100%;width:{100 * done // total}%;background:{_BAR}">'
    track = (
        f"display:inline-block;width:5em;height:.6em;background:{_TRACK};border-radius:3px;overflow:hidden"
    )
    return f'<span aria-hidden="true" style="{track}">{filled}</span></span> {escape(_of(done, total))}<br>'


def _link(text, notebook):
    """A link as it stands in notebooks/<language>/start.ipynb."""
    return f'<a href="../../{path_of(notebook, language())}">{escape(text)}</a>'


def _day(at):
    return at.partition("T")[0] or "–"
