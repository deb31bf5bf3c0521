"""A learner's work in a zip: what goes in, what comes back, and what is refused without a change."""

import hashlib
import io
import json
import os
import stat
import zipfile

import pytest

from course_lib.messages import LANGUAGES, speaking
from course_lib.progress import archive, record
from course_lib.progress.archive import Refused, examine
from course_lib.progress.work import KEPT, cells_sha, changed, is_changed, pack, restore

EXERCISE, UNIT = "exercises/ko/u01_optimization.ipynb", "notebooks/en/u01_optimization.ipynb"
AT = "2026-01-02T03:04Z"
SAID = [{"output_type": "stream", "name": "stdout", "text": "2"}]


def notebook(text, built="x = 1", outputs=()):
    """The bytes of a notebook with one code cell, built with `built` in it."""

    def cells(source):
        return [
            {
                "cell_type": "code",
                "source": source,
                "metadata": {},
                "outputs": list(outputs),
                "execution_count": 1,
            }
        ]

    course = {"lang": "ko", "cells": cells_sha(cells(built))}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"course": course}, "cells": cells(text)}
    return json.dumps(content).encode()


def write(root, name, data):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)


@pytest.fixture
def course(tmp_path):
    """A course folder with an exercise that the learner has changed, and a unit that they have not."""
    root = tmp_path / "course"
    write(
        root, EXERCISE, notebook("x = 2", outputs=[{"output_type": "stream", "name": "stdout", "text": "2"}])
    )
    write(root, UNIT, notebook("x = 1"))
    record.change(root / "progress.json", lambda found: record.note_pass(found, "exercises/u01", "adam", AT))
    return root


