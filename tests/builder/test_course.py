"""The course as a whole: front matter, links between the pages, the table of units, symbols, glossary."""

import posixpath
import re

import nbformat
import pytest

from course_lib.builder import build, check, outline, symbols
from course_lib.builder.glossary import FILE as GLOSSARY
from course_lib.builder.navigation import TABLE
from course_lib.builder.source import Code, paths, read
from course_lib.messages import LANGUAGES, language, speaking, t
from course_lib.paths import repo_root
from course_lib.progress.course import path_of, units
from tests.builder.small_sources import CHECK, SOLUTION, code, pair

ROOT = repo_root()
SOURCES = [read(ROOT, path) for path in paths(ROOT)]
UNITS = [source for source in SOURCES if re.match(r"notebooks/src/u\d\d_", source.file)]
HEAD = '---\ntitle: {{ko: "{0}. 글", en: "{0}. Text"}}\n{1}---\n\n'
FRONT = "needs: [{0}]\nminutes: 30\ngoal: {{ko: 하기, en: do it}}\n"
FORMULA = pair("기울기 $g$와 $\\eta$입니다.", "The gradient $g$ and $\\eta$.")
SYMBOLS = '[[symbol]]\ntex = "g"\nko = "기울기"\nen = "gradient"\nunits = [0]\n\n' + (
    '[[symbol]]\ntex = \'\\eta\'\nko = "학습률"\nen = "learning rate"\nunits = [0, 1]\n'
)


@pytest.fixture
def small(course):
    """A course of two units with exercises, a start page and symbols."""
    for number, needs in enumerate(("", "u00_a")):
        name = f"u0{number}_{'ab'[number]}"
        text = HEAD.format(number, FRONT.format(needs)) + FORMULA + code(f"x = {number}")
        root = course(name, text)
        course(name, HEAD.format(number, "minutes: 20\n") + pair() + SOLUTION + CHECK, "solutions")
    course("start", HEAD.format("S", "") + pair(f"지도\n\n{TABLE}", f"Map\n\n{TABLE}"))
    (root / symbols.FILE).write_text(SYMBOLS.replace("[0]", "[0, 1]"), encoding="utf-8")
    (root / GLOSSARY).write_text('[[term]]\nko = "학습률"\nen = "gradient"\n', encoding="utf-8")
    build(root, execute=False)
    return root


def problems(root):
    """What a check says, in the test's language, about anything but cells that have not run."""
    return {problem.message for problem in check(root)} - {t("builder.not_executed")}


def test_a_sound_course_passes(small):
    assert problems(small) == set()


def links_of(root, page):
    """{text: target below the root} of the links in the first and the last cell of a notebook."""
    cells = nbformat.read(root / page, as_version=4).cells
    found = [re.findall(r"\[([^]]+)\]\(([^)]+)\)", cell.source) for cell in (cells[0], cells[-1])]
    assert found[0] == found[1], "the same links stand at the top and at the bottom"
    return {text: posixpath.normpath(f"{posixpath.dirname(page)}/{target}") for text, target in found[0]}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_units_and_exercises_lead_to_each_other_in_their_language(small, lang):
    with speaking(lang):
        first = links_of(small, f"notebooks/{lang}/u00_a.ipynb")
        exercise = links_of(small, f"exercises/{lang}/u01_b.ipynb")
        other = {"ko": "en", "en": "ko"}[lang]
        text = {"ko": "글", "en": "Text"}[lang]
        assert first.pop(t("nav.start")) == f"notebooks/{lang}/start.ipynb"
        assert first.pop(t("nav.exercise", number=0)) == f"exercises/{lang}/u00_a.ipynb"
        assert first.pop(f"1. {text} →") == f"notebooks/{lang}/u01_b.ipynb"
        assert first.pop(t("nav.symbols")) == f"notebooks/symbols.{lang}.md"
        assert first.pop(t("nav.glossary")) == f"notebooks/glossary.{lang}.md"
        assert list(first.values()) == [f"notebooks/{other}/u00_a.ipynb"]
        assert exercise[f"← {t('nav.exercise', number=0)}"] == f"exercises/{lang}/u00_a.ipynb"
        assert exercise[f"1. {text}"] == f"notebooks/{lang}/u01_b.ipynb"


def test_a_solution_notes_no_progress_and_everything_else_does(small):
    def first(form, name):
        return nbformat.read(small / f"{form}/en/{name}.ipynb", as_version=4).cells[2].source

    assert "visit" not in first("solutions", "u00_a")
    assert first("exercises", "u00_a").endswith('\nvisit("exercises/u00_a")')
    assert first("notebooks", "start").endswith('\nvisit("notebooks/start")')


def test_the_last_cell_of_an_exercise_is_locked(small):
    cell = nbformat.read(small / "exercises/en/u01_b.ipynb", as_version=4).cells[-1]
    assert cell.metadata.nbgrader.locked and not cell.metadata.nbgrader.grade


