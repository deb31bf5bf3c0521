"""What goes out holds no answer and no secret; what a learner packs up can be read back."""

import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course_lib.assessment.lab import FILE
from course_lib.builder import build
from course_lib.classroom import handout
from course_lib.classroom.handout import Refused, release, submit
from course_lib.classroom.intake import collect
from course_lib.classroom.unpack import MANIFEST
from course_lib.grading.diagnosis import make_cases
from course_lib.grading.release import NotGradable
from course_lib.messages import LANGUAGES, speaking
from tests.builder.small_sources import EXERCISE
from tests.classroom.handed_in import ASSIGNMENTS, U1, U2, zipped
from tests.grading.students import ROOT, built, handed_in, right

NOW = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)


@pytest.fixture
def course(tmp_path):
    """A course of one small exercise, built."""
    source = tmp_path / "course/solutions/src/u02.md"
    source.parent.mkdir(parents=True)
    source.write_text(EXERCISE, encoding="utf-8")
    assert build(tmp_path / "course", execute=False).ok
    return tmp_path / "course"


@pytest.fixture
def secret(tmp_path):
    """A secret's file."""
    (tmp_path / "secret").write_text("the tests' own secret")
    return tmp_path / "secret"


def laid(out):
    """The files of a folder, as paths below it."""
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


# --- release ----------------------------------------------------------------------------------------------


def test_both_languages_of_the_course_go_out_as_they_were_built(tmp_path, secret):
    written = release(ROOT, [U1], tmp_path / "out", secret=secret)
    files = [f"{lang}/{U1}/{file}" for lang in ("en", "ko") for file in ("README.md", f"{U1}.ipynb")]
    assert laid(tmp_path / "out") == files and sorted(written) == [tmp_path / "out" / f for f in files]
    for lang in LANGUAGES:
        folder = tmp_path / "out" / lang / U1
        assert (folder / f"{U1}.ipynb").read_bytes() == built("exercises", lang).read_bytes()
        text = (folder / "README.md").read_text(encoding="utf-8")
        assert f"course check {U1}.ipynb" in text and f"course submit {U1}.ipynb --name" in text
        assert ("제출" in text) == (lang == "ko")


def test_in_one_language_it_is_laid_out_as_nbgrader_has_it(course, tmp_path, secret):
    release(course, [], tmp_path / "release", ["ko"], secret=secret)
    assert laid(tmp_path / "release") == ["u02/README.md", "u02/u02.ipynb"]


