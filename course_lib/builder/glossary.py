"""notebooks/src/glossary.toml: one Korean word per concept, what must not stand for it, and its page.

A table per term: `ko`, `en`, and where useful `symbol` (a formula), `banned` (words that the course does not
use for it), `allowed` (longer words in which a banned one may stand) and `stem` (where the English text has
this stem, the Korean one must have the term).
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.builder import tables
from course_lib.builder.text import words_only
from course_lib.messages import LANGUAGES, speaking, t

FILE = "notebooks/src/glossary.toml"


@dataclass(frozen=True)
class Term:
    """One concept in both languages."""

    ko: str
    en: str
    symbol: str = ""
    banned: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    stem: str = ""


def load(root: Path) -> list[Term]:
    """The terms, none where the file is missing. Raises TypeError for a key that no term has."""
    path = root / FILE
    if not path.is_file():
        return []
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["term"]
    return [Term(**{key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}) for row in rows]


def departures(terms: list[Term], ko: str, en: str) -> Iterator[tuple[int, str]]:
    """Where a Korean text departs from the glossary or the house style: (position in it, message).

    ko, en: the two sides of one text; code and formulas in them are passed over.
    """
    ko, en = words_only(ko), words_only(en).lower()
    for term in terms:
        words = re.sub("|".join(map(re.escape, term.allowed)) or "(?!)", lambda m: " " * len(m[0]), ko)
        for variant in term.banned:
            for match in re.finditer(re.escape(variant), words):
                yield match.start(), t("builder.banned", got=variant, remedy=term.ko)
        if term.stem and term.stem in en and term.ko not in ko:
            yield 0, t("builder.stem_missing", stem=term.stem, remedy=term.ko)
        elif term.stem and term.ko in ko and term.stem not in en:
            for other in (other for other in terms if other.stem and other.stem in en):
                message = t("builder.wrong_term", got=term.ko, stem=other.stem, remedy=other.ko)
                yield ko.index(term.ko), message
    yield from _plain_endings(ko)


def _plain_endings(ko):
    """Sentences that end in -다 but neither in -ㅂ니다 nor in -ㅂ시다."""
    for match in re.finditer(r"([가-힣]?)([가-힣])다[.!](?=[\s\"'”’)*]|$)", ko):
        polite = match[1] and match[2] in "니시" and (ord(match[1]) - ord("가")) % 28 == 17  # 17: final ㅂ
        if not polite:
            yield match.start(), t("builder.plain_ending", got=match[0])


def pages(root: Path, units) -> dict[str, str]:
    """The glossary pages, {path below the root: text}; none without a glossary."""
    terms = load(root)
    texts = {unit.short: _text(root, unit) for unit in units}
    where = {term: _first_unit(term, texts) for term in terms}
    return {f"notebooks/glossary.{lang}.md": _page(where, units, lang) for lang in LANGUAGES} if terms else {}


def _text(root, unit):
    """The words of a unit in both languages, "" for the assignment, which has no notebook."""
    path = root / "notebooks" / "src" / f"{unit.name}.md"
    return words_only(path.read_text(encoding="utf-8")).lower() if path.is_file() else ""


def _first_unit(term, texts):
    """The number of the first unit whose text has a term in either language, None where none has it."""
    words = (term.ko.lower(), term.en.partition(" (")[0].lower())
    return next((int(short) for short, text in texts.items() if any(word in text for word in words)), None)


def _page(where, units, lang):
    """where: {term: number of the unit that first has it, or None}, in any order."""
    with speaking(lang):
        first, second = LANGUAGES if lang == "ko" else LANGUAGES[::-1]
        heads = [t(f"builder.glossary_{key}") for key in (first, second, "symbol")]
        heads += [t("builder.unit_head"), t("builder.glossary_banned")]
        lines = [f"# {t('builder.glossary_title')}", "", tables.page_links("glossary", lang), ""]
        lines += [t("builder.glossary_intro"), "", tables.row(heads), tables.row(["---"] * len(heads))]
        for term in sorted(where, key=lambda term: getattr(term, first).lower()):
            unit = "" if where[term] is None else tables.unit_link(units, where[term], lang)
            words = (getattr(term, first), getattr(term, second), term.symbol, unit, ", ".join(term.banned))
            lines.append(tables.row(words))
        return "\n".join([*lines, "", f"<small>{t('builder.generated', file=FILE)}</small>", ""])
