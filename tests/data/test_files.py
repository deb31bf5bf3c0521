"""Fashion-MNIST and CIFAR-10: small files in their formats, sound or not; a bad server."""

import gzip
import hashlib
import http.server
import io
import pickle
import tarfile
import threading
import time

import numpy as np
import pytest

from course_lib.data import files
from course_lib.data.files import Source

RNG = np.random.default_rng(0)


def idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


@pytest.fixture
def fashion(tmp_path):
    """A folder with small Fashion-MNIST files, and the arrays in them."""
    arrays = {}
    for part, n in (("train", 30), ("t10k", 10)):
        x = RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        y = (np.arange(n) % 10).astype(np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(x)))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(y)))
        arrays[part] = x, y
    return tmp_path, arrays


def test_fashion_mnist_is_read(fashion):
    folder, arrays = fashion
    data = files.load_fashion_mnist(folder, validation=5)
    x, y = arrays["train"]
    np.testing.assert_array_equal(np.concatenate([data.x_train, data.x_val])[:, 0], x)
    np.testing.assert_array_equal(np.concatenate([data.y_train, data.y_val]), y)
    np.testing.assert_array_equal(data.x_test[:, 0], arrays["t10k"][0])
    assert data.x_val.shape == (5, 1, 28, 28) and data.x_train.dtype == np.uint8
    assert data.y_train.dtype == data.y_test.dtype == np.int64 and len(data.classes) == 10


@pytest.mark.parametrize("validation", [0, 30, -1, True])
def test_validation_must_leave_pictures_on_both_sides(fashion, validation):
    with pytest.raises(ValueError, match="validation must be at least 1 and less than the 30"):
        files.load_fashion_mnist(fashion[0], validation=validation)


def test_idx_is_read_with_and_without_gzip(tmp_path):
    array = RNG.integers(0, 256, (2, 3, 4), dtype=np.uint8)
    (tmp_path / "plain").write_bytes(idx(array))
    np.testing.assert_array_equal(files.read_idx(tmp_path / "plain"), array)


def faulty(content):
    """Contents that are not what they should be, of the gzipped `content`."""
    packed = gzip.compress(content)
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 0xFF
    return {
        "cut gzip": packed[:-20],
        "flipped bits": bytes(flipped),
        "cut inside": gzip.compress(content[:-1]),
        "too long": gzip.compress(content + b"\0"),
        "cut in the head": gzip.compress(content[:6]),
        "a web page": b"<html>404</html>",
        "other numbers": gzip.compress(b"\0\0\x0d" + content[3:]),
        "empty": b"",
    }


@pytest.mark.parametrize("fault", faulty(b"x" * 100))
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_a_faulty_idx_file_is_refused_by_name(fashion, name, fault):
    path = fashion[0] / name
    path.write_bytes(faulty(gzip.decompress(path.read_bytes()))[fault])
    with pytest.raises(ValueError, match=rf"{name} is truncated, damaged or another file \(.+\)\. Delete it"):
        files.load_fashion_mnist(fashion[0], validation=5)


def test_files_that_do_not_fit_together_are_refused(fashion):
    folder, (x, y) = fashion[0], fashion[1]["train"]
    labels = folder / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx(y[:-1])))
    with pytest.raises(ValueError, match=r"labels.*the shape must be \(30,\), got \(29,\)"):
        files.load_fashion_mnist(folder, validation=5)
    labels.write_bytes(gzip.compress(idx(y + 1)))
    with pytest.raises(ValueError, match=r"labels must be whole numbers 0 … 9"):
        files.load_fashion_mnist(folder, validation=5)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(x[:, 1:])))
    with pytest.raises(ValueError, match=r"images.*the shape must be \(n, 28, 28\), got \(30, 27, 28\)"):
        files.load_fashion_mnist(folder, validation=5)
    labels.unlink()
    with pytest.raises(FileNotFoundError):
        files.load_fashion_mnist(folder, validation=5)


def binary(x, y):
    return b"".join(bytes([label]) + row.tobytes() for row, label in zip(x, y, strict=True))


def python_3(x, y):
    return pickle.dumps({b"data": x.reshape(len(x), -1), b"labels": [int(v) for v in y]}, protocol=2)


