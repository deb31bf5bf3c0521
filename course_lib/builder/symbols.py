"""notebooks/src/symbols.toml: what each symbol means and where, the page of it, and whether it is complete.

A table per meaning: `tex` as the formulas write it, `ko`, `en`, `units` (numbers; the first one introduces
it), and `twice = true` where a unit uses one symbol in two meanings and says how to tell them apart.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.builder import tables
from course_lib.builder.problems import Problem
from course_lib.builder.source import Source
from course_lib.builder.text import line_of, without_code
from course_lib.messages import LANGUAGES, speaking, t

FILE = "notebooks/src/symbols.toml"
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
_WORDS = re.compile(r"\\(?:text|mathrm|operatorname|begin|end)\*?\{[^{}]*\}")
_ACCENT = r"\\(?:hat|bar|tilde|mathbb|mathcal|overline)"
_ATOM = re.compile(rf"{_ACCENT}\{{?(?:\\[A-Za-z]+|[A-Za-z])\}}?|\\[A-Za-z]+|[A-Za-z]")
_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi "
    "varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega nabla odot partial"
)
_SYMBOLS = {"\\" + name for name in _GREEK.split()}


@dataclass(frozen=True)
class Symbol:
    """One meaning of a symbol."""

    tex: str
    ko: str
    en: str
    units: tuple[int, ...]
    twice: bool = False


def load(root: Path) -> list[Symbol]:
    """The table, empty where the file is missing. Raises TypeError for a key that no symbol has."""
    path = root / FILE
    if not path.is_file():
        return []
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["symbol"]
    return [Symbol(**{key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}) for row in rows]


def atoms(formula: str) -> set[str]:
    """The letters of a formula, with their accents: \\eta, \\hat m, x. Words and operators are none."""
    found = {atom.replace("{", "").replace("}", "") for atom in _ATOM.findall(_tight(formula))}
    return {atom for atom in found if atom in _SYMBOLS or len(atom) == 1 or re.match(_ACCENT, atom)}


def _tight(formula):
    """A formula without words; accents are pulled to what they stand on."""
    return re.sub(rf"({_ACCENT})\s+", r"\1", _WORDS.sub(" ", formula))


def formulas(text: str) -> Iterator[tuple[int, str]]:
    """Every formula of a text with its position; code is passed over."""
    for match in _FORMULA.finditer(without_code(text)):
        yield match.start(), match[1] or match[2]


def faults(symbols: list[Symbol], sources: list[Source]) -> Iterator[Problem]:
    """Letters of a unit's formulas that the table lacks, meanings that it does not use, and doubled ones."""
    for source in sources if symbols else ():
        if re.fullmatch(r"notebooks/src/u\d\d_\w+\.md", source.file):
            number = int(source.name[1:3])
            listed = [symbol for symbol in symbols if number in symbol.units]
            yield from _unlisted(source, listed, number)
            yield from _idle(source, listed, number)


def _unlisted(source, listed, number):
    """Letters without a meaning in this unit, each where it first stands."""
    known = set().union(*(atoms(symbol.tex) for symbol in listed))
    for line, formula in _lines(source):
        for atom in sorted(atoms(formula) - known):
            known.add(atom)
            yield Problem(source.file, line, t("builder.symbol_unknown", got=atom, unit=number))


def _idle(source, listed, number):
    """Meanings of symbols that this unit does not use, or that it cannot tell from another one."""
    found = [formula for _, formula in _lines(source)]
    letters, text = set().union(*map(atoms, found)), " ".join(map(_plain, found))
    for symbol in listed:
        letter = re.sub(r"[\s{}]", "", symbol.tex)
        if not (letter in letters if {letter} == atoms(symbol.tex) else _plain(symbol.tex) in text):
            yield Problem(FILE, 1, t("builder.symbol_unused", got=symbol.tex, unit=number))
    for tex, count in Counter(symbol.tex for symbol in listed if not symbol.twice).items():
        if count > 1 or any(symbol.twice and symbol.tex == tex for symbol in listed):
            yield Problem(FILE, 1, t("builder.symbol_twice", got=tex, unit=number))


def _lines(source):
    """Every formula of a source, in both languages, with its line."""
    for block in source.pairs:
        for lang in LANGUAGES:
            for position, formula in formulas(block.text[lang]):
                yield line_of(block.text[lang], position, block.line[lang]), formula


def _plain(formula):
    """A formula without what changes its look alone."""
    return re.sub(r"\\[,;:! ]|[\s{}]", "", formula)


def pages(root: Path, units) -> dict[str, str]:
    """The pages of symbols, {path below the root: text}; none without a table."""
    symbols = load(root)
    languages = LANGUAGES if symbols else ()
    return {f"notebooks/symbols.{lang}.md": _page(symbols, units, lang) for lang in languages}


def _page(symbols, units, lang):
    with speaking(lang):
        first, second = LANGUAGES if lang == "ko" else LANGUAGES[::-1]
        columns = ("symbol_head", f"glossary_{first}", f"glossary_{second}", "unit_head")
        heads = [t(f"builder.{column}") for column in columns]
        lines = [f"# {t('builder.symbols_title')}", "", tables.page_links("symbols", lang), ""]
        lines += [t("builder.symbols_intro"), "", tables.row(heads), tables.row(["---"] * len(heads))]
        for symbol in sorted(symbols, key=lambda symbol: symbol.units[0]):
            where = ", ".join(tables.unit_link(units, number, lang) for number in symbol.units)
            meanings = (getattr(symbol, first), getattr(symbol, second))
            lines.append(tables.row([f"${symbol.tex}$", *meanings, where]))
        return "\n".join([*lines, "", f"<small>{t('builder.generated', file=FILE)}</small>", ""])
