"""The wire under fire: whatever bytes come, the driver gets a plain value or a clean error, soon."""

import json
import os
import threading
import time
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course_lib.grading import wire
from tests.grading.test_wire import VALUES

EXACTLY = (
    type(None),
    type(...),
    bool,
    int,
    float,
    str,
    Fraction,
    *(dtype.type for dtype in wire.DTYPES.values()),
)


def plain(value):
    """Whether a value is made of nothing but what may cross, each of exactly its type."""
    if type(value) in (tuple, list):
        return all(map(plain, value))
    if type(value) is dict:
        return all(type(key) is str for key in value) and all(map(plain, value.values()))
    if type(value) is np.ndarray:
        # A copy of its own, in our byte order: no later byte changes it.
        return value.dtype.name in wire.DTYPES and value.dtype.isnative and value.base is None
    if isinstance(value, wire.Foreign):
        return not vars(value) and all(c.isalnum() or c in "._" for c in type(value).__name__)
    if type(value) is wire.Remote:
        return type(value.number) is int
    return type(value) in EXACTLY


def read(data, chunk=1 << 12):
    """What a channel makes of these bytes, written in chunks and then closed: a Frame, or None."""
    (reading, writing), unused = os.pipe(), os.open(os.devnull, os.O_WRONLY)

    def write():
        with os.fdopen(writing, "wb", buffering=0) as file:
            for place in range(0, len(data), chunk):
                try:
                    file.write(data[place : place + chunk])
                except BrokenPipeError:
                    return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return wire.Channel(reading, unused).receive(until=time.monotonic() + 30)
    except wire.WireError:
        return None
    finally:
        os.close(reading)
        os.close(unused)
        writer.join()


def frame(tree, body=b"", head=None):
    """A frame with this tree, and lengths that fit."""
    header = tree if isinstance(tree, bytes) else json.dumps(["values", "t", tree]).encode()
    return (head or wire.HEAD.pack(wire.MAGIC, len(header), len(body))) + header + body


def mutated(draw, data):
    """The data with bytes changed, cut out, doubled and put in."""
    data = bytearray(data)
    for _ in range(draw(st.integers(1, 5))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        data[start:end] = draw(
            st.sampled_from([b"", b"\0", b"[", b'"', b"9" * 30, bytes(data[start:end]) * 2])
            | st.binary(max_size=8)
        )
    return bytes(data)


@given(st.binary(max_size=400), st.integers(1, 40))
@example(wire.HEAD.pack(wire.MAGIC, 1 << 20, 1 << 24), 1)
@settings(max_examples=100, deadline=None)
def test_any_bytes_on_the_pipe(data, chunk):
    found = read(data, chunk)
    assert found is None or plain(found.value)


@given(VALUES, st.data())
@settings(max_examples=300, deadline=None)
def test_any_damage_to_a_frame(value, data):
    sent = wire.pack("values", "token", value)
    head, rest = sent[: wire.HEAD.size], mutated(data.draw, sent[wire.HEAD.size :])
    _, header, _ = wire.HEAD.unpack(head)
    header = min(header, len(rest))
    try:
        # with lengths that fit, so that the damage reaches what is behind them
        found = wire.unpack(wire.HEAD.pack(wire.MAGIC, header, len(rest) - header) + rest)
    except wire.WireError:
        return
    assert plain(found.value) and type(found.kind) is type(found.token) is str


HOSTILE = {
    "a float with a huge exponent": frame(["float", "0x1p" + "9" * 100_000]),
    "a float with many digits": frame(["float", "0x" + "f" * 1_000_000]),
    "a float that is none": frame(["float", 1.5]),
    "an int with many digits": frame(["int", "9" * 1_000_000]),
    "an int of another script": frame(["int", "٣"]),
    "a bare int with many digits": frame(b'["values", "t", ["int", ' + b"9" * 900_000 + b"]]"),
    "a fraction by nothing": frame(["fraction", "1", "0"]),
    "NaN in the header": frame(b'["values", "t", ["bool", NaN]]'),
    "an array without end": frame(["array", "float64", [1 << 24] * 8]),
    "an empty array without end": frame(["array", "float64", [1 << 24] * 7 + [0]]),
    "an array with a negative side": frame(["array", "int8", [-1, -1]], b"\0"),
    "an array with a side that is a truth value": frame(["array", "int8", [True]], b"\0"),
    "an array of objects": frame(["array", "object", [1]], bytes(8)),
    "an array of a type with a field": frame(["array", "i4,O", [1]], bytes(12)),
    "truth values that are neither": frame(["array", "bool", [2]], b"\2\xff"),
    "a scalar with sides": frame(["scalar", "int8", [3]], b"abc"),
    "a type of no name": frame([[], 1]),
    "a key that is no text": frame(["dict", [1, ["none"]]]),
    "a key that is missing": frame(["dict", []]),
    "a lone surrogate": frame(["str", "\udc80"]),
    "a name that a terminal obeys": frame(["foreign", "\x1b[2J" * 100, "\u202e"]),
    "too many parts": frame(["list"] + [["none"]] * 30_000),
    "too many empty parts": frame(b'["values", "t", ["list"' + b", []" * 250_000 + b"]]"),
    "too deep": frame(b"[" * 500_000 + b"]" * 500_000),
    "too deep in dicts": frame(b'{"":' * 200_000),
    "a header of zeros": frame(bytes(1 << 20)),
    "a body that nobody asked for": frame(["none"], bytes(1 << 20)),
    "a frame behind the frame": frame(["none"]) * 2,
    "lengths that lie": frame(["none"], head=wire.HEAD.pack(wire.MAGIC, 5, 0)),
    "a huge body announced": frame(["none"], head=wire.HEAD.pack(wire.MAGIC, 5, (1 << 32) - 1)),
    "pickle": b"\x80\x04\x95" + bytes(100),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_frame_takes_little_room(data):
    tracemalloc.start()
    try:
        found = wire.unpack(data)
    except wire.WireError:
        found = wire.Frame("", "", None)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert plain(found.value)
    assert peak < 30 * wire.MAX_HEADER + 4 * len(data)


def test_the_largest_frame_takes_no_more_than_a_few_times_its_size():
    data = wire.pack("values", "t", np.zeros(wire.MAX_BODY // 8))
    tracemalloc.start()
    found = read(data, 1 << 16)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.value.nbytes == wire.MAX_BODY and peak < 4 * wire.MAX_BODY
