"""A learner's work as one zip: the notebooks that they have changed, and the record of their progress."""

import hashlib
import io
import json
import os
import stat
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course_lib.messages import LANGUAGES, t
from course_lib.progress import record
from course_lib.progress.archive import (
    FORMS,
    LIST,
    MOST,
    NAME,
    PROGRESS,
    VERSION,
    Refused,
    examine,
    is_notebook,
)

KEPT = "saved-work"  # what a restore replaced


@dataclass(frozen=True)
class Packed:
    """A zip for download. notebooks: their paths below the course's folder."""

    data: bytes
    file: str
    notebooks: tuple[str, ...]


@dataclass(frozen=True)
class Restored:
    """What was restored, and which changed notebooks it replaced: copies are in the folder `kept_in`."""

    notebooks: tuple[str, ...]
    kept: tuple[str, ...]
    kept_in: str


def cells_sha(cells) -> str:
    """A fingerprint of a notebook's cells without their outputs: 12 digits."""
    texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()[:12]


def is_changed(data: bytes) -> bool:
    """Whether a stored notebook differs from what the builder made, outputs aside; one's own does.

    What cannot be read as a notebook counts as changed: it is not the builder's.
    """
    try:
        notebook = json.loads(data)
        return notebook["metadata"]["course"]["cells"] != cells_sha(notebook["cells"])
    except (ValueError, KeyError, TypeError):
        return True


def changed(root: Path) -> list[str]:
    """The notebooks that a learner has changed or added, as paths below the course's folder."""
    found = (path for form in FORMS for lang in LANGUAGES for path in (root / form / lang).glob("*.ipynb"))
    names = {path.relative_to(root).as_posix(): path for path in sorted(found) if path.is_file()}
    texts = {name: path.read_bytes() for name, path in names.items() if NAME.fullmatch(name)}
    return [name for name, data in texts.items() if is_notebook(data) and is_changed(data)]


def pack(root: Path, progress: Path) -> Packed:
    """The changed notebooks as they are stored, and the record `progress`, if it can be read.

    A unit's outputs are left out, as it runs in a minute; those of an exercise may have taken longer.
    Raises Refused if it all is too large.
    """
    files = {name: _slim(name, (root / name).read_bytes()) for name in changed(root)}
    try:
        files[PROGRESS] = json.dumps(record.read(progress)).encode()
    except (record.Damaged, OSError):
        files[PROGRESS] = json.dumps(record.empty()).encode()
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    files[LIST] = json.dumps({"course_work": VERSION, "files": sums}).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    if len(data := buffer.getvalue()) > MOST:
        largest = sorted(files, key=lambda name: -len(files[name]))[:3]
        size = f"{len(data) / (1 << 20):.1f}"
        raise Refused(t("work.too_large", most=MOST >> 20, size=size, names=", ".join(largest)))
    notebooks = tuple(name for name in files if name not in (LIST, PROGRESS))
    examine(data)  # what is handed out can be restored
    return Packed(data, f"course-work-{datetime.now():%Y-%m-%d-%H%M}.zip", notebooks)


def _slim(name, data):
    """A notebook of notebooks/ without outputs; anything else as it is."""
    if not name.startswith("notebooks/"):
        return data
    notebook = json.loads(data)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def restore(root: Path, progress: Path, data: bytes) -> Restored:
    """Put the notebooks of a zip back into their places, and add its progress to the record.

    A changed notebook that stands in the way is first copied into saved-work/<time>/. Raises Refused, with
    nothing written, for a zip that is damaged or not this course's, and for a place that is no plain file;
    and Refused too if writing fails midway, naming what has been restored.
    """
    files = examine(data)
    found = record.parse(files.pop(PROGRESS))
    for name in files:
        _refuse_detours(root, name)
    before = {name: (root / name).read_bytes() for name in files if (root / name).exists()}
    kept = [name for name, old in before.items() if is_changed(old) and not _same(old, files[name])]
    folder = _free_folder(root) if kept else None
    done = []
    try:
        for name in kept:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            record.replace(folder / name, before[name])
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            record.replace(root / name, content)
            done.append(name)
        record.change(progress, lambda now: now.update(record.merged(now, found)))
    except OSError as error:
        place = error.filename or progress
        text = t("work.not_written", path=place, reason=error.strerror, done=", ".join(done) or "–")
        raise Refused(text) from error
    return Restored(tuple(done), tuple(kept), f"{KEPT}/{folder.name}" if folder else "")


def _same(one, other):
    """Whether two notebooks have the same cells, outputs aside."""
    try:
        return cells_sha(json.loads(one)["cells"]) == cells_sha(json.loads(other)["cells"])
    except (ValueError, KeyError, TypeError):
        return one == other


def _refuse_detours(root, name):
    """No link on the way to a notebook's place, and nothing there but a plain file."""
    place = root
    for part in Path(name).parts:
        place = place / part
        wanted = stat.S_ISREG if place.suffix == ".ipynb" else stat.S_ISDIR
        if os.path.lexists(place) and not wanted(place.lstat().st_mode):
            raise Refused(t("work.occupied", path=place.relative_to(root).as_posix()))


def _free_folder(root):
    stamp, number = f"{datetime.now():%Y-%m-%d-%H%M%S}", 1
    folder = root / KEPT / stamp
    while folder.exists():
        number += 1
        folder = root / KEPT / f"{stamp}-{number}"
    return folder
