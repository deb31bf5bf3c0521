"""Tables of marks: for a person, and for Canvas and Moodle."""

import csv
import io
import json
import stat
import unicodedata

import pytest

from course_lib.classroom import exports, roster
from course_lib.classroom.exports import Terms, by_hand, total, write_canvas, write_moodle, write_tables
from course_lib.classroom.roster import NoTable, person
from course_lib.messages import speaking, t
from tests.classroom.class_rows import row, task, written

NAME = "u01_optimization"
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,{title},Other (99),Current Score
    Points Possible,,,,,{most},10,(read only)
"Kim, Minji",101,S1,minji,A,,7,90
"Lee, Ann",102,S2,ann@univ.kr,A,1,8,80
홍길동,103,20231234,hong,B,,9,70
"=cmd()",104,S4,park,B,,9,70
"Student, Test",105,,,A,,,
"""
MOODLE = {
    "en": "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments",
    "ko": "식별자,전체 이름,이메일 주소,상태,성적,최대 성적,Grade can be changed,"
    "마지막 수정됨(제출),마지막 수정됨(성적),피드백 코멘트",
}


def graded(student="kim", points=2, comment="", text="because", **more):
    """A row of 4 automatic points, of which 2 are earned, and 3 by hand."""
    tasks = [task("adam"), task("cosine", right=False, picture="")]
    return row(student, tasks, written=[written(text, points, comment)], **more)


def canvas(tmp_path, title=f"{NAME} (7)", most="7", form=lambda text: text.encode()):
    path = tmp_path / "roster.csv"
    path.write_bytes(form(CANVAS.format(title=title, most=most)))
    return path


def worksheet(tmp_path, *lines, lang="en", mark="", end="\n"):
    path = tmp_path / "worksheet.csv"
    path.write_bytes((mark + end.join([MOODLE[lang], *lines, ""])).encode())
    return path


def table(path, delimiter=","):
    """The lines of a file as dicts."""
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_a_mark_is_final_when_no_answer_waits():
    assert total(graded()) == 4 and by_hand(graded(points=0)) == 0
    assert total(graded(points=None)) is None and by_hand(graded(points=None)) is None
    assert total(graded(points=None, text=" \n")) == 2  # nothing was written, and nobody need look
    waiting = graded()
    waiting["tasks"][0]["waits"] = True
    assert total(waiting) is None


def test_a_line_a_student_and_assignment(tmp_path):
    other = row("kim", [task("layer_norm")], assignment="u04_normalization")
    rows = [graded(), graded("lee", None), other]
    places = write_tables(rows, tmp_path / "new")
    assert [path.name for path in places] == ["grades.json", "grades.csv"]
    kim, lee, fourth = table(tmp_path / "new/grades.csv")
    assert (kim["student"], kim["points"], kim["most"], kim["written"], kim["by_hand"], kim["total"]) == (
        *("kim", "2", "4", "2", "3", "4"),
    )
    assert (kim["adam"], kim["cosine"], kim["why_momentum"], kim["layer_norm"]) == ("2", "0", "2", "")
    assert (lee["written"], lee["total"], lee["why_momentum"]) == ("", "", "")
    assert (fourth["assignment"], fourth["total"], fourth["adam"]) == ("u04_normalization", "2", "")
    (kept, *_) = json.loads((tmp_path / "new/grades.json").read_text(encoding="utf-8"))
    assert kept["written"][0]["points"] == 2 and "cells" not in kept and "diagnosis" not in kept["tasks"][0]


FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "＋1"]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_is_a_formula(tmp_path, name, monkeypatch):
    write_tables([graded(name, problem=name)], tmp_path)
    (line,) = table(tmp_path / "grades.csv")
    assert line["student"] == line["problem"] == f"'{name}"
    monkeypatch.setattr(exports, "harmless", lambda value: value)
    write_tables([graded(name)], tmp_path)
    assert table(tmp_path / "grades.csv")[0]["student"] == name


def test_a_file_is_written_whole_or_stays(tmp_path, monkeypatch):
    place = exports.write_whole(tmp_path / "a.txt", "one\n")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600  # marks are nobody else's business

    def full(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(exports.os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        exports.write_whole(place, "two\n")
    assert place.read_text() == "one\n" and list(tmp_path.iterdir()) == [place]


def test_canvas_gets_its_own_students_and_the_assignments_column(tmp_path):
    rows = [graded("Kim Minji"), graded("ann", 1.5), graded("홍길동_20231234", 3), graded("nobody")]
    filled = write_canvas(rows, tmp_path / "canvas.csv", canvas(tmp_path))
    lines = table(tmp_path / "canvas.csv")
    assert list(lines[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{NAME} (7)"]
    assert [line[f"{NAME} (7)"] for line in lines] == ["7", "4", "3.5", "5", "", ""]
    assert lines[4]["Student"] == "'=cmd()" and lines[0]["Student"] == "    Points Possible"
    assert (filled.count, filled.left) == (3, [("nobody", t("exports.nobody"))])
    assert filled.without == ["=cmd()", "Student, Test"]
    assert len(filled.lines()) == 3


@pytest.mark.parametrize(
    "student", ["MINJI", "101", "S1", "kimminji_101_5567_u01.ipynb", "minjikim", "kim-minji_9"]
)
def test_a_student_is_found_by_number_login_or_name(tmp_path, student):
    write_canvas([graded(student)], tmp_path / "canvas.csv", canvas(tmp_path))
    assert table(tmp_path / "canvas.csv")[1][f"{NAME} (7)"] == "4"


def test_decomposed_letters_are_the_same_name(tmp_path):
    student = unicodedata.normalize("NFD", "홍길동")
    write_canvas([graded(student)], tmp_path / "canvas.csv", canvas(tmp_path))
    assert table(tmp_path / "canvas.csv")[3][f"{NAME} (7)"] == "4"


def test_nobody_is_guessed(tmp_path):
    path = canvas(tmp_path, form=lambda text: text.replace("홍길동", '"Kim, Minji"').encode())
    rows = [graded("Kim Minji"), graded("lee ann"), graded("ann")]
    filled = write_canvas(rows, tmp_path / "canvas.csv", path)
    assert filled.count == 0
    assert filled.left == [
        ("Kim Minji", t("exports.ambiguous", names="Kim, Minji, Kim, Minji")),
        ("lee ann", t("exports.claimed_twice", name="Lee, Ann")),
        ("ann", t("exports.claimed_twice", name="Lee, Ann")),
    ]
    assert [line[f"{NAME} (7)"] for line in table(tmp_path / "canvas.csv")] == ["7", "", "1", "", "", ""]


def test_the_number_of_the_platform_comes_before_a_name(tmp_path):
    rows = [graded("Kim Minji", id="103"), graded("minji")]
    filled = write_canvas(rows, tmp_path / "canvas.csv", canvas(tmp_path))
    assert filled.left == [] and filled.count == 2
    assert [line["ID"] for line in table(tmp_path / "canvas.csv") if line[f"{NAME} (7)"] == "4"] == [
        "101",
        "103",
    ]


def test_what_is_not_final_is_left_out_unless_asked(tmp_path):
    rows = [graded("minji", None), graded("ann", problem="no\x1bJSON"), graded("hong")]
    filled = write_canvas(rows, tmp_path / "canvas.csv", canvas(tmp_path))
    assert filled.left == [
        ("minji", t("exports.open", tasks="why_momentum")),
        ("ann", t("exports.problem", problem="no?JSON")),
    ]
    assert [line[f"{NAME} (7)"] for line in table(tmp_path / "canvas.csv")] == ["7", "", "1", "4", "", ""]
    terms = Terms(unfinished=True)
    filled = write_canvas(rows, tmp_path / "canvas.csv", canvas(tmp_path), terms=terms)
    assert filled.count == 3 and table(tmp_path / "canvas.csv")[1][f"{NAME} (7)"] == "2"


def test_other_points_are_refused_or_converted(tmp_path):
    path = canvas(tmp_path, most='"10,0"')
    with pytest.raises(NoTable) as refused:
        write_canvas([graded("minji")], tmp_path / "canvas.csv", path)
    assert str(refused.value) == t("exports.other_points", column=f"{NAME} (7)", theirs="10", ours="7")
    assert not (tmp_path / "canvas.csv").exists()
    write_canvas([graded("minji")], tmp_path / "canvas.csv", path, terms=Terms(scaled=True))
    assert table(tmp_path / "canvas.csv")[1][f"{NAME} (7)"] == "5,71"  # 4 of 7, as Canvas there writes it


def test_a_column_may_be_named(tmp_path):
    path, rows = canvas(tmp_path, title="Week 1 (7)"), [graded("minji"), graded("ann", assignment="u02")]
    with pytest.raises(NoTable, match=r"Week 1 \(7\), Other \(99\)"):
        write_canvas(rows, tmp_path / "canvas.csv", path)
    filled = write_canvas(rows, tmp_path / "canvas.csv", path, columns={NAME: "Week 1"})
    assert filled.left == [("ann", t("exports.no_column"))]
    assert table(tmp_path / "canvas.csv")[1]["Week 1 (7)"] == "4"
    with pytest.raises(NoTable, match="0 columns of the Canvas gradebook are called Week 9"):
        write_canvas(rows, tmp_path / "canvas.csv", path, columns={NAME: "Week 9"})


def test_canvas_without_a_roster_says_what_it_needs(tmp_path):
    filled = write_canvas([graded("minji"), graded("@lee", None)], tmp_path / "canvas.csv")
    first, minji, lee = table(tmp_path / "canvas.csv")
    assert (first["Student"].strip(), first[NAME]) == ("Points Possible", "7")
    assert (minji["SIS Login ID"], minji[NAME]) == ("minji", "4")
    assert (lee["SIS Login ID"], lee[NAME]) == ("'@lee", "")
    assert filled.notes == [t("exports.canvas_needs")]


@pytest.mark.parametrize(("lang", "word"), [("en", "Participant "), ("ko", "참가자")])
def test_moodles_worksheet_gets_marks_and_feedback(tmp_path, lang, word):
    lines = [
        f'{word}11,"Kim Minji",kim@univ.kr,Submitted,,"7,00",Yes,-,-,',
        f'{word}12,=evil(),lee@univ.kr,Submitted,,"7,00",No,-,-,kept',
        f'{word}13,홍길동,hong@univ.kr,Submitted,"1,50","7,00",Yes,-,-,',
    ]
    path = worksheet(tmp_path, *lines, lang=lang, mark="\ufeff", end="\r\n")
    place = "Kim Minji_11_assignsubmission_file_/u01.ipynb"
    rows = [graded("김", 1.5, "<b>좋아요\n=1</b>", language="ko", notebook=place), graded("lee")]
    with speaking(lang):
        filled = write_moodle(rows, tmp_path / "moodle.csv", path)
        assert filled.left == [("lee", t("exports.locked"))]
    raw = (tmp_path / "moodle.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\r\n") == 4
    head, kim, lee, hong = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert head == MOODLE[lang].split(",")
    assert (kim[0], kim[4], kim[7]) == (f"{word}11", "3,5", "-")
    assert kim[9] == (
        "점수 3.5/7<br>adam: 2/2<br>cosine: 0/2<br>why_momentum: 1.5/3 &lt;b&gt;좋아요 =1&lt;/b&gt;"
    )
    assert (lee[1], lee[4], lee[9]) == ("'=evil()", "", "kept")
    assert hong[4] == "1,50" and filled.without == ["홍길동"]


def test_a_worksheet_is_for_one_assignment(tmp_path):
    path = worksheet(tmp_path, "Participant 1,kim,,,,7.00,Yes,-,-,")
    rows = [graded("kim"), graded("kim", assignment="u02")]
    with pytest.raises(NoTable, match=f"{NAME}, u02"):
        write_moodle(rows, tmp_path / "moodle.csv", path)
    with pytest.raises(NoTable, match="no marks for the assignment u09"):
        write_moodle(rows, tmp_path / "moodle.csv", path, assignment="u09")
    assert write_moodle(rows, tmp_path / "moodle.csv", path, assignment="u02").count == 1


def test_a_worksheet_without_feedback_gets_marks_alone(tmp_path):
    path = tmp_path / "worksheet.csv"
    path.write_text("Identifier;Full name;Grade\nParticipant 5;kim;\n", encoding="utf-8")
    filled = write_moodle([graded()], tmp_path / "moodle.csv", path)
    assert filled.notes == [t("exports.no_feedback_column")]
    assert (tmp_path / "moodle.csv").read_text() == "Identifier;Full name;Grade\nParticipant 5;kim;4\n"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "empty"),
        (b"Student,ID\n", "empty"),
        ("이름,ID\n김,1\n".encode("cp949"), "no_utf8"),
        (b"a,b\n1,2\n", "no_canvas"),
        (b'Student,ID,x (1)\n"' + b"a" * 200_000 + b'",1,2\n', "no_csv"),
        (None, "no_file"),
    ],
)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_table_that_is_none_is_told(tmp_path, data, key, lang):
    path = tmp_path / "roster.csv"
    if data is not None:
        path.write_bytes(data)
    values = {
        "error": "No such file or directory" if data is None else "field larger than field limit (131072)"
    }
    with speaking(lang), pytest.raises(NoTable) as refused:
        write_canvas([graded()], tmp_path / "canvas.csv", path)
    with speaking(lang):
        assert str(refused.value) == t(f"exports.{key}", path=path, got="a, b", **values)


def test_a_huge_table_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(roster, "MAX_TABLE", 10)
    with pytest.raises(NoTable, match="larger than"):
        write_canvas([graded()], tmp_path / "canvas.csv", canvas(tmp_path))


def test_a_worksheet_of_another_kind_is_told(tmp_path):
    with pytest.raises(NoTable, match="no grading worksheet"):
        write_moodle([graded()], tmp_path / "moodle.csv", canvas(tmp_path))


def test_names_may_stand_in_either_order():
    both = person(0, "Kim, Minji", ["1"], ["minji@univ.kr"])
    assert both.names == {"kimminji", "minjikim"} and both.logins == {"minji", "minji@univ.kr"}
