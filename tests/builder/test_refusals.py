"""Every structural rule refuses its source, naming the file and the line."""

import re
from pathlib import Path

import pytest

from course_lib import builder
from course_lib.builder.source import read
from course_lib.messages import catalogue
from tests.builder.small_sources import ANSWER, CHECK, EN, KO, SOLUTION, TITLE, code, pair

QUIZ = ', "quiz": "q"'
RIGHT, WRONG = "- [x] 예 :: 맞습니다.", "- [ ] 아니요 :: 틀렸습니다."


def solution(*lines):
    """A solution cell; its first line of code is line 18 after TITLE and a pair, wherever that stands."""
    return code("\n".join(lines), ":solution: s\n")


BEGIN, GIVEN, END = "### BEGIN SOLUTION", "### GIVEN", "### END SOLUTION"

# message key, folder, source, where the fault is found: a text whose line is meant (its first occurrence)
CASES = [
    ("no_title", "notebooks", "---\ntitle: one language\n---\n" + pair(), "---"),
    ("second_title", "notebooks", TITLE + pair("처음\n\n# 제목"), "# 제목"),
    ("unreadable", "notebooks", TITLE + pair() + "+++ {lang}\n\ntext\n", "+++ {lang}"),
    ("unreadable", "notebooks", TITLE + code("x", ":tags: [\n"), "```{code-cell}"),
    ("block_in_formula", "notebooks", TITLE + pair("$$\na\n+++\nb\n$$"), "+++\nb"),
    ("open_formula", "notebooks", TITLE + pair(en="$$\na"), "$$\na"),
    ("open_fence", "notebooks", TITLE + pair() + "```{code-cell}\nx = 1\n", "```{code-cell}"),
    ("open_fence", "notebooks", TITLE + "```{code-cell}\nx = 1\n" + pair(), "```{code-cell}"),
    ("open_fence", "notebooks", TITLE + "````{code-cell}\nx = 1\n```\n" + code("y"), "````{code-cell}"),
    ("empty_block", "notebooks", TITLE + pair(en="\n"), '+++ {"lang": "en"'),
    ("empty_block", "notebooks", TITLE + pair() + "+++\n" + code("x"), "+++\n```"),
    ("empty_block", "notebooks", TITLE + code(""), "\n```\n"),
    ("raw_cell", "notebooks", TITLE + "```{raw-cell}\nx\n```\n", "```{raw-cell}"),
    ("no_lang", "notebooks", TITLE + pair() + code("x") + "lost words\n", "lost words"),
    ("no_lang", "notebooks", TITLE + "lost words\n\n" + pair(), "lost words"),
    ("no_lang", "notebooks", TITLE + '+++ {"lang": "fr", "of": ""}\n\nmots\n', "mots"),
    ("no_english", "notebooks", TITLE + pair().split('+++ {"lang": "en"')[0], '+++ {"lang": "ko"'),
    (
        "no_english",
        "notebooks",
        TITLE + pair().replace('+++ {"lang": "en"', code("x") + '+++ {"lang": "en"'),
        "+++",
    ),
    ("no_korean", "notebooks", TITLE + '+++ {"lang": "en", "of": ""}\n\nalone\n', '+++ {"lang": "en"'),
    (
        "no_of",
        "notebooks",
        TITLE + f'+++ {{"lang": "ko"}}\n\n{KO}\n\n+++ {{"lang": "en", "of": ""}}\n\n{EN}\n',
        "+++",
    ),
    ("options_differ", "solutions", TITLE + ANSWER[::-1].replace("3", "4", 1)[::-1], '+++ {"lang": "en"'),
    ("unknown_option", "notebooks", TITLE + code("x = 1", ":soltuion: s\n"), "x = 1"),
    ("unknown_option", "notebooks", TITLE + pair(more=', "qiuz": "q"'), "+++"),
    ("unreadable", "notebooks", TITLE + code("x = 1") + code("x = 2", ":tags: hide\n"), ":tags: hide"),
    ("bad_id", "solutions", TITLE + CHECK.replace("check: double", "check: to double"), "assert"),
    ("duplicate_id", "solutions", TITLE + CHECK + CHECK.replace("3) == 6", "4) == 8"), "assert double(4)"),
    ("duplicate_id", "solutions", TITLE + CHECK + ANSWER.replace('"why"', '"double"'), "+++"),
    ("only_in_solutions", "notebooks", TITLE + SOLUTION, "def double"),
    ("only_in_solutions", "notebooks", TITLE + CHECK, "assert"),
    ("only_in_solutions", "notebooks", TITLE + ANSWER, "+++"),
    ("two_roles", "solutions", TITLE + SOLUTION.replace(":sol", ":check: a\n:points: 1\n:sol"), "def double"),
    ("no_points", "solutions", TITLE + CHECK.replace(":points: 2\n", ""), "assert"),
    ("no_points", "solutions", TITLE + CHECK.replace("points: 2", "points: 0"), "assert"),
    ("no_points", "solutions", TITLE + CHECK.replace("points: 2", "points: true"), "assert"),
    ("no_points", "solutions", TITLE + ANSWER.replace(', "points": 3', ""), "+++"),
    ("points_alone", "solutions", TITLE + SOLUTION.replace(":sol", ":points: 1\n:sol"), "def double"),
    ("region_outside", "solutions", TITLE + code(f"x\n{BEGIN}\ny\n{END}"), BEGIN),
    ("region_outside", "notebooks", TITLE + pair(ko=f"글\n\n{BEGIN}"), BEGIN),
    ("region_outside", "notebooks", TITLE + code("x\n# begin solution"), "# begin solution"),
    ("region_missing", "solutions", TITLE + solution("x = 1"), "x = 1"),
    ("region_misspelt", "solutions", TITLE + solution(BEGIN, "x = 1", "### End solution", END), "### End"),
    ("region_misspelt", "solutions", TITLE + solution("x = 1  # END SOLUTION", BEGIN, "y", END), "x = 1"),
    ("region_nested", "solutions", TITLE + solution("x", BEGIN, "y = 1", BEGIN, "z", END), BEGIN + "\nz"),
    ("region_no_begin", "solutions", TITLE + solution(BEGIN, "x", END, "y", END), END + "\n```"),
    ("region_no_end", "solutions", TITLE + solution("x", BEGIN, "y"), BEGIN),
    ("region_empty", "solutions", TITLE + solution("x", BEGIN, "", END), BEGIN),
    ("region_empty", "solutions", TITLE + solution(BEGIN, "x", GIVEN, END), BEGIN),
    ("region_given", "solutions", TITLE + solution(BEGIN, "x", END, GIVEN, BEGIN, "y", END), GIVEN),
    ("region_given", "solutions", TITLE + solution(BEGIN, "x", GIVEN, "y", GIVEN, "z", END), GIVEN + "\nz"),
    (
        "quiz_no_question",
        "notebooks",
        TITLE + pair(f"{RIGHT}\n{WRONG}", f"ask\n{RIGHT}\n{WRONG}", QUIZ),
        RIGHT,
    ),
    ("quiz_few_options", "notebooks", TITLE + pair(f"물음\n{RIGHT}", f"ask\n{RIGHT}\n{WRONG}", QUIZ), "물음"),
    (
        "quiz_none_right",
        "notebooks",
        TITLE + pair(f"물음\n{WRONG}\n{WRONG}", f"ask\n{RIGHT}\n{WRONG}", QUIZ),
        "물음",
    ),
    (
        "quiz_no_feedback",
        "notebooks",
        TITLE + pair(f"물음\n{RIGHT}\n- [ ] 글", f"ask\n{RIGHT}\n{WRONG}", QUIZ),
        "- [ ] 글",
    ),
    (
        "quiz_sides_differ",
        "notebooks",
        TITLE + pair(f"물음\n{RIGHT}\n{WRONG}", f"ask\n{WRONG}\n{RIGHT}", QUIZ),
        '+++ {"lang": "en"',
    ),
]


