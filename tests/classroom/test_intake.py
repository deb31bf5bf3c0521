"""What was handed in is found whatever it was downloaded as, and nothing hostile in it does any harm."""

import copy
import io
import json
import os
import pickle
import tempfile
import zipfile
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course_lib.classroom import unpack
from course_lib.classroom.intake import collect
from course_lib.classroom.note import Note
from course_lib.grading.submission import MAX_NOTEBOOK
from course_lib.messages import LANGUAGES
from tests.classroom.handed_in import (
    ASSIGNMENTS,
    HOSTILE,
    U1,
    U2,
    nested,
    notebook,
    overlapping,
    unmarked,
    zipped,
)
from tests.grading.students import built


@pytest.fixture
def given_files(tmp_path):
    """`given_files({path: bytes})` lays files below a folder and collects it, or a place in it."""

    def lay(files, place=""):
        for path, data in files.items():
            (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "in" / path).write_bytes(data)
        return collect(tmp_path / "in" / place, tmp_path / "into", ASSIGNMENTS)

    return lay


def who(entries):
    """[(student, assignment)] of what can be graded."""
    return [(entry.student, entry.assignment) for entry in entries if not entry.problem]


def problems(entries):
    """{student: key of the problem} of the others."""
    return {entry.student: entry.problem.key for entry in entries if entry.problem}


def keys(entry):
    """The keys of an entry's remarks."""
    return [remark.key for remark in entry.remarks]


# --- what the class was downloaded as ---------------------------------------------------------------------

NBGRADER = {
    f"submitted/hong/{U1}/{U1}.ipynb": notebook(),
    f"submitted/hong/{U1}/scratch.ipynb": notebook(""),
    f"submitted/hong/{U2}/{U2}.ipynb": notebook(U2),
    f"submitted/kim/{U1}/renamed.ipynb": notebook(""),
    f"submitted/kim/{U1}/.ipynb_checkpoints/{U1}-checkpoint.ipynb": notebook(),
    f"submitted/lee/{U1}/report.pdf": b"",
    f"source/{U1}/{U1}.ipynb": notebook(),
    f"autograded/hong/{U1}/{U1}.ipynb": notebook(),
}


@pytest.mark.parametrize("place", ["", "submitted"])
def test_nbgrader_s_folders(given_files, place):
    entries = given_files(NBGRADER, place)
    assert who(entries) == [("hong", U1), ("hong", U2), ("kim", U1)]
    assert problems(entries) == {"lee": "intake.no_notebook"}
    assert entries[0].place == f"hong/{U1}/{U1}.ipynb" and keys(entries[0]) == ["intake.older"]


def test_one_student_s_folder_of_nbgrader_s(given_files):
    assert who(given_files(NBGRADER, "submitted/hong")) == [("hong", U1), ("hong", U2)]
    assert who(given_files(NBGRADER, f"submitted/hong/{U1}/{U1}.ipynb")) == [("hong", U1)]


def test_what_a_student_of_nbgrader_s_calls_a_file_makes_it_nobody_else_s(given_files):
    files = {f"hong/{U1}/kim_{U1}.ipynb": notebook(), f"hong/{U1}/lee_{U1}.ipynb": notebook()}
    entries = given_files(files | {f"kim/{U1}/{U1}.ipynb": notebook()})
    assert who(entries) == [("hong-kim", U1), ("hong-lee", U1), ("kim", U1)]
    assert entries[2].place == f"kim/{U1}/{U1}.ipynb" and not entries[2].remarks


def test_an_empty_folder_of_nbgrader_s_is_told(tmp_path):
    (tmp_path / f"in/hong/{U1}").mkdir(parents=True)
    entries = collect(tmp_path / "in", tmp_path / "into", ASSIGNMENTS)
    assert problems(entries) == {"hong": "intake.no_notebook"} and entries[0].assignment == U1


@pytest.mark.parametrize(
    ("file", "student", "assignment"),
    [
        ("hong_u01_optimization.ipynb", "hong", U1),
        ("u01_optimization-hong.ipynb", "hong", U1),
        ("u01-optimization_20231234.IPYNB", "20231234", U1),
        ("홍길동 u01.ipynb", "홍길동", U1),
        ("[u01] 홍길동 (2).ipynb", "홍길동", U1),
        ("hong-gildong_assignment.ipynb", "hong-gildong", "assignment"),
        ("hong_u01_optimization-Copy1.ipynb", "hong", U1),
    ],
)
def test_a_file_s_name_tells_student_and_assignment(given_files, file, student, assignment):
    assert who(given_files({file: notebook("")})) == [(student, assignment)]


