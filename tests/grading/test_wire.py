"""The wire: what may cross comes back as it was; whatever else comes is a clean error."""

import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.grading import wire

ARRAYS = hnp.arrays(
    st.sampled_from([np.dtype(name) for name in wire.DTYPES]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
)
PLAIN = st.one_of(
    st.none(),
    st.just(...),
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(),
    st.text(max_size=20),
    st.fractions(),
    ARRAYS,
    ARRAYS.map(lambda a: a.dtype.type(0)),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=8,
)


def same(a, b):
    """Whether two values are alike in type and content."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return a == b or a != a


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_what_may_cross_comes_back(value):
    frame = wire.unpack(wire.pack("values", "token", value))
    assert (frame.kind, frame.token) == ("values", "token") and same(frame.value, value)


@given(
    st.binary(max_size=200) | st.binary(max_size=200).map(lambda b: wire.HEAD.pack(wire.MAGIC, len(b), 0) + b)
)
@settings(max_examples=300, deadline=None)
def test_noise_is_a_clean_error(data):
    with pytest.raises(wire.WireError):
        wire.unpack(data)


@given(VALUES, st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_frame_is_a_clean_error_or_another_value(value, data):
    frame = bytearray(wire.pack("values", "token", value))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        wire.unpack(bytes(frame))
    except wire.WireError:
        return


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(list(wire._DECODERS)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@given(st.sampled_from(list(wire._DECODERS)), st.lists(TREES, max_size=4), st.binary(max_size=40))
@settings(max_examples=400, deadline=None)
def test_a_forged_header_is_a_clean_error_or_a_value(kind, rest, body):
    import json

    header = json.dumps(["values", "t", [kind, *rest]]).encode()
    try:
        wire.unpack(wire.HEAD.pack(wire.MAGIC, len(header), len(body)) + header + body)
    except wire.WireError:
        return


class Equal(np.ndarray):
    """Equal to everything."""

    def __eq__(self, other):
        return True


class Text(str):
    """A text that could be more."""


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2).view(Equal),
        Text("he"),
        np.array([object()]),
        np.zeros(2, "M8[s]"),
        2**70,
        object(),
        {1: 2},
        len,
        1j,
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_crosses_as_the_name_of_its_type(value):
    crossed = wire.unpack(wire.pack("value", "", [value])).value[0]
    assert isinstance(crossed, wire.Foreign)
    assert type(value).__name__ in type(crossed).__name__


def test_what_is_too_large_or_too_deep_is_refused_by_the_sender():
    deep = []
    for _ in range(30):
        deep = [deep]
    for value in (np.zeros(wire.MAX_BODY), [0] * (wire.MAX_NODES + 1), deep):
        with pytest.raises(wire.WireError):
            wire.pack("value", "", value)


def test_announced_sizes_are_checked_before_anything_is_read():
    with pytest.raises(wire.WireError):
        wire.lengths(wire.HEAD.pack(wire.MAGIC, wire.MAX_HEADER + 1, 0))
    with pytest.raises(wire.WireError):
        wire.lengths(wire.HEAD.pack(b"PICK", 1, 0))
    header = b'["values", "", ["array", "float64", [16000000, 16000000]]]'
    with pytest.raises(wire.WireError):
        wire.unpack(wire.HEAD.pack(wire.MAGIC, len(header), 0) + header)


def test_a_deep_header_ends_cleanly():
    header = b"[" * 200_000
    with pytest.raises(wire.WireError):
        wire.unpack(wire.HEAD.pack(wire.MAGIC, len(header), 0) + header)


def test_a_channel_says_what_is_wrong_with_the_other_side():
    import time

    (ours, theirs), other = os.pipe(), os.pipe()
    channel = wire.Channel(ours, other[1])
    with pytest.raises(wire.Late):
        channel.receive(until=time.monotonic() + 0.05)
    os.write(theirs, wire.pack("value", "t", Fraction(1, 3)))
    assert channel.receive(until=time.monotonic() + 1).value == Fraction(1, 3)
    os.close(theirs)
    with pytest.raises(wire.Closed):
        channel.receive()
    os.close(other[0])
    with pytest.raises(wire.Closed):
        channel.send("value")