def everything(root):
    """Every file below a folder, with its bytes."""
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def zipped(files, *, listed=None, **entries):
    """A zip of these files with a list of them; listed: another list; entries: further ones as ZipInfo."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    content = {"course_work": archive.VERSION, "files": sums} if listed is None else listed
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(archive.LIST, json.dumps(content))
        for name, data in files.items():
            out.writestr(entries.get(name, name), data)
    return buffer.getvalue()


GOOD = {"progress.json": json.dumps(record.empty()).encode(), EXERCISE: notebook("x = 9")}


def test_what_is_packed_comes_back_on_another_machine(course, tmp_path):
    packed = pack(course, course / "progress.json")
    assert packed.notebooks == (EXERCISE,) and packed.file.endswith(".zip")
    other = tmp_path / "other"
    write(other, EXERCISE, notebook("x = 1"))
    done = restore(other, other / "p" / "progress.json", packed.data)
    assert done.notebooks == (EXERCISE,) and done.kept == ()
    assert (other / EXERCISE).read_bytes() == (course / EXERCISE).read_bytes()
    assert "adam" in record.read(other / "p" / "progress.json")["checks"]["exercises/u01"]


def test_outputs_do_not_make_a_notebook_changed_and_a_learner_s_own_is_packed(course):
    write(course, UNIT, notebook("x = 1", outputs=SAID))
    write(course, "notebooks/ko/내 노트 (2).ipynb", notebook("y"))
    write(course, "notebooks/ko/broken.ipynb", b"{")
    write(course, "notebooks/ko/.hidden.ipynb", notebook("y"))
    write(course, "solutions/ko/u01_optimization.ipynb", notebook("y"))
    assert changed(course) == [EXERCISE, "notebooks/ko/내 노트 (2).ipynb"]


def test_a_unit_is_packed_without_outputs_and_an_exercise_with_them(course):
    write(course, UNIT, notebook("x = 3", outputs=SAID))
    files = examine(pack(course, course / "progress.json").data)
    assert json.loads(files[UNIT])["cells"][0]["outputs"] == []
    assert json.loads(files[EXERCISE])["cells"][0]["outputs"] != []
    assert is_changed(files[UNIT])


def test_a_changed_notebook_in_the_way_is_kept(course):
    before = (course / EXERCISE).read_bytes()
    done = restore(course, course / "progress.json", zipped(GOOD))
    assert done.kept == (EXERCISE,) and done.kept_in.startswith(KEPT)
    assert (course / done.kept_in / EXERCISE).read_bytes() == before
    assert (course / EXERCISE).read_bytes() == GOOD[EXERCISE]
    assert "adam" in record.read(course / "progress.json")["checks"]["exercises/u01"], "progress is added to"
    again = restore(course, course / "progress.json", zipped(GOOD))
    assert again.kept == (), "the same notebook is not kept twice"


def test_two_restores_within_a_second_keep_both(course):
    first = restore(course, course / "progress.json", zipped(GOOD))
    second = restore(course, course / "progress.json", zipped(GOOD | {EXERCISE: notebook("x = 10")}))
    assert first.kept_in != second.kept_in
    assert (course / second.kept_in / EXERCISE).read_bytes() == GOOD[EXERCISE]


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def tampered(data):
    """The zip with one packed byte turned over."""
    place = data.index(b"progress.json") + len("progress.json") + 3
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


HUGE = b'{"cells": [], "nbformat": 4, "x": "' + b" " * (archive.MOST_FILE + 1) + b'"}'
BAD = {
    "nothing": b"",
    "no zip": b"PK\x03\x04 nonsense",
    "cut off": zipped(GOOD)[:-30],
    "tampered": tampered(zipped(GOOD)),
    "foreign": None,  # made below
    "no list": None,
    "parent": zipped(GOOD | {"../evil.ipynb": notebook("x")}),
    "parent inside": zipped(GOOD | {"notebooks/ko/../../evil.ipynb": notebook("x")}),
    "absolute": zipped(GOOD | {"/tmp/evil.ipynb": notebook("x")}),
    "backslash": zipped(GOOD | {"notebooks\\ko\\evil.ipynb": notebook("x")}),
    "hidden": zipped(GOOD | {"notebooks/ko/.evil.ipynb": notebook("x")}),
    "solution": zipped(GOOD | {"solutions/ko/u01_optimization.ipynb": notebook("x")}),
    "code": zipped(GOOD | {"course_lib/__init__.py": b"evil"}),
    "no notebook": zipped(GOOD | {UNIT: b'{"cells": 3}'}),
    "no record": zipped({EXERCISE: notebook("x")}),
    "wrong record": zipped(GOOD | {"progress.json": b'{"version": 1}'}),
    "newer record": zipped(GOOD | {"progress.json": b'{"version": 99}'}),
    "newer list": zipped(GOOD, listed={"course_work": 99, "files": {}}),
    "wrong sum": zipped(GOOD, listed={"course_work": 1, "files": dict.fromkeys(GOOD, "0" * 64)}),
    "unlisted": zipped(GOOD, listed={"course_work": 1, "files": {}}),
    "strange list": zipped(GOOD, listed=[1]),
    "link": zipped(GOOD, **{EXERCISE: link(EXERCISE)}),
    "bomb": zipped(GOOD | {UNIT: HUGE}),
    "too many": zipped(GOOD | {f"notebooks/ko/n{i}.ipynb": notebook("x") for i in range(archive.MOST_FILES)}),
    "too large": b"PK" + b"\0" * archive.MOST,
}


def _plain_zip(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
    return buffer.getvalue()


BAD["foreign"] = _plain_zip({"holiday.jpg": b"x"})
BAD["no list"] = _plain_zip(GOOD)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", BAD)
def test_a_damaged_or_foreign_zip_is_refused_and_changes_nothing(course, name, lang):
    before = everything(course.parent)
    with speaking(lang), pytest.raises(Refused) as refusal:
        restore(course, course / "progress.json", BAD[name])
    unchanged = {"ko": "바뀐 것은 없습니다.", "en": "Nothing has been changed."}[lang]
    assert str(refusal.value).endswith(unchanged)
    assert everything(course.parent) == before


def test_a_name_that_stands_twice_is_refused(course):
    with pytest.warns(UserWarning, match="Duplicate name"):
        buffer = io.BytesIO(zipped(GOOD))
        with zipfile.ZipFile(buffer, "a") as out:
            out.writestr(EXERCISE, notebook("x = 7"))
    with pytest.raises(Refused, match="stands twice"):
        restore(course, course / "progress.json", buffer.getvalue())


def test_an_entry_that_says_less_than_it_holds_is_refused(course):
    data = zipped(GOOD)
    size = len(GOOD[EXERCISE]).to_bytes(4, "little")
    assert data.count(size) >= 2
    with pytest.raises(Refused):
        restore(course, course / "progress.json", data.replace(size, (10).to_bytes(4, "little")))


@pytest.mark.parametrize("what", ["file", "folder"])
def test_nothing_is_written_through_a_link(course, tmp_path, what):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "u01_optimization.ipynb").write_text("theirs")
    (course / EXERCISE).unlink()
    if what == "file":
        (course / EXERCISE).symlink_to(outside / "u01_optimization.ipynb")
    else:
        (course / EXERCISE).parent.rmdir()
        (course / EXERCISE).parent.symlink_to(outside)
    with pytest.raises(Refused, match="not a plain file"):
        restore(course, course / "progress.json", zipped(GOOD))
    assert (outside / "u01_optimization.ipynb").read_text() == "theirs"


def test_a_write_that_fails_says_what_has_been_restored(course, monkeypatch):
    real, done = os.replace, []

    def full(source, target):
        if done:
            raise OSError(28, "No space left on device", str(target))
        done.append(target)
        real(source, target)

    files = GOOD | {UNIT: notebook("x = 5")}
    (course / EXERCISE).unlink()
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Refused, match="No space left on device"):
        restore(course, course / "progress.json", zipped(files))


def test_what_is_too_large_for_one_file_is_refused_when_it_is_packed(course):
    noise = os.urandom(archive.MOST).hex()
    write(course, EXERCISE, notebook(noise))
    with pytest.raises(Refused, match=r"8 MB.*u01_optimization"):
        pack(course, course / "progress.json")


def test_a_damaged_record_does_not_keep_notebooks_from_being_saved(course):
    (course / "progress.json").write_text("{")
    files = examine(pack(course, course / "progress.json").data)
    assert EXERCISE in files and record.parse(files["progress.json"]) == record.empty()