def python_2(x, y):
    """A batch as Python 2 and an old NumPy wrote it, opcode by opcode: the published files are such."""

    def text(content):
        return b"T" + len(content).to_bytes(4, "little") + content

    def whole(n):
        return b"J" + int(n).to_bytes(4, "little", signed=True)

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(" + whole(0) + b"t" + text(b"b") + b"tR"
        b"(" + whole(1) + b"(" + whole(len(x)) + whole(3072) + b"t"
        b"cnumpy\ndtype\n(" + text(b"u1") + whole(0) + whole(1) + b"tR"
        b"(" + whole(3) + text(b"|") + b"NNN" + whole(-1) * 2 + whole(0) + b"tb"
        b"\x89" + text(x.tobytes()) + b"tb"
    )
    labels = b"(" + b"".join(map(whole, y)) + b"l"
    name = text(b"batch_label") + text(b"training batch 1 of 5")
    return b"\x80\x02(" + name + text(b"labels") + labels + text(b"data") + array + b"d."


FORMATS = {"binary": (files.BINARY, binary), "new": (files.PYTHON, python_3), "old": (files.PYTHON, python_2)}


def cifar(folder, form):
    """Write six small batches into a folder; returns the arrays in them."""
    names, write = FORMATS[form]
    folder.mkdir()
    arrays = []
    for name in names:
        x = RNG.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
        y = RNG.integers(0, 10, 4)
        (folder / name).write_bytes(write(x, y))
        arrays.append((x, y))
    return arrays


def pack(folder, path):
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, arcname=folder.name)
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", FORMATS)
def test_cifar10_is_read_in_all_its_formats(tmp_path, form, packed):
    folder = tmp_path / "cifar-10-batches"
    arrays = cifar(folder, form)
    data = files.load_cifar10(pack(folder, tmp_path / "c.tar.gz") if packed else folder, validation=6)
    x, y = (np.concatenate(parts) for parts in zip(*arrays, strict=True))
    np.testing.assert_array_equal(np.concatenate([data.x_train, data.x_val, data.x_test]), x)
    np.testing.assert_array_equal(np.concatenate([data.y_train, data.y_val, data.y_test]), y)
    assert data.x_val.shape == (6, 3, 32, 32) and data.x_test.shape == (4, 3, 32, 32)
    assert data.x_train.dtype == np.uint8 and data.y_train.dtype == np.int64
    assert not packed or {path.name for path in tmp_path.iterdir()} == {"cifar-10-batches", "c.tar.gz"}


def test_an_array_that_numpy_stored_by_columns_is_read_as_well():
    x = np.asfortranarray(RNG.integers(0, 256, (3, 3072), dtype=np.uint8))
    read, _ = files.read_python(pickle.dumps({b"data": x, b"labels": [1, 2, 3]}, protocol=2), "b")
    np.testing.assert_array_equal(read.reshape(3, -1), x)