def test_a_file_named_after_its_student_alone_says_inside_what_it_is(given_files):
    entries = given_files({"hong.ipynb": notebook(), "kim.ipynb": notebook(U2), "lee.ipynb": notebook("")})
    assert who(entries) == [("hong", U1), ("kim", U2), ("lee", "")]
    assert all(entry.path.is_file() for entry in entries)


def test_one_notebook(given_files):
    assert who(given_files({"hong.ipynb": notebook()}, "hong.ipynb")) == [("hong", U1)]


CANVAS = {
    "doejane_12345_67890_u01_optimization-1.ipynb": notebook(),
    "doejane_12345_67999_u01_optimization-2.ipynb": notebook(),
    "honggildong_LATE_22222_67891_u01_optimization.ipynb": notebook(""),
    "kimminjun_33333_67892_work.zip": zipped({"mine/u01_optimization.ipynb": notebook()}),
    "parkseo_44444_67893_essay.pdf": b"",
}


def test_the_archive_of_canvas(given_files):
    entries = given_files({"submissions.zip": zipped(CANVAS)}, "submissions.zip")
    assert who(entries) == [("doejane", U1), ("honggildong", U1), ("kimminjun", U1)]
    assert problems(entries) == {"parkseo": "intake.no_notebook"}
    assert [entry.late for entry in entries] == [False, True, False, False]
    assert [entry.id for entry in entries] == ["12345", "22222", "33333", "44444"]
    assert "-2.ipynb" in entries[0].place and keys(entries[0]) == ["intake.older"]
    assert "-1.ipynb" in entries[0].remarks[0]


def test_the_archive_of_canvas_unpacked_or_in_a_folder_of_such(given_files):
    alone = given_files(CANVAS)
    assert who(alone) == [("doejane", U1), ("honggildong", U1), ("kimminjun", U1)]
    both = given_files({"u01.zip": zipped(CANVAS), "u02.zip": zipped({"x_11_222_u02.ipynb": notebook(U2)})})
    assert who(both) == [*who(alone), ("x", U2)]


def test_the_suffix_of_canvas_decides_where_its_numbers_do_not(given_files):
    names = [f"hong_11111_22222_{U1}{suffix}.ipynb" for suffix in ("-1", "-10", "-9", "")]
    (entry,) = given_files({name: notebook() for name in names})
    assert entry.place == names[1] and len(entry.remarks) == 3


FOLDER = "_assignsubmission_file_"
MOODLE = {
    f"Hong Gil-dong_123456{FOLDER}/u01.ipynb": notebook(""),
    f"{normalize('NFD', '이서연')}_7{FOLDER}/{U1}.ipynb": notebook(),
    f"이서연_7{FOLDER}/two/{U2}.ipynb": notebook(U2),
    f"박_9{FOLDER}{U1}.ipynb": notebook(),
    "Pak_8_assignsubmission_onlinetext_/onlinetext.html": b"",
}


def test_the_archive_of_moodle(given_files):
    entries = given_files({"m.zip": zipped(MOODLE)}, "m.zip")
    assert who(entries) == [("Hong Gil-dong", U1), ("박", U1), ("이서연", U1), ("이서연", U2)]
    assert problems(entries) == {"Pak": "intake.no_notebook"}
    assert entries[0].id == "123456"


def test_the_archive_of_moodle_unpacked(given_files):
    assert len(who(given_files(MOODLE))) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_hangul_in_names_whose_encoding_is_not_told(given_files, encoding):
    data = unmarked({f"김똠방_12{FOLDER}/{U1}.ipynb": notebook()}, encoding)
    entries = given_files({"m.zip": data})
    assert who(entries) == [("김똠방", U1)] and "김똠방" in entries[0].place


def test_hangul_that_an_unpacker_left_as_windows_wrote_it(tmp_path):
    folder = os.path.join(os.fsencode(tmp_path), "김민준_12".encode("cp949") + FOLDER.encode())
    os.mkdir(folder)
    with open(os.path.join(folder, b"u01.ipynb"), "wb") as file:
        file.write(notebook())
    assert who(collect(tmp_path, tmp_path / "into", ASSIGNMENTS)) == [("김민준", U1)]


