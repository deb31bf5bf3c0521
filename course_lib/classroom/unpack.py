"""Every file that was handed in, out of folders and archives, however they are nested.

Archives are hostile. What comes out of one is written under a number of ours and never under its own name, so
no name leads anywhere; it is read in pieces, and what grows beyond a limit is left where it is. Nothing but
notebooks and archives is taken out. What cannot be taken is a Found with its problem, and the rest goes on.
"""

import json
import os
import re
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from course_lib.classroom.note import Note
from course_lib.grading.submission import MAX_NOTEBOOK

MANIFEST = "course-submission.json"  # in what `course submit` packs
MAX_ENTRIES, MAX_PATH = 20_000, 4096  # of an archive; characters of a name in it, with its folders
MAX_ARCHIVES, MAX_FOLDERS = 4, 50  # in each other
MAX_INNER = 64 << 20  # bytes that an archive in an archive may be, and that may come out of it
MAX_OUTER, MAX_GROWTH = 256 << 20, 50  # bytes that come out of an outermost one; or so many times its own
RATIO, SMALL = 200, 1 << 20  # a file beyond so many bytes that grows so many times is a bomb
_LARGE = {".ipynb": ("grading.huge", MAX_NOTEBOOK), ".zip": ("intake.large", MAX_INNER)}
_CHUNK = 1 << 16
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError, OverflowError)
_DEFLATED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for gigabytes of memory to unpack


@dataclass(frozen=True)
class Found:
    """A file, or what stands in its place. parts: the names on the way to it, archives among them.

    path: where its bytes lie; None without. when: its time, as (year, …, second). problem: why it cannot be
    taken, or "". other: whether it is no notebook, which matters only where there is none beside it.
    claims: who handed it in, as the archive itself says.
    """

    parts: tuple[str, ...]
    path: Path | None = None
    when: tuple = ()
    problem: Note | str = ""
    other: bool = False
    claims: str = ""


class Refused(Exception):
    """Something in an archive is not taken. note: why."""

    def __init__(self, key, **values):
        super().__init__(key)
        self.note = Note(key, **values)


class Purse:
    """The bytes that may still come out of an archive, and of that in which it lies."""

    def __init__(self, left: int, outer: "Purse | None" = None):
        self._left, self._most, self._outer = left, left, outer

    def spend(self, size: int):
        """Take bytes out. Raises Refused where none are left."""
        self._left -= size
        if self._left < 0:
            raise Refused("intake.too_much", most=self._most >> 20)
        if self._outer:
            self._outer.spend(size)


def found_in(path: Path, into: Path) -> Iterator[Found]:
    """What lies in a folder, an archive, or a notebook. into: a folder of ours for what is unpacked."""
    into.mkdir(parents=True, exist_ok=True)
    unpacker = _Unpacker(into)
    if path.is_dir():
        course = path / "submitted"  # nbgrader's, beside what was handed out and what was graded
        yield from unpacker.folder(course if course.is_dir() and not course.is_symlink() else path)
    elif is_archive(path.name):
        yield from unpacker.archive(path, ())
    else:
        yield from unpacker.file(path, (decoded(path.name),))


def is_archive(name: str) -> bool:
    """Whether a file of that name is unpacked."""
    return name.lower().endswith(".zip")


def is_notebook(name: str) -> bool:
    """Whether a file of that name is graded."""
    return name.lower().endswith(".ipynb")


def decoded(name: str) -> str:
    """A file's name as it was meant: an unpacker may have left the bytes of Windows in Korean there."""
    raw = os.fsencode(name)
    return name if name.isprintable() else _text(raw, name)


def _text(raw, otherwise):
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return otherwise