class Runs:
    """Pickled, it asks to run a function when it is read."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


RAN = []


def test_nothing_in_a_python_batch_is_run(tmp_path):
    cifar(tmp_path / "c", "new")
    target = tmp_path / "c" / "data_batch_3"
    for hostile in (Runs(RAN.append, 1), Runs(eval, "RAN.append(1)"), {b"data": Runs(exec, "RAN.append(1)")}):
        target.write_bytes(pickle.dumps(hostile))
        with pytest.raises(ValueError, match=r"data_batch_3.*only NumPy arrays.*nothing was run"):
            files.load_cifar10(tmp_path / "c", validation=6)
    assert RAN == []


@pytest.mark.parametrize(
    "wrong",
    [
        [1, 2],
        {b"labels": [1]},
        {b"data": 7, b"labels": [1]},
        {b"data": np.zeros((1, 3072)), b"labels": [1]},
        {b"data": np.zeros((1, 3071), np.uint8), b"labels": [1]},
        {b"data": np.zeros(3072, np.uint8), b"labels": [1]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": [1, 2]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": ["a"]},
        {b"data": np.array([[RAN]], dtype=object), b"labels": [1]},
    ],
    ids=str,
)
def test_a_pickle_that_is_no_batch_is_refused(tmp_path, wrong):
    cifar(tmp_path / "c", "new")
    (tmp_path / "c" / "data_batch_2").write_bytes(pickle.dumps(wrong, protocol=2))
    with pytest.raises(ValueError, match="data_batch_2 is truncated, damaged or another file"):
        files.load_cifar10(tmp_path / "c", validation=6)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_cut_batch_is_refused(tmp_path, form, keep):
    cifar(tmp_path / "c", form)
    path = tmp_path / "c" / FORMATS[form][0][1]
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=rf"{path.name} is truncated, damaged"):
        files.load_cifar10(tmp_path / "c", validation=6)


@pytest.mark.parametrize("keep", [0, 100, 20_000, -30])
def test_a_cut_archive_is_refused(tmp_path, keep):
    cifar(tmp_path / "c", "binary")
    path = pack(tmp_path / "c", tmp_path / "c.tar.gz")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"c\.tar\.gz is truncated, damaged"):
        files.load_cifar10(path, validation=6)


def test_an_archive_or_folder_without_batches_is_refused(tmp_path):
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("readme.txt"), io.BytesIO())
    with pytest.raises(
        ValueError, match=r"c\.tar\.gz is truncated, damaged or another.*not a batch of CIFAR-10"
    ):
        files.load_cifar10(tmp_path / "c.tar.gz")
    with pytest.raises(FileNotFoundError, match=r"holds no CIFAR-10 files.*data_batch_1\.bin"):
        files.load_cifar10(tmp_path)
    with pytest.raises(FileNotFoundError):
        files.load_cifar10(tmp_path / "none.tar.gz")


CONTENT = bytes(RNG.integers(0, 256, 200_000, dtype=np.uint8))


class Faulty(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT, with the fault that the path names."""

    def do_GET(self):
        fault = self.path.strip("/")
        if fault == "missing":
            return self.send_error(404)
        body = {"other": CONTENT[::-1], "long": CONTENT + b"more", "short": CONTENT[:-1]}.get(fault, CONTENT)
        self.send_response(200)
        if fault != "long":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "cut":
            body = body[:70_000]
        try:
            if fault == "silent":
                self.wfile.write(body[:1000])
                self.server.released.wait(10)
            elif fault == "trickle":
                for i in range(1000):
                    self.wfile.write(body[i : i + 1])
                    self.server.released.wait(0.02)
            else:
                self.wfile.write(body)
        except OSError:
            return None  # the reader has had enough
        return None

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Faulty)
    server.released = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def source(server, monkeypatch):
    """`source("cut")`: "fashion-mnist" becomes one file of the server's, with that fault."""

    def set_(fault):
        one = Source(f"{server}/{fault}", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
        monkeypatch.setitem(files.SOURCES, "fashion-mnist", (one,))

    return set_


def test_a_sound_download_takes_its_place_and_is_not_repeated(source, tmp_path, monkeypatch):
    source("sound")
    (path,) = files.download("fashion-mnist", tmp_path / "new")
    assert path.read_bytes() == CONTENT and list(path.parent.iterdir()) == [path]
    monkeypatch.setattr(files, "fetch", lambda *args, **options: pytest.fail("fetched again"))
    assert files.download("fashion-mnist", tmp_path / "new") == [path]


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("cut", ConnectionError, "expected 200000 bytes, got 70000|could not be fetched"),
        ("short", ConnectionError, "expected 200000 bytes, got 199999. Nothing was stored"),
        ("long", ConnectionError, "expected 200000 bytes"),
        ("other", ValueError, "not the expected file .SHA-256"),
        ("missing", ConnectionError, "could not be fetched .*404"),
        ("silent", ConnectionError, "could not be fetched .*timed out"),
        ("trickle", ConnectionError, "could not be fetched .*it took too long"),
    ],
)
def test_a_faulty_download_is_refused_and_leaves_nothing(source, tmp_path, fault, error, message):
    source(fault)
    begun = time.monotonic()
    with pytest.raises(error, match=message):
        files.download("fashion-mnist", tmp_path, timeout=0.3, limit=0.5)
    assert time.monotonic() - begun < 5
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_leaves_what_was_there(source, tmp_path):
    source("other")
    (tmp_path / "other").write_bytes(b"before")
    with pytest.raises(ValueError, match="SHA-256"):
        files.download("fashion-mnist", tmp_path)
    assert (tmp_path / "other").read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1


def test_no_server_at_all_is_a_clear_error(tmp_path, monkeypatch):
    one = Source("http://127.0.0.1:1/x.gz", 1, "0")
    monkeypatch.setitem(files.SOURCES, "fashion-mnist", (one,))
    with pytest.raises(ConnectionError, match=r"x\.gz could not be fetched .*Check the network"):
        files.download("fashion-mnist", tmp_path, timeout=2)


def test_an_unknown_data_set_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no data set 'mnist' to download; there are: 'fashion-mnist'"):
        files.download("mnist", tmp_path)


def test_the_published_files_are_named_with_hash_and_size():
    for source in (s for sources in files.SOURCES.values() for s in sources):
        assert source.url.startswith("http") and source.size > 5000
        assert len(source.sha256) == 64 and source.name.endswith(".gz")
