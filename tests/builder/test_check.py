"""`check` finds what must not be committed: stale pairs and files, leaks, and wrong words."""

import nbformat
import pytest

from course_lib.builder import Problem, build, check
from course_lib.builder.glossary import FILE, departures, load
from course_lib.builder.notebooks import code_cells
from course_lib.builder.text import fingerprint
from course_lib.messages import t
from course_lib.paths import repo_root
from tests.builder.small_sources import EN, EXERCISE, KO, TITLE, code, pair

GLOSSARY = """
[[term]]
ko = "손실"
en = "loss"
symbol = "$L$"
banned = ["로스"]
allowed = ["크로스"]

[[term]]
ko = "규제"
en = "regularization"
stem = "regulari"

[[term]]
ko = "정규화"
en = "normalization"
stem = "normali"
"""
UNIT = TITLE + pair() + code("x = 1")


@pytest.fixture
def committed(course):
    """A course with one unit, one exercise and a glossary, built and clean (as if its cells had run)."""
    root = course("u01", UNIT)
    course("u02", EXERCISE, "solutions")
    (root / FILE).write_text(GLOSSARY, encoding="utf-8")
    build(root, execute=False)
    for path in [*root.glob("notebooks/*/*.ipynb"), *root.glob("solutions/*/*.ipynb")]:
        _edit(path, lambda cell, number: cell.update(execution_count=number))
    assert check(root) == []
    return root