def spoil(path, old, new):
    """Put something else into a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("guarded", [True, False], ids=["held", "off"])
def test_a_solution_left_inside_is_refused(course, tmp_path, secret, monkeypatch, guarded):
    spoil(course / "exercises/en/u02.ipynb", 'raise NotImplementedError(\\"double\\")', "return 2 * (y - 1)")
    if not guarded:
        monkeypatch.setattr(handout.freshness, "outdated", lambda *_: [])
        release(course, ["u02"], tmp_path / "out", secret=secret)
        assert "2 * (y - 1)" in (tmp_path / "out/en/u02/u02.ipynb").read_text(encoding="utf-8")
        return
    with pytest.raises(Refused, match=r"exercises/en/u02\.ipynb.*course build"):
        release(course, ["u02"], tmp_path / "out", secret=secret)
    assert not (tmp_path / "out").exists()
    release(course, ["u02"], tmp_path / "out", ["ko"], secret=secret)  # the other one is sound


def test_an_exercise_that_somebody_has_solved_and_saved_is_refused(course, tmp_path, secret):
    shutil.copy(course / "solutions/ko/u02.ipynb", course / "exercises/ko/u02.ipynb")
    with pytest.raises(Refused, match="return result"):
        release(course, ["u02"], tmp_path / "out", secret=secret)


def test_outputs_which_may_show_an_answer_are_refused(course, tmp_path, secret):
    spoil(course / "exercises/ko/u02.ipynb", '"outputs": []', '"outputs": [{"output_type": "stream"}]')
    with pytest.raises(Refused, match="exercises/ko"):
        release(course, ["u02"], tmp_path / "out", secret=secret)


def test_a_source_whose_answer_is_not_marked_is_refused(course, tmp_path, secret):
    spoil(course / "solutions/src/u02.md", "    ### END SOLUTION\n", "")
    with pytest.raises(Refused, match=r"solutions/src/u02\.md:"):
        release(course, ["u02"], tmp_path / "out", secret=secret)


def test_without_the_source_nothing_goes_out(course, tmp_path, secret):
    (course / "solutions/src/u02.md").unlink()
    with pytest.raises(Refused, match="without its source"):
        release(course, ["u02"], tmp_path / "out", secret=secret)


def test_an_unknown_name_is_refused_with_those_that_there_are(course, tmp_path, secret):
    with pytest.raises(Refused, match=r"called \.\./u9.*u02"):
        release(course, ["../u9"], tmp_path / "out", secret=secret)


def test_a_secret_inside_is_refused(course, tmp_path, secret):
    secret.write_text("NotImplementedError\n")
    with pytest.raises(Refused, match="grading secret"):
        release(course, ["u02"], tmp_path / "out", secret=secret)
    assert not (tmp_path / "out").exists()


def test_a_release_is_renewed(course, tmp_path, secret):
    (path, *_) = release(course, ["u02"], tmp_path / "out", ["en"], secret=secret)
    path.write_text("old")
    release(course, ["u02"], tmp_path / "out", ["en"], secret=secret)
    assert path.read_bytes() == (course / "exercises/en/u02.ipynb").read_bytes()
    assert len(laid(tmp_path / "out")) == 2


def test_the_class_s_own_cases_lie_beside_the_lab_alone(tmp_path, secret):
    cases = make_cases(tmp_path / "mine.npz", secret, 1)
    names = ["u07_practice", U1]
    release(ROOT, names, tmp_path / "out", ["en"], secret=secret, cases=cases)
    beside = [path for path in laid(tmp_path / "out") if path.endswith(".npz")]
    assert handout.CASES == FILE and beside == [f"u07_practice/{FILE}"]
    secret.write_text("another secret entirely")
    with pytest.raises(NotGradable, match=r"mine\.npz"):
        release(ROOT, names, tmp_path / "again", ["en"], secret=secret, cases=cases)
    assert not (tmp_path / "again").exists()


# --- submit -----------------------------------------------------------------------------------------------


@pytest.fixture
def pack(tmp_path):
    """`pack({file: notebook as a dict}, …)`: the archive, and what was said."""

    def packed(notebooks, student="hong", **options):
        said, paths = [], []
        for name, cells in notebooks.items():
            paths.append(tmp_path / name)
            paths[-1].write_text(json.dumps(cells), encoding="utf-8")
        place = submit(ROOT, paths, student, tmp_path / "packed", say=said.append, **({"now": NOW} | options))
        return place, said

    return packed


def solved(name=U1, lang="en", **answers):
    return handed_in(lang, name, right(lang, name) | answers)


def test_a_packed_notebook_is_read_back(pack, tmp_path):
    place, said = pack({"mine (1).ipynb": solved()})
    assert place.name == f"hong_{U1}.zip"
    with zipfile.ZipFile(place) as archive:
        assert archive.namelist() == [f"{U1}.ipynb", MANIFEST]
        assert archive.read(f"{U1}.ipynb") == (tmp_path / "mine (1).ipynb").read_bytes()
        about = json.loads(archive.read(MANIFEST))
    assert about["student"] == "hong" and about["time"] == "2026-03-04T05:06:08+00:00" and about["course"]
    assert about["notebooks"][0]["assignment"] == U1 and len(about["notebooks"][0]["sha256"]) == 64
    (entry,) = collect(place, tmp_path / "into", ASSIGNMENTS)
    assert (entry.student, entry.assignment, entry.remarks) == ("hong", U1, ())
    assert entry.path.read_bytes() == (tmp_path / "mine (1).ipynb").read_bytes()
    assert "answers are written" in said[0]


def test_the_same_notebooks_give_the_same_bytes_at_the_same_time(pack, tmp_path):
    one, _ = pack({"a.ipynb": solved()})
    two, said = pack({"a.ipynb": solved()})
    assert one.read_bytes() == two.read_bytes()
    assert two.name == f"hong_{U1}-2.zip" and two.name in said[-1]
    later, _ = pack({"a.ipynb": solved()}, now=NOW.replace(hour=7))
    assert later.read_bytes() != one.read_bytes()
    (entry,) = collect(tmp_path / "packed", tmp_path / "into", ASSIGNMENTS)
    assert entry.place.startswith(f"hong_{U1}-3.zip") and len(entry.remarks) == 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_still_empty_is_told_in_the_notebook_s_language(pack, lang):
    notebook = json.loads(built("exercises", lang).read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if c["metadata"]["nbgrader"]["grade_id"] == "solution-adam")
    cell["source"] = "adam = None"
    _, said = pack({"a.ipynb": notebook})
    told = next(line for line in said if "cosine" in line)
    assert "adam," not in told and "momentum" in told
    assert ("아직" in told) == (lang == "ko")


def test_several_notebooks_go_into_one_archive(pack, tmp_path):
    place, _ = pack({"a.ipynb": solved(), "b.ipynb": solved(U2, "ko")}, "홍길동")
    assert place.name == "홍길동_2-notebooks.zip"
    entries = collect(tmp_path / "packed", tmp_path / "into", ASSIGNMENTS)
    assert [(e.student, e.assignment) for e in entries] == [("홍길동", U1), ("홍길동", U2)]


def test_the_learning_platform_s_name_wins_and_another_in_the_archive_is_a_remark(pack, tmp_path):
    place, _ = pack({"a.ipynb": solved()}, "kim")
    for name, student in (
        ("hongg_12345_67890_u01.zip", "hongg"),
        (f"kim_1_assignsubmission_file_{U1}.zip", "kim"),
    ):
        (tmp_path / "in").mkdir(exist_ok=True)
        outer = tmp_path / "in" / "all.zip"
        outer.write_bytes(zipped({name: place.read_bytes()}))
        (entry,) = collect(outer, tmp_path / "into", ASSIGNMENTS)
        assert (entry.student, entry.assignment) == (student, U1)
        assert [remark.key for remark in entry.remarks] == ["intake.other_name"] * (student != "kim")


def test_a_name_that_only_the_archive_knows_is_taken_from_it(pack, tmp_path):
    place, _ = pack({"a.ipynb": solved()}, "hong")
    place.rename(place.with_name("submission (3).zip"))
    (entry,) = collect(tmp_path / "packed", tmp_path / "into", ASSIGNMENTS)
    assert entry.student == "hong"


@pytest.mark.parametrize(
    "said", [b"[", b'{"student": ["x"]}', b"7", b"\xff", b'{"student": "\\u001b[2J../x"}', b"[" * 60_000]
)
def test_what_an_archive_says_of_itself_may_be_anything(tmp_path, said):
    (tmp_path / "in").mkdir()
    notebook = json.dumps(solved()).encode()
    (tmp_path / "in/a.zip").write_bytes(zipped({f"{U1}.ipynb": notebook, MANIFEST: said}))
    (entry,) = collect(tmp_path / "in", tmp_path / "into", ASSIGNMENTS)
    assert entry.student in ("a", "_[2J.._x") and entry.path


def other():
    return {"cells": [], "metadata": {"course": {"lang": "en", "source": f"x/{U1}.md"}}}


@pytest.mark.parametrize(
    ("notebooks", "match"),
    [
        ({}, "no notebook"),
        ({"a.ipynb": other()}, r"a\.ipynb cannot be handed in\. None of the answer cells.*course check"),
        ({"a.ipynb": {"cells": []}}, "no assignment called a"),
        ({"a.ipynb": []}, "is no notebook"),
        ({"a.ipynb": "solved", "b.ipynb": "solved"}, "given twice"),
    ],
)
def test_what_cannot_be_graded_is_refused_with_the_remedy(pack, tmp_path, notebooks, match):
    with pytest.raises(Refused, match=match):
        pack({name: solved() if what == "solved" else what for name, what in notebooks.items()})
    assert not (tmp_path / "packed").exists()


def test_a_notebook_that_is_not_there_is_refused(tmp_path):
    with speaking("en"), pytest.raises(Refused, match="cannot be read"):
        submit(ROOT, [tmp_path / "none.ipynb"], "hong", tmp_path / "packed")


@pytest.mark.parametrize("student", ["", " ", "../x", "a/b", ".", "\x1b[2J", "x" * 61, "a:b"])
def test_a_name_that_cannot_be_a_file_s_is_refused(pack, tmp_path, student):
    with pytest.raises(Refused, match="cannot be used"):
        pack({"a.ipynb": solved()}, student)
    assert [path for path in Path(tmp_path).rglob("*.zip")] == []
