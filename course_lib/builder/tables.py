"""Parts of the pages that are tables for both languages, symbols and glossary, in notebooks/."""

from course_lib.messages import LANGUAGES, speaking, t
from course_lib.progress.course import path_of


def page_links(page: str, lang: str) -> str:
    """The links of a page that stands in notebooks/ for both languages: start, the other page, language."""
    other_page = "glossary" if page == "symbols" else "symbols"
    other = next(one for one in LANGUAGES if one != lang)
    start = f"[{t('nav.start')}]({lang}/start.ipynb) · [{t(f'nav.{other_page}')}]({other_page}.{lang}.md)"
    with speaking(other):
        return f"{start} · [{t('nav.language')}]({page}.{other}.md)"


def unit_link(units, number: int, lang: str) -> str:
    """A link to a unit by its number, from notebooks/; the number alone where that unit is not there."""
    for unit in units:
        if unit.short == str(number):
            return f"[{number}]({path_of(unit.notebooks[0], lang).removeprefix('notebooks/')})"
    return str(number)


def row(cells) -> str:
    """A row of a Markdown table."""
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