class _Unpacker:
    def __init__(self, into):
        self._into, self._count = into, 0

    def folder(self, top):
        """The files of a folder and its folders, in order. No link is followed."""
        folders = [(top, ())]
        while folders:  # no recursion: a submission may be nested deeper than Python's stack
            folder, parts = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    entries = sorted((e for e in entries if e.name[0] != "."), key=lambda e: e.name)
            except OSError as error:
                yield Found(parts, problem=Note("intake.closed", error=error.strerror))
                continue
            if not entries:
                yield Found((*parts, ""), problem=Note("intake.no_notebook"), other=True)
            inner = []
            for entry in entries:
                here = (*parts, decoded(entry.name))
                if not entry.is_dir(follow_symlinks=False):
                    yield from self.file(Path(entry), here)
                elif len(here) > MAX_FOLDERS:
                    yield Found(here, problem=Note("intake.deep_folders", most=MAX_FOLDERS))
                else:
                    inner.append((Path(entry), here))
            folders += reversed(inner)

    def file(self, path, parts):
        try:
            state = os.lstat(path)
        except OSError as error:
            yield Found(parts, problem=Note("intake.closed", error=error.strerror))
            return
        when = time.localtime(max(state.st_mtime, 0))[:6]
        if is_notebook(path.name):  # whether it is a file at all, is seen when it is read
            yield Found(parts, path, when)
        elif stat.S_ISLNK(state.st_mode):
            yield Found(parts, problem=Note("intake.link"))
        elif is_archive(path.name) and stat.S_ISREG(state.st_mode):
            yield from self.archive(path, parts)
        else:
            yield Found(parts, problem=Note("intake.no_notebook"), other=True)

    def archive(self, path, parts, outer=None, depth=1):
        """What lies in an archive; where that is nothing, the archive itself with its problem."""
        try:
            archive, size = _opened(path, depth)
        except Refused as refusal:
            yield Found(parts, problem=refusal.note)
            return
        purse = Purse(MAX_INNER if outer else max(MAX_OUTER, MAX_GROWTH * size), outer)
        empty, claims = True, _claims(archive)
        with archive:
            for found in self._entries(archive, parts, purse, depth):
                empty = empty and found.other
                yield replace(found, claims=found.claims or claims)
        if empty:
            yield Found(parts, problem=Note("intake.no_notebook"), claims=claims)

    def _entries(self, archive, parts, purse, depth):
        # Archives come last: whatever one of them takes up, the notebooks beside it are there.
        for info in sorted(archive.infolist(), key=lambda info: is_archive(info.filename)):
            names = _parts(info)
            here = (*parts, *[name for name in names if name not in ("", "..")][-MAX_FOLDERS:])
            if info.is_dir() or any(name == "__MACOSX" or re.match(r"[.][^.]", name) for name in names):
                continue
            try:
                _refuse_names(info, names)
                if is_notebook(names[-1]):
                    yield Found(here, self._taken(archive, info, ".ipynb", purse), info.date_time)
                elif is_archive(names[-1]):
                    with self._archive(archive, info, purse) as path:
                        yield from self.archive(path, here, purse, depth + 1)
                else:
                    yield Found(here, problem=Note("intake.no_notebook"), other=True)
            except Refused as refusal:
                yield Found(here, problem=refusal.note)

    @contextmanager
    def _archive(self, archive, info, purse):
        path = self._taken(archive, info, ".zip", purse)
        try:
            yield path
        finally:
            path.unlink()

    def _taken(self, archive, info, ending, purse):
        """Where an entry lies now: in our folder, under a number. Raises Refused."""
        _refuse_kinds(info)
        self._count += 1
        key, most = _LARGE[ending]
        place, size = self._into / f"{self._count:05}{ending}", 0
        place.unlink(missing_ok=True)
        try:
            with open(place, "xb") as file:
                for chunk in _chunks(archive, info):
                    size += len(chunk)
                    if size > SMALL and size > RATIO * info.compress_size:
                        raise Refused("intake.bomb", ratio=RATIO)
                    if size > most:
                        raise Refused(key, most=most >> 20)
                    purse.spend(len(chunk))
                    file.write(chunk)
        except Refused:
            place.unlink()
            raise
        return place


def _opened(path, depth):
    """An archive and its size in bytes. Raises Refused."""
    if depth > MAX_ARCHIVES:
        raise Refused("intake.deep_archives", most=MAX_ARCHIVES)
    try:
        _count_entries(path)
        return zipfile.ZipFile(path), path.stat().st_size
    except _BROKEN as error:
        raise Refused("intake.broken", error=type(error).__name__) from None


def _count_entries(path):
    """Refuse an archive of too many entries before all of them are read. What it says itself may be a lie."""
    count, tail = 0, b""
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            count += (tail + chunk).count(b"PK\x01\x02")
            tail = chunk[-3:]
    if count > MAX_ENTRIES:
        raise Refused("intake.many_entries", most=MAX_ENTRIES)


def _parts(info):
    """The parts of an entry's name; those of Windows too, which is not always marked as UTF-8."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeEncodeError):  # where zipfile has found another name for it
            name = _text(name.encode("cp437"), name)
    return [part for part in name[-MAX_PATH:].replace("\\", "/").split("/") if part != "."] or [""]


def _refuse_names(info, names):
    """Refuse a name that wants to lead elsewhere, or has no end."""
    if len(info.orig_filename) > MAX_PATH:
        raise Refused("intake.long_name", most=MAX_PATH)
    if len(names) > MAX_FOLDERS:
        raise Refused("intake.deep_folders", most=MAX_FOLDERS)
    if ".." in names or names[0] == "" or re.match(r"[A-Za-z]:", names[0]) or "\0" in info.orig_filename:
        raise Refused("intake.bad_name")


def _refuse_kinds(info):
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise Refused("intake.link" if stat.S_ISLNK(mode) else "grading.no_regular_file")
    if info.flag_bits & 1:
        raise Refused("intake.encrypted")
    if info.compress_type not in _DEFLATED:
        raise Refused("intake.compression")


def _chunks(archive, info):
    """An entry's bytes, in pieces. Raises Refused where they are damaged."""
    try:
        with archive.open(info) as entry:
            while chunk := entry.read(_CHUNK):
                yield chunk
    except _BROKEN as error:
        raise Refused("intake.broken", error=type(error).__name__) from None


def _claims(archive):
    """Whose work an archive says it is, or ""."""
    infos = [info for info in archive.infolist() if info.filename == MANIFEST]
    if not infos or infos[0].compress_type not in _DEFLATED or infos[0].flag_bits & 1:
        return ""
    try:
        with archive.open(infos[0]) as entry:
            said = json.loads(entry.read(_CHUNK))
        student = said["student"]
    except (*_BROKEN, KeyError, TypeError, RecursionError):  # then it says nothing
        return ""
    return student if type(student) is str else ""