@pytest.mark.parametrize(
    ("key", "folder", "text", "spot"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)]
)
def test_a_rule_refuses_and_names_the_line(course, key, folder, text, spot):
    root = course("u01", text, folder)
    source = read(root, root / folder / "src" / "u01.md")
    line = 1 + text[: text.index(spot)].count("\n")
    found = [(p.file, p.line) for p in source.problems if _says(key, p.message)]
    assert found and set(found) == {(f"{folder}/src/u01.md", line)}
    assert builder.build(root, execute=False).written == []
    assert [p for p in builder.check(root) if _says(key, p.message)]


def test_every_structural_rule_has_a_case():
    folder = Path(builder.__file__).parent
    used = set()
    for module in ("source", "guards", "rules", "regions", "quiz"):
        used |= set(re.findall(r't\("builder\.(\w+)"', (folder / f"{module}.py").read_text(encoding="utf-8")))
    assert used == {case[0] for case in CASES}


@pytest.mark.parametrize(
    "text",
    [
        pair("$$x$$ 그리고 $$\na\n$$", "$$x$$ and $$\na\n$$"),
        pair("`$$`는 수식을 엽니다.", "`$$` opens a formula."),
        pair("```diff\n+++ b/file\n```", "```diff\n+++ b/file\n```"),
        pair("```python\n# 주석\n```", "```python\n# comment\n```"),
        code("---\ntags: [keep]\n---\nx = 1"),
        pair() + code("x = 1") + pair(),
    ],
)
def test_what_is_in_order_is_not_refused(course, text):
    root = course("u01", TITLE + text)
    assert read(root, root / "notebooks/src/u01.md").problems == []


def _says(key, message):
    """Whether a message is that of the key, whatever its placeholders hold."""
    plain = catalogue()[f"builder.{key}"]["en"].replace("{{", "\0").replace("}}", "\1")
    pattern = ".+".join(map(re.escape, re.split(r"\{[^}]*\}", plain)))
    return re.fullmatch(pattern.replace("\0", r"\{").replace("\1", r"\}"), message, re.DOTALL)
