"""Fashion-MNIST and CIFAR-10 from the files that their makers publish: read where they lie, or downloaded.

Nothing is downloaded unless `download` is called. What arrives is checked by size and SHA-256 before it takes
its name. A file that is cut, damaged or another one is refused with its name and the remedy.
"""

import gzip
import hashlib
import http.client
import io
import os
import pickle
import tarfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from course_lib.messages import t

CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Pictures:
    """What `fit` trains on, and a test part. x_…: (n, C, H, W) uint8. y_…: (n,) int64, 0 … 9.

    classes: the names of the labels.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A file on the net: where, how many bytes, which hash."""

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


_ZALANDO = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"  # no https there: the hash guards
SOURCES = {
    "fashion-mnist": (
        Source(
            _ZALANDO + "train-images-idx3-ubyte.gz",
            26421880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        Source(
            _ZALANDO + "train-labels-idx1-ubyte.gz",
            29515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        Source(
            _ZALANDO + "t10k-images-idx3-ubyte.gz",
            4422102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        Source(
            _ZALANDO + "t10k-labels-idx1-ubyte.gz",
            5148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    "cifar-10": (
        Source(
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            170052171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    ),
}
FASHION = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
ROW = 3 * 32 * 32  # the bytes of one CIFAR picture
# CIFAR's files in its two formats: training batches, then the test batch
BINARY = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
PYTHON = tuple(name.removesuffix(".bin") for name in BINARY)


def load_fashion_mnist(folder, *, validation: int = 5000) -> Pictures:
    """Fashion-MNIST from a folder with its four .gz files: 60 000 and 10 000 pictures of 1 × 28 × 28.

    validation: so many of the last training pictures are held back. Raises FileNotFoundError, and ValueError
    on a file that is cut, damaged or another one.
    Source: Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.
    """
    parts = []
    for part in ("train", "t10k"):
        images, labels = (Path(folder) / f"{part}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1"))
        x, y = read_idx(images), read_idx(labels)
        with _blaming(images):
            _expect(x.shape[1:] == (28, 28) and len(x), t("data.shape", want="(n, 28, 28)", got=x.shape))
        parts.append((x[:, None], _labels(labels, y, len(x))))
    return _pictures(*parts, validation, FASHION)


def load_cifar10(path, *, validation: int = 5000) -> Pictures:
    """CIFAR-10 from its .tar.gz, or from the folder unpacked from it; the binary or the Python version.

    validation: so many of the last training pictures are held back. x: 3 × 32 × 32, red, green, blue.
    Python batches are pickles: they are read without running anything that stands in them.
    Raises FileNotFoundError, and ValueError on a file that is cut, damaged or another one.
    Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images, §3.1.
    """
    path = Path(path)
    parts = []
    for name, content in (_in_folder(path) if path.is_dir() else _in_archive(path)).items():
        x, y = (read_binary if name.endswith(".bin") else read_python)(content, path / name)
        parts.append((x, _labels(path / name, y, len(x))))
    *train, test = parts
    train = tuple(np.concatenate(arrays) for arrays in zip(*train, strict=True))
    return _pictures(train, test, validation, CIFAR)


def _pictures(train, test, validation, classes):
    x, y = train
    if isinstance(validation, bool) or not 0 < validation < len(x):
        raise ValueError(t("data.validation", got=repr(validation), count=len(x)))
    return Pictures(
        x[:-validation], y[:-validation], x[-validation:], y[-validation:], *test, classes=classes
    )


def read_idx(path) -> np.ndarray:
    """An array of bytes in the IDX format, gzipped or not: 0 0 8 d, d sizes of four bytes each, the data.

    Returns uint8. Raises FileNotFoundError and ValueError. Source: LeCun, the MNIST database, file formats.
    """
    content = Path(path).read_bytes()
    with _blaming(path):
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        _expect(content[:3] == b"\0\0\x08" and len(content) > 3, t("data.magic", got=content[:4].hex(" ")))
        start = 4 + 4 * content[3]
        _expect(len(content) >= start, t("data.cut", got=len(content), want=start))
        shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
        want = start + int(np.prod(shape, dtype=object))
        _expect(len(content) == want, t("data.cut", got=len(content), want=want))
        return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_binary(content: bytes, path):
    """A binary batch of CIFAR-10: rows of a label and 3072 values → (n, 3, 32, 32) and (n,), uint8."""
    with _blaming(path):
        whole = len(content) // (1 + ROW) * (1 + ROW)
        _expect(0 < len(content) == whole, t("data.cut", got=len(content), want=whole + 1 + ROW))
        rows = np.frombuffer(content, np.uint8).reshape(-1, 1 + ROW)
        return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]


def read_python(content: bytes, path):
    """A Python batch of CIFAR-10, a pickled dict of data and labels → (n, 3, 32, 32) and (n,)."""
    with _blaming(path):
        stored = _Batch(io.BytesIO(content), encoding="bytes").load()
        _expect(isinstance(stored, dict) and {b"data", b"labels"} <= set(stored), t("data.no_batch"))
        x, y = _array(stored[b"data"]), np.array(stored[b"labels"])
        _expect(x.shape[1] == ROW, t("data.shape", want=("n", ROW), got=x.shape))
        return x.reshape(-1, 3, 32, 32), y


class _Inert:
    """Stands in for what a pickled array names: keeps what it is given, and does nothing."""

    def __init__(self, *given):
        self.given = given

    def __setstate__(self, state):
        self.state = state


def _latin(text, encoding):
    """How Python 3 writes bytes in an old pickle."""
    return text.encode("latin1")


class _Batch(pickle.Unpickler):
    """Unpickles NumPy's arrays of bytes as inert records; any other name in the pickle is refused."""

    KNOWN: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): _Inert,
        ("numpy._core.multiarray", "_reconstruct"): _Inert,
        ("numpy", "ndarray"): _Inert,
        ("numpy", "dtype"): _Inert,
        ("_codecs", "encode"): _latin,
    }

    def find_class(self, module, name):
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError(t("data.forbidden", got=f"{module}.{name}"))
        return self.KNOWN[module, name]


def _array(record):
    """The array (n, m) of bytes that NumPy pickled as (version, shape, dtype, by columns, bytes)."""
    _, shape, dtype, by_columns, content = record.state
    _expect(dtype.given[0] in ("u1", b"u1") and len(shape) == 2, t("data.no_batch"))
    return np.frombuffer(content, np.uint8).reshape(shape, order="F" if by_columns else "C")


def _labels(path, y, count):
    """Labels as int64, one for each of `count` pictures, all in 0 … 9."""
    with _blaming(path):
        _expect(y.shape == (count,), t("data.shape", want=(count,), got=y.shape))
        _expect(np.issubdtype(y.dtype, np.integer) and y.min() >= 0 and y.max() <= 9, t("data.label"))
        return y.astype(np.int64)


def _in_folder(folder):
    """{name: content} of the batches in a folder, in one of the two formats."""
    for names in (BINARY, PYTHON):
        if all((folder / name).is_file() for name in names):
            return {name: (folder / name).read_bytes() for name in names}
    raise FileNotFoundError(t("data.no_batches", path=str(folder), names=", ".join(BINARY)))


def _in_archive(path):
    """{name: content} of the batches in a .tar.gz; nothing is unpacked to the disk."""
    found = {}
    packed = path.open("rb")
    with packed, _blaming(path), gzip.open(packed) as content:
        with tarfile.open(fileobj=content, mode="r|") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                if member.isfile() and name in BINARY + PYTHON:
                    _expect(member.size < 2 * 10_000 * (1 + ROW), t("data.no_batch"))
                    found[name] = archive.extractfile(member).read()
        while content.read(CHUNK):  # to the end, where gzip's own checksum stands
            pass
        names = BINARY if BINARY[0] in found else PYTHON
        _expect(set(names) <= set(found), t("data.no_batch"))
    return {name: found[name] for name in names}


@contextmanager
def _blaming(path):
    """Turn whatever a bad file makes fail into a ValueError that names the file and the remedy.

    A cut or damaged file fails in gzip, tarfile, pickle or NumPy, each in ways of its own.
    """
    try:
        yield
    except Exception as error:
        raise ValueError(t("data.bad_file", path=str(path), error=error)) from error


def _expect(fits, otherwise):
    if not fits:
        raise ValueError(otherwise)


def download(name: str, folder, *, timeout: float = 30.0, limit: float = 3600.0) -> list[Path]:
    """Fetch the files of "fashion-mnist" or "cifar-10" into a folder; those already there and sound are kept.

    timeout: seconds without a byte. limit: seconds in all, for each file. Returns the files' paths.
    Raises ValueError on another name or on content that is not the expected, ConnectionError where the net
    fails; neither leaves a file behind.
    """
    if name not in SOURCES:
        raise ValueError(t("data.no_source", got=repr(name), known=", ".join(map(repr, SOURCES))))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / source.name for source in SOURCES[name]]
    for source, path in zip(SOURCES[name], paths, strict=True):
        if not (path.is_file() and _sha256(path) == source.sha256):
            fetch(source, path, timeout=timeout, limit=limit)
    return paths


def fetch(source: Source, path, *, timeout: float, limit: float) -> None:
    """One file, into a neighbour of its place until size and hash are right. Raises as `download` does."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as out:
            got, digest = _receive(source, out, timeout, time.monotonic() + limit)
        if got != source.size:
            raise ConnectionError(t("data.cut_off", url=source.url, got=got, want=source.size))
        if digest != source.sha256:
            raise ValueError(t("data.hash", url=source.url, got=digest, want=source.sha256))
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _receive(source, out, timeout, deadline):
    """Write what the server sends, one byte more than expected at most; returns its size and SHA-256."""
    got, digest = 0, hashlib.sha256()
    try:
        with urllib.request.urlopen(source.url, timeout=timeout) as answer:
            # read1 returns what is there: a server that trickles is held to the deadline as well
            while got <= source.size and (part := answer.read1(CHUNK)):
                if time.monotonic() > deadline:
                    raise TimeoutError(t("data.too_slow"))
                got += len(part)
                digest.update(part)
                out.write(part)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise ConnectionError(t("data.no_download", url=source.url, error=error)) from error
    return got, digest.hexdigest()


def _sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