def test_two_students_of_one_name_stay_two(given_files):
    entries = given_files({f"김민준_{id_}{FOLDER}/{U1}.ipynb": notebook() for id_ in (11, 22)})
    assert who(entries) == [("김민준 (11)", U1), ("김민준 (22)", U1)]


def test_names_that_differ_in_case_alone_do_not_share_a_file(given_files):
    entries = given_files({f"Hong/{U1}/{U1}.ipynb": notebook(), f"hong/{U1}/{U1}.ipynb": notebook()})
    assert len({entry.student.casefold() for entry in entries}) == 2 == len(who(entries))


def test_the_folders_of_github_classroom(given_files):
    repository = {"README.md": b"", "exercises/ko/u01_optimization.ipynb": notebook()}
    files = {f"u01-optimization-{name}/{file}": repository[file] for name in "ab" for file in repository}
    assert who(given_files(files)) == [("a", U1), ("b", U1)]
    below = {f"u01-optimization-submissions/{file}": data for file, data in files.items()}
    assert [entry.student for entry in given_files(below)] == ["a", "a (2)", "b", "b (2)"]  # both are there


def test_in_a_copy_of_the_whole_course_the_exercise_that_was_written_into_counts(given_files, tmp_path):
    exercise = {lang: built("exercises", lang).read_bytes() for lang in LANGUAGES}
    written = exercise["en"].replace(b'raise NotImplementedError(\\"adam\\")', b"return p, state")
    assert written != exercise["en"]
    unit = json.dumps({"cells": [], "metadata": {"course": {"source": f"notebooks/src/{U1}.md"}}}).encode()
    course = {f"exercises/ko/{U1}.ipynb": exercise["ko"], f"exercises/en/{U1}.ipynb": written}
    course |= {f"notebooks/en/{U1}.ipynb": unit, f"solutions/ko/{U1}.ipynb": unit}
    files = {f"u01-optimization-hong/{path}": data for path, data in course.items()}
    (entry,) = given_files(dict(sorted(files.items())))
    assert (entry.student, entry.place) == ("hong", f"u01-optimization-hong/exercises/en/{U1}.ipynb")


@pytest.mark.parametrize("depth", range(900, 1000, 7))
def test_a_notebook_nested_as_deeply_as_can_be_read(given_files, depth):
    text = f'{{"cells": [{{"cell_type": {"[" * depth}{"]" * depth}, "source": ""}}], "metadata": {{}}}}'
    (entry,) = given_files({f"hong_{U1}.ipynb": text.encode()})
    assert (entry.student, entry.assignment) == ("hong", U1)


def test_folders_of_sections(given_files):
    files = {"A/hong.ipynb": notebook(), "A/kim.ipynb": notebook(), f"B/lee_{U1}.ipynb": notebook()}
    assert who(given_files(files)) == [("hong", U1), ("kim", U1), ("lee", U1)]


def test_a_folder_of_the_assignment_with_everybody_s_files(given_files):
    files = {f"submissions/{U1}/{name}.ipynb": notebook("") for name in ("hong", "kim")}
    assert who(given_files(files)) == [("hong", U1), ("kim", U1)]
    (entry,) = given_files({f"{U1}/{U1}.ipynb": notebook()}, U1)[-1:]
    assert (entry.student, entry.assignment) == (U1, U1)  # nothing tells who it is


def test_an_archive_that_is_named_like_one_student_s_may_be_a_class_s(given_files):
    section = zipped({"hong_u01.ipynb": notebook(), "kim_u01.ipynb": notebook()})
    assert who(given_files({"u01_3반.zip": section})) == [("hong", U1), ("kim", U1)]


def test_nobody_s_work_is_replaced_from_within_another_s_archive(given_files):
    forged = zipped({f"{name}_u02.ipynb": notebook(U2) for name in ("kim", "lee")})
    entries = given_files({"hong_u02.zip": forged, "kim_u01.ipynb": notebook()})
    assert {entry.student: entry.place for entry in entries if entry.student.startswith("kim")} == {
        "kim": "kim_u01.ipynb",
        "kim (2)": "hong_u02.zip/kim_u02.ipynb",
    }


