"""What passes between the driver and the runner: frames of a JSON header and raw bytes, never pickle.

A frame: magic, length of the header, length of the body; the header, JSON `[kind, token, value]`; the body,
the arrays' bytes one after the other. A value is None, Ellipsis, bool, int, float, str, Fraction, a NumPy
array or scalar of a listed dtype, or a tuple, list or dict of such, of exactly these types: anything else,
a subclass as well, crosses as the name of its type and becomes an empty `Foreign`.

This file imports nothing but NumPy, as it also stands in the box. Everything received is checked before it is
believed: whatever the bytes are, a reader gets a Frame or a WireError.
"""

import json
import math
import os
import select
import struct
import time
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np

HEAD = struct.Struct(">4sII")
MAGIC = b"CRS1"
MAX_HEADER, MAX_BODY = 1 << 20, 1 << 24
MAX_NODES, MAX_DEPTH, MAX_TEXT, MAX_DIGITS, MAX_DIMENSIONS = 20_000, 16, 200_000, 64, 8
# The byte order is fixed, so that both sides mean the same.
DTYPES = {name: np.dtype(name).newbyteorder("<") for name in ("bool", "float16", "float32", "float64")}
DTYPES |= {
    f"{sign}int{bits}": np.dtype(f"<{sign[:1] or 'i'}{bits // 8}")
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}


class WireError(Exception):
    """A frame that is malformed, too large, or late; the text is for logs, never for marks."""


class Late(WireError):
    """Nothing more came before the deadline."""


class Closed(WireError):
    """The other side is gone."""


class Frame(NamedTuple):
    """What arrived. kind: what it is. token: that of the request it answers. value: see the module."""

    kind: str
    token: str
    value: object


class Foreign:
    """Stands for an object that may not cross. Its class carries the name of the object's type."""


class Remote:
    """A function of the driver's: it crosses as a number, and calling it asks the driver by `ask`."""

    ask = None  # the runner sets it

    def __init__(self, number):
        self.number = number

    def __call__(self, *args, **keywords):
        """The driver's value. Raises ValueError where the driver refuses."""
        return Remote.ask(self.number, args, keywords)


def foreign(name: str, module: str = "") -> Foreign:
    """A stand-in whose type shows the given name and module, cut to letters that cannot do harm."""
    return _stand_in(_word(name) or "object", _word(module))()


@lru_cache(256)
def _stand_in(name, module):
    return type(name, (Foreign,), {"__module__": module})


def _word(text):
    if type(text) is not str:
        raise WireError("malformed: name")
    return "".join(c for c in text[:60] if c.isalnum() or c in "._")


def pack(kind: str, token: str, value) -> bytes:
    """A frame as bytes. Raises WireError where it would be larger than a reader accepts."""
    body = []
    tree = _encode(value, body, [0], 0)
    header = json.dumps([kind, token, tree], ensure_ascii=True).encode()
    length = sum(map(len, body))
    if len(header) > MAX_HEADER or length > MAX_BODY:
        raise WireError(f"a frame of {len(header) + length} bytes is too large")
    return b"".join([HEAD.pack(MAGIC, len(header), length), header, *body])


def _encode(value, body, count, depth):
    count[0] += 1
    if count[0] > MAX_NODES or depth > MAX_DEPTH:
        raise WireError("the value has too many parts")
    kind = type(value)
    if value is None or value is Ellipsis:
        return ["none" if value is None else "dots"]
    if kind in (tuple, list):
        return [kind.__name__, *(_encode(x, body, count, depth + 1) for x in value)]
    if kind is dict and all(type(key) is str and len(key) <= 200 for key in value):
        return ["dict", *([k, _encode(v, body, count, depth + 1)] for k, v in value.items())]
    if kind is np.ndarray or isinstance(value, np.generic):
        return _encode_array(value, kind, body)
    return _encode_plain(value, kind) or ["foreign", kind.__name__, str(kind.__module__)]


def _encode_plain(value, kind):
    if kind is bool or (kind is str and len(value) <= MAX_TEXT):
        return [kind.__name__, value]
    if kind is int and value.bit_length() <= 63:
        return ["int", str(value)]
    if kind is float:
        return ["float", value.hex()]
    if kind is Fraction and max(value.numerator.bit_length(), value.denominator.bit_length()) <= 200:
        return ["fraction", str(value.numerator), str(value.denominator)]
    return ["remote", str(value.number)] if kind is Remote else None


def _encode_array(value, kind, body):
    name = value.dtype.name
    if (
        name not in DTYPES
        or value.ndim > MAX_DIMENSIONS
        or (kind is not np.ndarray and kind is not np.dtype(name).type)
    ):
        return ["foreign", f"ndarray_of_{name}" if kind is np.ndarray else kind.__name__, "numpy"]
    if value.nbytes > MAX_BODY:
        raise WireError(f"an array of {value.nbytes} bytes is too large")
    body.append(np.asarray(value, dtype=DTYPES[name]).tobytes())
    return ["array" if kind is np.ndarray else "scalar", name, list(value.shape)]


def unpack(data: bytes) -> Frame:
    """The frame that these bytes are, whole and without a rest. Raises WireError."""
    if len(data) < HEAD.size:
        raise WireError("the frame is cut off")
    header, body = lengths(data[: HEAD.size])
    if len(data) != HEAD.size + header + body:
        raise WireError("the lengths do not fit")
    return _decoded(data[HEAD.size : HEAD.size + header], data[HEAD.size + header :])


