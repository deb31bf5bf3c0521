"""The zip in which a learner's work travels, and its examination: what comes back is believed in nothing.

work.json                               {"course_work": 1, "files": {name: SHA-256}}
progress.json                           the record
exercises/ko/u01_optimization.ipynb …   notebooks
"""

import hashlib
import io
import json
import re
import stat
import zipfile
import zlib

from course_lib.messages import LANGUAGES, t
from course_lib.progress import record

VERSION = 1
MOST = 8 << 20  # bytes of a zip: Jupyter's connection carries 10 MB at once
MOST_FILES, MOST_FILE, MOST_IN_ALL = 200, 20 << 20, 100 << 20  # entries; bytes unpacked
LIST, PROGRESS = "work.json", "progress.json"
FORMS = ("notebooks", "exercises")
NAME = re.compile(rf"({'|'.join(FORMS)})/({'|'.join(LANGUAGES)})/[\w(][\w .,()+-]{{0,120}}\.ipynb")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


class Refused(ValueError):
    """Nothing was packed, or nothing restored; the text says why and what helps."""


def examine(data: bytes) -> dict[str, bytes]:
    """The files of a zip by name, the list aside. Raises Refused for one that this course has not saved."""
    if len(data) > MOST:
        raise _foreign("large", f"{len(data) >> 20} MB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _refuse_entries(entries)
            files = {entry.filename: _content(archive, entry) for entry in entries}
    except Refused:
        raise
    except _DAMAGE as error:
        raise Refused(t("work.no_zip")) from error
    return _refuse_contents(files)


def _refuse_entries(entries):
    """By what the zip says of its entries, before any is unpacked."""
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_IN_ALL:
        raise _foreign("large", f"{len(entries)}")
    seen = set()
    for entry in entries:
        name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
        if name not in (LIST, PROGRESS) and not NAME.fullmatch(name):
            raise _foreign("name", ascii(name))
        if name in seen:
            raise _foreign("twice", name)
        if kind not in (0, stat.S_IFREG):
            raise _foreign("link", name)
        if entry.file_size > MOST_FILE:
            raise _foreign("large", name)
        seen.add(name)
    if LIST not in seen:
        raise _foreign("manifest", LIST)


def _content(archive, entry):
    """An entry unpacked, and never more of it than its size says, whatever the packed bytes hold."""
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise zipfile.BadZipFile
    return content


def _refuse_contents(files):
    """The files without the list, all of which it names with their sums, and each what it should be."""
    sums = _sums(files.pop(LIST))
    for name in sorted({*files, *sums}):
        if name not in files or hashlib.sha256(files[name]).hexdigest() != sums.get(name):
            raise _foreign("sum", ascii(name))
        if name != PROGRESS and not is_notebook(files[name]):
            raise _foreign("notebook", name)
    try:
        record.parse(files[PROGRESS])
    except record.Newer as error:
        raise Refused(t("work.newer")) from error
    except (KeyError, record.Damaged) as error:
        raise _foreign("progress", PROGRESS) from error
    return files


def _sums(listed):
    try:
        found = json.loads(listed)
        version, sums = found["course_work"], found["files"]
        sound = type(version) is int and type(sums) is dict
    except (ValueError, RecursionError, KeyError, TypeError):
        sound = False
    if not sound:
        raise _foreign("manifest", LIST)
    if version > VERSION:
        raise Refused(t("work.newer"))
    return sums


def is_notebook(data: bytes) -> bool:
    """Whether these bytes are a notebook that Jupyter opens: its cells, each with a type and a source."""
    try:
        notebook = json.loads(data)
        cells = notebook["cells"]
        texts = [cell["source"] for cell in cells if cell["cell_type"] in ("markdown", "code", "raw")]
        plain = all(type(text) is str or all(type(line) is str for line in text) for text in texts)
        return len(texts) == len(cells) and plain and notebook["nbformat"] == 4
    except (ValueError, RecursionError, KeyError, TypeError):
        return False


def _foreign(reason, name):
    return Refused(t("work.foreign", reason=t(f"work.reason_{reason}", name=name)))