def test_the_same_folders_in_two_archives_are_two_students_work(given_files):
    course = zipped({f"course/exercises/ko/{U1}.ipynb": notebook()})
    assert len(who(given_files({"1.zip": course, "2.zip": course}))) == 2


def test_a_student_s_archives_in_several_assignments_are_one_student_s(given_files):
    entries = given_files(
        {
            "u01.zip": zipped({"hong_u01.ipynb": notebook()}),
            "u02.zip": zipped({"hong_u02.ipynb": notebook(U2)}),
        }
    )
    assert who(entries) == [("hong", U1), ("hong", U2)]


def test_of_two_files_in_an_archive_the_newest_counts(given_files):
    days = {"a2": 2, "b1": 1}
    infos = [zipfile.ZipInfo(f"{name}/hong_u01.ipynb", (2026, 1, days[name], 0, 0, 0)) for name in days]
    (entry,) = given_files({f"hong_1{FOLDER}{U1}.zip": zipped([(info, notebook()) for info in infos])})
    assert "a2/" in entry.place and keys(entry) == ["intake.older"]


def test_a_damaged_file_beside_a_good_one_costs_nothing(given_files):
    files = {
        f"hong_11_222_{U1}.ipynb": notebook(),
        f"hong_11_333_{U1}.ipynb": b"{",
        "hong_11_444_notes.ipynb": notebook(""),
    }
    (entry,) = given_files(files)
    assert entry.place == f"hong_11_222_{U1}.ipynb"
    assert keys(entry) == ["intake.unread", "intake.left_out"]


def test_a_damaged_file_for_another_assignment_is_an_entry_of_its_own(given_files):
    entries = given_files({f"hong_11_222_{U1}.ipynb": notebook(), f"hong_11_333_{U2}.ipynb": b"{"})
    assert who(entries) == [("hong", U1)] and not entries[0].remarks
    assert (entries[1].assignment, entries[1].problem.key) == (U2, "grading.no_json")


def test_a_folder_with_a_date_in_its_name_is_not_one_of_canvas_s_students(given_files):
    files = {f"intro_2026_03_u01/{name}.ipynb": notebook() for name in ("hong", "kim")}
    assert who(given_files(files)) == [("intro_2026_03-hong", U1), ("intro_2026_03-kim", U1)]


def test_notes_are_said_in_either_language_and_can_be_sent(given_files):
    (entry,) = given_files({f"hong_11_222_{U1}.ipynb": notebook(), f"hong_11_333_{U1}.ipynb": b"{"})
    ko, en = (entry.remarks[0].in_language(lang) for lang in LANGUAGES)
    assert "깨져 있습니다" in ko and "damaged" in en and str(entry.remarks[0]) == en
    for same in (pickle.loads(pickle.dumps(entry)), copy.deepcopy(entry)):
        assert same == entry and same.remarks[0].in_language("ko") == ko


# --- what is hostile --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("inside", [False, True], ids=["folder", "canvas"])
def test_a_hostile_archive_is_told_and_the_rest_is_collected(given_files, tmp_path, kind, inside):
    data, key = HOSTILE[kind]
    files = {"evil_666_777_work.zip": data, f"ann_111_222_{U1}.ipynb": notebook()}
    files |= {"zoe_888_999_work.zip": zipped({f"{U1}.ipynb": notebook()})}
    entries = given_files({"all.zip": zipped(files)} if inside else files)
    assert who(entries) == [("ann", U1), ("zoe", U1)]
    told = problems(entries)
    assert told == {"evil": key if "." in key else f"intake.{key}"}
    assert all(entry.problem.in_language("ko") for entry in entries if entry.problem)
    _nothing_but_ours(tmp_path)


def _nothing_but_ours(tmp_path):
    """Nothing was written but below `into`, where all is plain and numbered, and no archive was left."""
    assert {path.name for path in tmp_path.iterdir()} <= {"in", "into"}
    for path in (tmp_path / "into").iterdir():
        assert path.is_file() and not path.is_symlink() and path.suffix == ".ipynb" and path.stem.isdigit()


def test_a_notebook_too_large_is_left_where_it_is(given_files, monkeypatch):
    monkeypatch.setitem(unpack._LARGE, ".ipynb", ("grading.huge", 1 << 20))
    large = zipped({f"{U1}.ipynb": os.urandom(2 << 20)})
    assert problems(given_files({"hong_u01.zip": large})) == {"hong": "grading.huge"}