def lengths(head: bytes) -> tuple[int, int]:
    """The lengths of the header and the body that a frame's first bytes announce. Raises WireError."""
    magic, header, body = HEAD.unpack(head)
    if magic != MAGIC or header > MAX_HEADER or body > MAX_BODY:
        raise WireError("no frame of ours, or too large")
    return header, body


def _decoded(header, body):
    try:
        kind, token, tree = json.loads(header.decode("ascii"))
        reader = _Body(body)
        value = _decode(tree, reader, [0], 0)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise WireError(f"malformed: {type(error).__name__}") from error
    if type(kind) is not str or type(token) is not str or len(kind) > 40 or len(token) > 64:
        raise WireError("malformed: kind or token")
    if reader.at != len(body):
        raise WireError("malformed: bytes are left over")
    return Frame(kind, token, value)


class _Body:
    """Hands out the body's bytes in order."""

    def __init__(self, data):
        self.data, self.at = memoryview(data), 0

    def take(self, count):
        self.at += count
        if self.at > len(self.data):
            raise WireError("malformed: the body is too short")
        return self.data[self.at - count : self.at]


def _decode(tree, body, count, depth):
    count[0] += 1
    if type(tree) is not list or count[0] > MAX_NODES or depth > MAX_DEPTH:
        raise WireError("malformed: tree")
    kind, *rest = tree
    if type(kind) is not str or kind not in _DECODERS:
        raise WireError("malformed: type")
    return _DECODERS[kind](rest, body, lambda part: _decode(part, body, count, depth + 1))


def _array(rest, body, _):
    name, shape = rest
    if type(shape) is not list or len(shape) > MAX_DIMENSIONS:
        raise WireError("malformed: shape")
    if any(type(n) is not int or not 0 <= n <= MAX_BODY for n in shape):
        raise WireError("malformed: shape")
    dtype = DTYPES[name]
    data = body.take(math.prod(shape) * dtype.itemsize)
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))  # a copy of its own


def _scalar(rest, body, part):
    if rest[1:] != [[]]:
        raise WireError("malformed: scalar")
    return _array(rest, body, part)[()]


def _of(kind):
    def decode(rest, body, part):
        (value,) = rest
        if type(value) is not kind or (kind is str and len(value) > MAX_TEXT):
            raise WireError(f"malformed: {kind.__name__}")
        return value

    return decode


def _whole(text):
    if type(text) is not str or len(text) > MAX_DIGITS:
        raise WireError("malformed: int")
    return int(text)


def _int(text):
    value = _whole(text)
    if value.bit_length() > 63:  # more than NumPy's functions take
        raise WireError("malformed: int")
    return value


def _dict(rest, body, part):
    if any(type(key) is not str for key, _ in rest):
        raise WireError("malformed: key")
    return {key: part(value) for key, value in rest}


def _no_more(value):
    def decode(rest, body, part):
        () = rest
        return value

    return decode


_DECODERS = {
    "none": _no_more(None),
    "dots": _no_more(Ellipsis),
    "bool": _of(bool),
    "str": _of(str),
    "int": lambda rest, body, part: _int(*rest),
    "float": lambda rest, body, part: float.fromhex(*rest),
    "fraction": lambda rest, body, part: _fraction(*rest),
    "tuple": lambda rest, body, part: tuple(map(part, rest)),
    "list": lambda rest, body, part: list(map(part, rest)),
    "dict": _dict,
    "array": _array,
    "scalar": _scalar,
    "foreign": lambda rest, body, part: foreign(*rest),
    "remote": lambda rest, body, part: Remote(_int(*rest)),
}


def _fraction(top, bottom):
    if _whole(bottom) == 0:
        raise WireError("malformed: fraction")
    return Fraction(_whole(top), _whole(bottom))


class Channel:
    """Two pipes on which frames come and go. `watch` is called again and again while it waits."""

    def __init__(self, reading: int, writing: int, watch=lambda: None):
        self.reading, self.writing, self.watch = reading, writing, watch
        self._unsent = bytearray()

    def post(self, kind, token="", value=None):
        """Put a frame in line: it is written while one waits for others, so that neither side blocks."""
        self._unsent += pack(kind, token, value)

    def send(self, kind, token="", value=None, *, until=math.inf):
        """Write a frame, and those in line before it. Raises Late, or Closed."""
        self.post(kind, token, value)
        while self._unsent:
            self._wait([], until)

    def receive(self, *, until=math.inf) -> Frame:
        """The next frame. until: a time of time.monotonic(). Raises Late, Closed or WireError."""
        header, body = lengths(self._read(HEAD.size, until))
        return _decoded(self._read(header, until), self._read(body, until))

    def waiting(self) -> bool:
        """Whether bytes wait to be read already."""
        return bool(select.select([self.reading], [], [], 0)[0])

    def _read(self, count, until):
        data = bytearray()
        while len(data) < count:
            self._wait([self.reading], until)
            part = os.read(self.reading, min(count - len(data), 1 << 16))
            if not part:
                raise Closed("the pipe is closed")
            data += part
        return bytes(data)

    def _wait(self, readers, until):
        """Until there is something to read, or something was written.

        The watch and the clock have their turn each time: who writes byte by byte must not keep them away.
        """
        while True:
            self.watch()
            if time.monotonic() > until:
                raise Late("no answer in time")
            ready, writers, _ = select.select(readers, [self.writing] if self._unsent else [], [], 0.02)
            if writers:
                self._write()
            if ready or (writers and not readers):
                return

    def _write(self):
        try:
            # no more than a pipe surely takes, as it may be one that blocks
            del self._unsent[: os.write(self.writing, self._unsent[: select.PIPE_BUF])]
        except BlockingIOError:
            return
        except OSError as error:
            raise Closed(str(error)) from error
