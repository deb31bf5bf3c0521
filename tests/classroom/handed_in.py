"""What a class may hand in, made small: notebooks, archives, and archives that want to do harm."""

import io
import json
import stat
import struct
import zipfile

U1, U2 = "u01_optimization", "u02_regularization"
ASSIGNMENTS = ["assignment", U1, U2]


def notebook(name=U1):
    """A notebook's bytes; it says what it answers to, or with "" nothing."""
    course = {"course": {"source": f"solutions/src/{name}.md"}} if name else {}
    return json.dumps({"cells": [], "metadata": course, "nbformat": 4}).encode()


def zipped(files, **options):
    """An archive's bytes. files: {name, or a ZipInfo: bytes}, or pairs of these."""
    buffer = io.BytesIO()
    pairs = files.items() if isinstance(files, dict) else files
    with zipfile.ZipFile(buffer, "w", **({"compression": zipfile.ZIP_DEFLATED} | options)) as archive:
        for name, data in pairs:
            archive.writestr(name, data)
    return buffer.getvalue()


def typed(name, kind, to=b"/etc/passwd"):
    """An archive with an entry that is a link or a device."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o644) << 16
    return zipped([(info, to)])


def patched(data, old, new):
    """Bytes in which a name is another one of the same length, as no tool would write it."""
    assert len(old) == len(new) and old in data
    return data.replace(old, new)


def flagged(data, bit):
    """An archive all of whose entries carry a flag, in both places where flags stand."""
    data = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", data, at + offset)
            struct.pack_into("<H", data, at + offset, flags | bit)
            at = data.find(mark, at + 4)
    return bytes(data)


def unmarked(files, encoding):
    """An archive with names in an encoding that it does not tell. files: {name: bytes}."""
    stand_in = {name: f"{'x' * len(name.encode(encoding))}" for name in files}
    data = zipped({stand_in[name]: content for name, content in files.items()})
    for name, other in stand_in.items():
        data = data.replace(other.encode(), name.encode(encoding))
    return data


def nested(depth, inner=None):
    """A notebook in so many archives."""
    data = inner or zipped({f"{U1}.ipynb": notebook()})
    for _ in range(depth - 1):
        data = zipped({"more.zip": data})
    return data


def overlapping(count):
    """An archive whose entries all mean the same 20 MB: more comes out of it than its size could hold."""
    data = bytearray(zipped({f"{U1}.ipynb": b"[" + b" 1" * (9 << 20)}))
    end = data.rfind(b"PK\x05\x06")
    start = data.find(b"PK\x01\x02")
    directory = bytes(data[start:end])
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, count, count, len(directory) * count)
    return bytes(data[:start]) + directory * count + bytes(tail)


BOMB = zipped({f"{U1}.ipynb": bytes(30 << 20)})
HOSTILE = {
    "traversal": (zipped({"../../evil.ipynb": notebook()}), "bad_name"),
    "traversal of Windows": (zipped({"..\\..\\evil.ipynb": notebook()}), "bad_name"),
    "absolute": (zipped({"/tmp/evil.ipynb": notebook()}), "bad_name"),
    "a drive": (zipped({"C:/evil.ipynb": notebook()}), "bad_name"),
    "NUL in a name": (
        patched(zipped({"evil.ipynbX.exe.ipynb": notebook()}), b"ipynbX", b"ipynb\0"),
        "bad_name",
    ),
    "folders without end": (zipped({f"{'a/' * 60}x.ipynb": notebook()}), "deep_folders"),
    "a name without end": (zipped({f"{'a_1' * 20_000}.ipynb": notebook()}), "long_name"),
    "link": (typed(f"{U1}.ipynb", stat.S_IFLNK), "link"),
    "device": (typed(f"{U1}.ipynb", stat.S_IFCHR), "grading.no_regular_file"),
    "bomb": (BOMB, "bomb"),
    "bomb in an archive": (zipped({"more.zip": BOMB}), "bomb"),
    "archives twenty deep": (nested(20), "deep_archives"),
    "encrypted": (flagged(zipped({f"{U1}.ipynb": notebook()}), 1), "encrypted"),
    "LZMA": (zipped({f"{U1}.ipynb": notebook()}, compression=zipfile.ZIP_LZMA), "compression"),
    "no archive": (b"PK nothing of the kind", "broken"),
    "empty file": (b"", "broken"),
    "cut off": (zipped({f"{U1}.ipynb": notebook()})[:-30], "broken"),
    "broken directory": (
        patched(zipped({f"{U1}.ipynb": notebook()}), b"PK\x01\x02", b"PK\x01\x09"),
        "broken",
    ),
    "two different names": (
        patched(zipped({"aaaa.ipynb": notebook()}), b"aaaa.ipynb", b"aaaa.ipynb").replace(
            b"aaaa.ipynb", b"bbbb.ipynb", 1
        ),
        "broken",
    ),
    "name that is no UTF-8": (
        flagged(patched(zipped({"aaaa.ipynb": notebook()}), b"aaaa", b"\xff\xfe\xff\xfe"), 0x800),
        "broken",
    ),
    "damaged data": (
        zipped({f"{U1}.ipynb": bytes(range(256)) * 40}, compression=zipfile.ZIP_STORED).replace(
            bytes(range(100)), bytes(100), 1
        ),
        "broken",
    ),
    "no notebook": (zipped({"essay.pdf": b"x", "u01_optimization.ipynb.txt": b"x"}), "no_notebook"),
    "nothing": (zipped({}), "no_notebook"),
    "malformed notebook": (zipped({f"{U1}.ipynb": b'{"cells": ['}), "grading.no_json"),
}