def test_too_many_entries_are_not_even_read(given_files, monkeypatch):
    data = zipped({f"{number}.ipynb": b"" for number in range(100)})
    monkeypatch.setattr(unpack, "MAX_ENTRIES", 99)
    monkeypatch.setattr(unpack.zipfile, "ZipFile", None)
    assert problems(given_files({"hong_u01.zip": data})) == {"hong": "intake.many_entries"}


@pytest.mark.slow
def test_a_hundred_thousand_entries(given_files):
    data = zipped(((str(number), b"") for number in range(100_000)), compression=zipfile.ZIP_STORED)
    assert problems(given_files({"hong_u01.zip": data})) == {"hong": "intake.many_entries"}


def test_no_more_comes_out_of_an_archive_than_its_limit(given_files, tmp_path, monkeypatch):
    """Entries that overlap each grow little; all together they would fill the disk."""
    monkeypatch.setattr(unpack, "MAX_OUTER", 40 << 20)
    monkeypatch.setattr(unpack, "RATIO", 10_000)
    entries = given_files({"hong_u01.zip": overlapping(10)})
    assert [entry.problem.key for entry in entries] == ["grading.no_json"]
    assert {"grading.no_json", "intake.too_much"} >= {r.values["problem"].key for r in entries[0].remarks}
    assert len(entries[0].remarks) == 9
    assert sum(path.stat().st_size for path in (tmp_path / "into").iterdir()) <= 40 << 20


def test_what_an_inner_archive_takes_up_is_also_spent_by_the_outer_one(given_files, monkeypatch):
    monkeypatch.setattr(unpack, "MAX_INNER", 3 << 20)
    monkeypatch.setattr(unpack, "MAX_OUTER", 7 << 20)
    monkeypatch.setattr(unpack, "MAX_GROWTH", 0)
    greedy = zipped({f"{number}.ipynb": os.urandom(1 << 19) for number in range(7)}, compresslevel=0)
    files = {f"{name}_u01.zip": greedy for name in "ab"} | {"zoe_u01.ipynb": notebook()}
    entries = given_files({"class.zip": zipped(files)})
    assert who(entries) == [("zoe", U1)]
    assert [e.problem.key for e in entries if e.student == "b"] == ["intake.too_much"]


def test_archives_in_archives_are_opened_up_to_a_depth(given_files):
    assert who(given_files({"hong_u01.zip": nested(4), "kim_u01.zip": nested(5)})) == [("hong", U1)]


def test_names_that_collide_or_are_endless_or_hold_what_a_terminal_obeys(given_files):
    names = [f"{U1}.ipynb", f"{U1.upper()}.ipynb", f"{'a' * 300}.ipynb", "\x1b[2J\u202e.ipynb", "a\nb.ipynb"]
    entries = given_files({f"hong_1{FOLDER}.zip": zipped([(name, notebook()) for name in names])})
    assert who(entries) == [("hong", U1)] and len(entries[0].remarks) == 4
    assert all(remark.isprintable() for remark in entries[0].remarks)


def test_one_name_twice_in_an_archive(given_files):
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped([(f"{U1}.ipynb", notebook(""))] * 2)
    (entry,) = given_files({"hong_u01.zip": data})
    assert (entry.student, entry.assignment, keys(entry)) == ("hong", U1, ["intake.older"])


@pytest.mark.parametrize("name", ["..", "/", "\x1b[2J", "=1+1", "CON:", "a" * 300, " .hidden. ", "김/민준"])
def test_a_student_s_name_is_fit_for_a_file_and_a_terminal(given_files, name):
    files = {f"{name}_11{FOLDER}/{U1}.ipynb".lstrip("/"): notebook()}
    for entry in given_files({"m.zip": zipped(files)}):
        assert entry.student.isprintable() and 0 < len(entry.student) <= 80
        assert not set(entry.student) & set('/\\:*?"<>|')
        assert entry.student not in (".", "..") and entry.student == entry.student.strip()


