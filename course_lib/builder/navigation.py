"""The links between the pages, at the top and the bottom of each, and the start page's table of units."""

import posixpath

from course_lib.messages import LANGUAGES, language, speaking, t
from course_lib.progress.course import Unit, label, path_of

TABLE = "<!-- table of units -->"  # a line of prose in whose place the table stands
START = "notebooks/start"


def links(units: list[Unit], page: str, lang: str) -> str:
    """The line of links of a page such as "exercises/u01_optimization"; "" for one outside the course.

    Start page, what comes before, the unit's other notebook, what comes after, symbols, glossary, language.
    """
    name, names = page.split("/")[1], [unit.name for unit in units]
    if page != START and name not in names:
        return ""
    with speaking(lang):
        around = [] if page == START else _around(units, names.index(name), page)
        shared = [_link(t(f"nav.{it}"), f"notebooks/{it}.{lang}.md", page) for it in ("symbols", "glossary")]
    other = next(one for one in LANGUAGES if one != lang)
    with speaking(other):
        name = t("nav.language")
    switch = f"[{name}]({posixpath.relpath(path_of(page, other), posixpath.dirname(path_of(page, lang)))})"
    return " · ".join([*around, *shared, switch])


def _around(units, index, page):
    """From the start page to the next unit: pages of the same form, or a unit's only one."""
    form, unit = page.split("/")[0], units[index]

    def same(other):
        return f"{form}/{other.name}" if form != "notebooks" else other.notebooks[0]

    def to(notebook, other, pattern="{}"):
        return _link(pattern.format(label(other, notebook)), path_of(notebook, language()), page)

    around = [_link(t("nav.start"), path_of(START, language()), page)]
    around += [to(same(other), other, "← {}") for other in units[max(index - 1, 0) : index]]
    around += [to(notebook, unit) for notebook in unit.notebooks if notebook != page]
    return around + [to(same(other), other, "{} →") for other in units[index + 1 : index + 2]]


def _link(text, target, page):
    """A Markdown link to a file from a page in the current language."""
    return f"[{text}]({posixpath.relpath(target, posixpath.dirname(path_of(page, language())))})"


def table(units: list[Unit], lang: str) -> str:
    """The map of the course as a Markdown table: goal, what comes first, minutes, and the links."""
    with speaking(lang):
        heads = [t(f"nav.table_{column}") for column in ("unit", "goal", "needs", "time")]
        rows = [_row(unit, {one.name: one for one in units}) for unit in units]
    lines = [heads, [":--", ":--", ":--:", ":--:"], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _row(unit, units):
    lang = language()
    title = _link(f"**{label(unit, unit.notebooks[0])}**", path_of(unit.notebooks[0], lang), START)
    goal = unit.goal[lang]
    if len(unit.notebooks) > 1:
        goal += f" ({_link(t('nav.the_exercise'), path_of(unit.notebooks[1], lang), START)})"
    needs = _runs([int(units[name].short) for name in unit.needs if name in units])
    minutes = "\u00a0+\u00a0".join(str(minutes) for minutes in unit.minutes if minutes)
    return [title, goal, needs, minutes]


def _runs(numbers):
    """0, 1, 2, 4 → "0–2, 4"; "–" for none."""
    runs = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(texts) or "–"