def _edit(path, change):
    """Apply change(cell, number from 1) to the code cells of a stored notebook."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(code_cells(notebook), start=1):
        change(cell, number)
    path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")


def test_an_edit_of_one_side_is_found_until_it_is_confirmed(committed):
    source = committed / "notebooks/src/u01.md"
    source.write_text(UNIT.replace(EN, "A large rate diverges."), encoding="utf-8")
    build(committed, execute=False)
    # Nothing but the confirmation helps, and the problem stands at the side that was not touched
    (problem,) = check(committed)
    assert problem == Problem("notebooks/src/u01.md", 5, t("builder.changed_en"))
    before = source.read_bytes()
    report = build(committed, confirm=True, execute=False)
    assert report.confirmed == ["notebooks/src/u01.md:5"]
    assert check(committed) == []
    old, new = before.splitlines(), source.read_bytes().splitlines()
    assert [i for i, (a, b) in enumerate(zip(old, new, strict=True), 1) if a != b] == [5]
    assert build(committed, confirm=True, execute=False).confirmed == []


def test_confirming_touches_the_fingerprints_alone(course):
    ko = '+++ {"lang":"ko", "of" : "%s"}\n\n글  \n\n'
    en = '+++ {"of": "%s", "lang": "en"}\r\n\r\ntext\n\n\n'
    root = course("u01", "")
    source = root / "notebooks/src/u01.md"
    source.write_bytes((TITLE + ko % "" + en % "").encode())
    assert t("builder.never_confirmed") in {p.message for p in check(root)}
    build(root, confirm=True, execute=False)
    expected = TITLE + ko % fingerprint("text") + en % fingerprint("글")
    assert source.read_bytes().decode() == expected
    assert t("builder.never_confirmed") not in {p.message for p in check(root)}


def test_nothing_is_confirmed_in_a_source_that_is_refused(course):
    text = TITLE + pair().replace(KO, "새 글입니다.") + "+++\n"
    root = course("u01", text)
    assert build(root, confirm=True).confirmed == []
    assert (root / "notebooks/src/u01.md").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("ko", "en", "key"),
    [
        ("로스를 줄입니다.", "Reduce the loss.", "banned"),
        ("크로스 엔트로피입니다.", "It is cross entropy.", None),
        ("`로스`라고 쓰지 않습니다.", "Not so.", None),
        ("정규화로 과적합을 막습니다.", "Regularization prevents overfitting.", "stem_missing"),
        ("정규화로 과적합을 막습니다.", "Regularization prevents overfitting.", "wrong_term"),
        ("규제로 과적합을 막습니다.", "Regularization prevents overfitting.", None),
        ("규제와 정규화는 다릅니다.", "Regularization is not normalization.", None),
        ("표준으로 맞춥니다.", "We normalize the input.", "stem_missing"),
        ("배치 정규화를 씁니다.", "We use batch norm.", None),
        ("기울기는 커진다.", "It grows.", "plain_ending"),
        ("답은 이것이다!", "This is it.", "plain_ending"),
        ("답이 아니다.", "This is not it.", "plain_ending"),
        ("맞다.", "Right.", "plain_ending"),
        ("합니다. 갑니다. 씁니다! 답입니다. 봅시다.", "Yes.", None),
        ("다음을 보세요. 그렇습니까?", "See.", None),
        ("`x = 1이다.` 라고 쓰세요.\n\n```\n한다.\n```", "Write.", None),
    ],
)
def test_wrong_words_in_prose(committed, ko, en, key):
    source = committed / "notebooks/src/u01.md"
    source.write_text(TITLE + pair() + code("x = 1") + pair(f"한 줄입니다.\n\n{ko}", en), encoding="utf-8")
    line = 1 + source.read_text(encoding="utf-8").split(ko)[0].count("\n")
    spoken = {p for p in check(committed) if p.file == "notebooks/src/u01.md"}
    if key is None:
        assert spoken == set()
    else:
        lines = {p.line for p in spoken if _SAYS[key] in p.message}
        assert lines == {line - 2 if key == "stem_missing" else line}


_SAYS = {
    "banned": "로스 is not this course's word; write 손실",
    "stem_missing": ", so the Korean one needs ",
    "wrong_term": "regulari… but the Korean one 정규화; write 규제",
    "plain_ending": "ends in the plain form",
}


def test_wrong_words_in_a_quiz_and_in_the_messages(committed):
    quiz = pair(
        "무엇입니까?\n- [x] 로스 :: 맞다.\n- [ ] 답 :: 틀립니다.",
        "What?\n- [x] a :: b\n- [ ] c :: d",
        ', "quiz": "q"',
    )
    (committed / "notebooks/src/u01.md").write_text(TITLE + quiz, encoding="utf-8")
    folder = committed / "course_lib/messages"
    folder.mkdir(parents=True)
    messages = '["a"]\nko = "좋습니다."\nen = "Good."\n\n["b"]\nko = "로스"\nen = "loss"\n'
    (folder / "x.toml").write_text(messages, encoding="utf-8")
    problems = {(p.file, p.line) for p in check(committed)}
    assert {("course_lib/messages/x.toml", 5), ("notebooks/src/u01.md", 8)} <= problems
    assert len([p for p in check(committed) if p.line == 8]) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 1\n\n# 설명\ny = 2", 2),
        ("x = 1  # why", 0),
        ("x = 1  # noqa: F841", None),
        ('x = "# no comment"', None),
        ("x = (", 0),
    ],
)
def test_comments_do_not_belong_into_shared_code(committed, text, found):
    (committed / "notebooks/src/u01.md").write_text(TITLE + code(text, ":tags: [keep]\n"), encoding="utf-8")
    lines = [p.line for p in check(committed) if p.file == "notebooks/src/u01.md"]
    assert lines == ([] if found is None else [7 + found])


@pytest.mark.parametrize(
    "path", ["notebooks/ko/u01.ipynb", "exercises/en/u02.ipynb", "notebooks/glossary.ko.md"]
)
def test_a_missing_or_edited_file_is_found(committed, path):
    file = committed / path
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert [p.file for p in check(committed)] == [path]
    file.unlink()
    assert [p.file for p in check(committed)] == [path]
    build(committed, execute=False)
    assert path not in [p.file for p in check(committed) if p.message != t("builder.not_executed")]


def test_a_broken_notebook_counts_as_missing_and_outputs_count_not_at_all(committed):
    file = committed / "notebooks/ko/u01.ipynb"
    _edit(file, lambda cell, number: cell.update(execution_count=number + 7))
    assert check(committed) == []
    file.write_text("{", encoding="utf-8")
    assert [p.message for p in check(committed)] == [t("builder.missing", source="notebooks/src/u01.md")]


def test_an_exercise_with_outputs_is_stale(committed):
    _edit(committed / "exercises/ko/u02.ipynb", lambda cell, number: cell.update(execution_count=number))
    assert [p.message for p in check(committed)] == [t("builder.stale", source="solutions/src/u02.md")]


def test_a_solution_left_in_an_exercise_is_found(committed):
    def solve(cell, number):
        cell.source = cell.source.replace('raise NotImplementedError("double")', "result = 2 * (y - 1)")

    _edit(committed / "exercises/en/u02.ipynb", solve)
    messages = {p.message for p in check(committed) if p.file == "exercises/en/u02.ipynb"}
    assert t("builder.leak", got="result = 2 * (y - 1)") in messages


def test_a_line_that_the_source_itself_shows_is_no_leak(course):
    shown = code("result = 2 * (y - 1)")
    root = course("u02", EXERCISE + shown, "solutions")
    build(root, execute=False)
    assert not [p for p in check(root) if p.file.startswith("exercises")]


def test_code_that_differs_between_the_languages_is_found(committed):
    def change(cell, number):
        cell.source = cell.source.replace("x = 1", "x = 2")

    _edit(committed / "notebooks/en/u01.ipynb", change)
    assert t("builder.code_differs") in {p.message for p in check(committed)}


def test_a_notebook_without_a_source_is_found(committed):
    (committed / "solutions/src/u02.md").unlink()
    forms = [f"{form}/{lang}" for form in ("exercises", "solutions") for lang in ("en", "ko")]
    assert [p.file for p in check(committed)] == [f"{form}/u02.ipynb" for form in forms]
    assert {p.message for p in check(committed)} == {t("builder.stray")}


def test_the_glossary_pages_list_every_term_in_their_order(committed):
    ko = (committed / "notebooks/glossary.ko.md").read_text(encoding="utf-8")
    en = (committed / "notebooks/glossary.en.md").read_text(encoding="utf-8")
    assert "| 우리말 | 영어 | 기호 | 단원 | 쓰지 않는 말 |" in ko
    assert "| English | Korean | Symbol | Unit | Not used here |" in en
    assert "| 손실 | loss | $L$ | | 로스 |" in ko
    assert en.index("| loss |") < en.index("| normalization |") < en.index("| regularization |")


def test_the_courses_own_glossary_is_consistent():
    terms = load(repo_root())
    assert len({term.ko for term in terms}) == len({term.en for term in terms}) == len(terms)
    for term in terms:
        assert list(departures(terms, term.ko, term.en)) == [], term.ko