def test_links_and_pipes_and_deep_folders_are_told_and_not_followed(given_files, tmp_path):
    given_files({f"zoe/{U1}.ipynb": notebook()})
    folder, outside = tmp_path / "in", tmp_path / "in/zoe" / f"{U1}.ipynb"
    for student in ("ann", "bob", "eve", "kim"):
        (folder / student).mkdir()
    (folder / "ann" / f"{U1}.ipynb").symlink_to(outside)
    (folder / "bob" / f"{U1}.zip").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "eve" / f"{U1}.ipynb")
    os.makedirs(folder / "kim" / "/".join("d" * 60))
    entries = given_files({})
    assert who(entries) == [("zoe", U1)]
    told = problems(entries)
    assert told.pop("ann") == "grading.no_file" and told.pop("eve") == "grading.no_regular_file"
    assert told.pop("bob") == "intake.link" == told.pop("loop") and set(told.values()) == {
        "intake.deep_folders"
    }


def test_a_folder_that_is_closed_to_us_is_told(given_files, tmp_path, monkeypatch):
    scan = os.scandir

    def refuse(folder):
        if Path(folder).name == "hong":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(unpack.os, "scandir", refuse)
    entries = given_files({f"hong/{U1}/x.ipynb": b"", f"kim/{U1}/{U1}.ipynb": notebook()})
    assert who(entries) == [("kim", U1)] and problems(entries) == {"hong": "intake.closed"}


def test_a_full_disk_is_no_student_s_fault(given_files, monkeypatch):
    def full(size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(unpack.Purse, "spend", lambda self, size: full(size))
    with pytest.raises(OSError, match="No space left"):
        given_files({"hong_u01.zip": zipped({f"{U1}.ipynb": notebook()})})


def test_a_link_that_lies_where_something_is_unpacked_is_not_followed(given_files, tmp_path):
    mine = tmp_path / "in" / "mine"
    given_files({"mine": b"mine", "hong_u01.zip": zipped({f"{U1}.ipynb": notebook()})})
    (tmp_path / "into/00001.ipynb").unlink()
    (tmp_path / "into/00001.ipynb").symlink_to(mine)
    assert who(given_files({})) == [("hong", U1)] and mine.read_bytes() == b"mine"


# --- laws -------------------------------------------------------------------------------------------------

NAMES = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40
) | st.sampled_from(
    ["../../x.ipynb", "/x.ipynb", "a/../x.ipynb", f"hong_11_222_{U1}.ipynb", f"a_1{FOLDER}/{U1}.ipynb", "."]
)
CONTENTS = st.sampled_from([notebook(), notebook(""), b"{", b"", zipped({f"{U1}.ipynb": notebook()})])


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(NAMES, CONTENTS, max_size=6), st.sampled_from(["", ".ipynb", ".zip"]))
@example({".": b"", "//": b"", "a/": b"", "\\": b""}, ".ipynb")
def test_whatever_the_names_are_nothing_is_written_elsewhere_and_all_are_safe(files, ending):
    data = zipped([(f"{name}{ending}", content) for name, content in files.items()])
    _collects_safely(data)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_damaged_archive_never_raises(data):
    whole = bytearray(zipped({f"a/hong_{U1}.ipynb": notebook(), "b.zip": zipped({"x.ipynb": notebook()})}))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    _collects_safely(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def _collects_safely(data):
    with tempfile.TemporaryDirectory() as folder:
        below = Path(folder)
        (below / "in").mkdir()
        (below / "in/class.zip").write_bytes(data)
        entries = collect(below / "in", below / "into", ASSIGNMENTS)
        _nothing_but_ours(below)
        assert [path.name for path in (below / "in").iterdir()] == ["class.zip"]
        for entry in entries:
            assert (entry.path is None) == bool(entry.problem) == isinstance(entry.problem, Note)
            assert entry.student.isprintable() and entry.place.isprintable() and len(entry.place) <= 200
            assert entry.path is None or entry.path.parent == below / "into"
        pairs = [(entry.student.casefold(), entry.assignment) for entry in entries]
        assert len(pairs) == len(set(pairs))


def test_what_is_in_memory_does_not_grow_with_what_comes_out(given_files):
    """A notebook of the greatest size is written in pieces."""
    import tracemalloc

    data = zipped({f"{U1}.zip": zipped({"x.txt": b""}), "a.ipynb": os.urandom(MAX_NOTEBOOK)}, compresslevel=0)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo("a.ipynb")
        tracemalloc.start()
        largest = max(len(chunk) for chunk in unpack._chunks(archive, info))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert largest <= 1 << 16 and peak < 2 << 20