def test_the_table_of_units_stands_where_the_source_says(small):
    table = nbformat.read(small / "notebooks/en/start.ipynb", as_version=4).cells[3].source
    assert TABLE not in table
    assert "| [**1. Text**](u01_b.ipynb) | do it ([exercise](../../exercises/en/u01_b.ipynb)) | 0 |" in table


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("needs: [u00_a]\n", "", "front_needs"),
        ("minutes: 30\n", "", "front_minutes"),
        ("minutes: 30\n", "minutes: soon\n", "front_minutes"),
        ("en: do it", "fr: faire", "front_goal"),
        ("needs: [u00_a]", "needs: [u01_b]", "needs_later"),
        ("needs: [u00_a]", "needs: [u09_x]", "needs_later"),
    ],
)
def test_front_matter_that_is_not_sound_is_refused(small, old, new, key):
    source = small / "notebooks/src/u01_b.md"
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    got = re.search(r"\[(u\w+)\]", new)
    wanted = t(f"builder.{key}", got=got and got[1], known="u00_a")
    assert wanted in problems(small)


def test_a_unit_without_an_exercise_is_refused(small):
    (small / "solutions/src/u01_b.md").unlink()
    assert t("builder.front_exercise") in problems(small)


def test_symbols_are_listed_used_and_told_apart(small):
    table = small / symbols.FILE
    table.write_text(SYMBOLS, encoding="utf-8")  # g is not listed for unit 1
    assert t("builder.symbol_unknown", got="g", unit=1) in problems(small)
    table.write_text(SYMBOLS.replace("[0]", "[0, 1]").replace("\\eta", "\\mu"), encoding="utf-8")
    assert t("builder.symbol_unused", got="\\mu", unit=0) in problems(small)
    more = '\n[[symbol]]\ntex = "g"\nko = "이득"\nen = "gain"\nunits = [1]\n'
    table.write_text(SYMBOLS.replace("[0]", "[0, 1]") + more, encoding="utf-8")
    assert t("builder.symbol_twice", got="g", unit=1) in problems(small)
    both = (SYMBOLS.replace("[0]", "[0, 1]\ntwice = true") + more + "twice = true\n").replace('"g"', "'g'")
    table.write_text(both, encoding="utf-8")
    build(small, execute=False)
    assert problems(small) == set()


@pytest.mark.parametrize(
    ("formula", "letters"),
    [
        (r"\hat m / (\sqrt{\hat{v}} + \varepsilon)", {r"\hatm", r"\hatv", r"\varepsilon"}),
        (r"\text{MSE} = \tfrac1n \sum_i |y_i|", {"n", "i", "y"}),
        (r"\max(0, x) \quad\Longrightarrow\quad \mathrm{Beta}(\alpha)", {"x", r"\alpha"}),
    ],
)
def test_the_letters_of_a_formula(formula, letters):
    assert symbols.atoms(formula) == letters


def test_formulas_in_code_are_passed_over():
    assert list(symbols.formulas("`$a$` and $b$\n\n```\n$c$\n```\n\n$$d$$")) == [(10, "b"), (28, "d")]


def test_the_pages_for_both_languages_hold_both_and_link_to_the_units(small):
    for page, row in (("symbols", "| $g$ |"), ("glossary", "|")):
        ko, en = ((small / f"notebooks/{page}.{lang}.md").read_text(encoding="utf-8") for lang in LANGUAGES)
        assert "학습률" in ko and "학습률" in en and "gradient" in ko and "gradient" in en
        assert "[0](ko/u00_a.ipynb)" in ko and "[0](en/u00_a.ipynb)" in en
        assert row in ko and f"({page}.en.md)" in ko and f"({page}.ko.md)" in en


# The course itself


def test_what_a_check_records_is_what_the_start_page_counts():
    exercises = [source for source in SOURCES if source.folder == "solutions"]
    cells = [
        block for s in exercises for block in s.blocks if isinstance(block, Code) and "check" in block.options
    ]
    assert len(cells) > 60
    for cell in cells:
        name = cell.options["check"]
        said = {
            f'check("{name}"',
            f"check_{name}(",
            f'check_strategy(found, "{name.removeprefix("strategy_")}"',
        }
        assert any(one in cell.text for one in said), name


@pytest.mark.parametrize("source", UNITS, ids=lambda source: source.name)
def test_the_prose_says_the_same_minutes_and_needs_as_the_front_matter(source):
    (unit,) = [unit for unit in outline.units(SOURCES) if unit.name == source.name]
    head = source.pairs[0].text
    assert f"노트북 {unit.minutes[0]}분" in head["ko"] and f"{unit.minutes[0]} minutes" in head["en"]
    assert f") {unit.minutes[1]}분" in head["ko"] and f"{unit.minutes[1]} for the" in head["en"]
    linked = {int(number) for number in re.findall(r"\]\(u(\d\d)_\w+\.ipynb\)", head["ko"])}
    assert linked <= {int(name[1:3]) for name in unit.needs}


def test_the_library_knows_the_units_that_the_sources_have():
    assert list(units()) == outline.units(SOURCES)
    assert [unit.short for unit in units()][-1] == "" and language() == "en"


def test_no_page_of_the_course_leads_astray():
    found = 0
    for lang in LANGUAGES:
        for unit in units():
            for notebook in (*unit.notebooks, f"solutions/{unit.name}"):
                page = path_of(notebook, lang)
                for target in links_of(ROOT, page).values():
                    found += 1
                    assert (ROOT / target).is_file(), f"{page}: {target}"
    assert found > 200
