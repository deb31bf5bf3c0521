"""One submission's conversation with its box: cells, calls, and a new box where one is lost."""

import contextlib
import math
import secrets
import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from course_lib import registry
from course_lib.assessment import calling
from course_lib.assessment.run import Refusal, TimeUp, time_limit
from course_lib.grading import wire
from course_lib.grading.box import Overrun
from course_lib.messages import t

MAX_NUMBER, MAX_BYTES = 10**6, 1 << 20  # of what the learner's code may ask our functions for


@dataclass(frozen=True)
class Budget:
    """Seconds of one cell, of one call (a whole case), of one task with all its calls, and of everything."""

    cell: float = 10.0
    call: float = 10.0
    task: float = 60.0
    submission: float = 300.0
    asks: int = 2_000  # how often a call may ask a function of ours


class Lost(Refusal):
    """The box is lost, for the reason that the text gives; the next request opens another one."""


class Session:
    """Runs cells and calls of one submission. boxes: where its boxes come from. Call `close` at the end."""

    def __init__(self, boxes, budget: Budget | None = None):
        self._boxes, self._budget, self._box = boxes, budget or Budget(), None
        self._kept, self._library, self._lent, self._task = [], [], [], ""
        self.peak = 0
        self._task_ends, self._ends = 0.0, time.monotonic() + self._budget.submission

    def begin(self, task: str):
        """What follows is done for this task: its time runs, and its own reference is not lent."""
        self._task, self._task_ends = task, time.monotonic() + self._budget.task

    def cell(self, source: str, file: str) -> str:
        """Execute a cell; returns what it raised, or "". Raises Lost; then it is left out for good."""
        frame = self._request("cell", {"source": source, "file": file})
        self._kept.append(("cell", {"source": source, "file": file}))
        return "" if frame.kind == "done" else told_error(frame.value)

    def given(self, source: str, file: str):
        """Execute a cell that the notebook brings; where the box is lost there, the next one has it too."""
        self._ours("cell", {"source": source, "file": file})

    def lend(self, functions: dict):
        """Give the cells functions of ours under these names; every call of one comes back to us."""
        start = len(self._library)
        self._library += functions.values()
        self._ours("names", {name: wire.Remote(start + i) for i, name in enumerate(functions)})

    def _ours(self, kind, value):
        # What breaks the box here is of the learner's making, and shows in the answers.
        with contextlib.suppress(Lost):
            self._request(kind, value)
        self._kept.append((kind, value))

    def value(self, answer: str):
        """The value of an expression, as plain data. Raises Refusal, or Lost."""
        (frame,) = self._calls([{"answer": answer}])
        if isinstance(frame, Refusal):
            raise frame
        return frame

    def values(self, answer: str, signature: str, tries: list) -> list:
        """For each try its runs, each the values of every call, or a Refusal. A try is a case and its runs.

        Each try has a process of its own. Raises Lost.
        """
        self._lent = []
        asked = {"answer": answer, "signature": signature}
        found = self._calls([asked | self._try(case, times) for case, times in tries])
        for runs, (case, times) in zip(found, tries, strict=True):
            if not isinstance(runs, Refusal) and not (
                _is_list(runs, times) and all(_is_list(run, len(case.inputs)) for run in runs)
            ):
                raise self._lose("grading.forged")
        return found

    def _try(self, case, times):
        parts = {name: self._crossing(getattr(case, name)) for name in ("start", "inputs", "hyper")}
        return {**parts, "carries_state": case.carries_state, "times": times}

    def close(self):
        """End the box."""
        if self._box is not None:
            self.peak = max(self.peak, self._box.peak)
            self._box.kill()
            self._box = None

    def _crossing(self, value):
        """A case's part with a name or a number in the place of each function."""
        if isinstance(value, partial) and calling.FUNCTIONS.get(value.func.__name__) is value.func:
            parts = (value.func.__name__, *map(self._crossing, (value.args, value.keywords)))
            return dict(zip(("function", "args", "keywords"), parts, strict=True))
        if isinstance(value, (tuple, list)):
            return type(value)(self._crossing(x) for x in value)
        if hasattr(value, "items"):
            return {k: self._crossing(v) for k, v in value.items()}
        if callable(value):
            self._lent.append(value)
            return wire.Remote(len(self._library) + len(self._lent) - 1)
        return value

    def _calls(self, requests):
        """For each request the value, or a Refusal. All stand in line at once: nobody waits in between."""
        tokens = [secrets.token_hex(8) for _ in requests]
        with self._guarded() as box:
            for token, request in zip(tokens, requests, strict=True):
                box.channel.post("call", token, request)
            return [self._outcome(box, token) for token in tokens]

    def _outcome(self, box, token):
        """What one call gives: its value, or a Refusal. Raises WireError, or Lost."""
        with self._within(self._budget.call, self._task_ends) as until:
            answer = self._frame(box, token, until)
            if answer.kind == "ended":
                return Refusal("grading.ended")
            if self._frame(box, token, until).kind != "ended":
                raise wire.WireError("two answers")
        return answer.value if answer.kind in ("value", "values") else _refusal(answer)

    def _request(self, kind, value):
        """The answer to a cell, or to names."""
        token = secrets.token_hex(8)
        with self._guarded() as box:
            box.channel.post(kind, token, value)
            with self._within(self._budget.cell) as until:
                return self._frame(box, token, until)

    @contextlib.contextmanager
    def _within(self, seconds, task_ends=math.inf):
        """Until when it may take: so long, and no longer than the task and the submission. Raises Overrun."""
        limits = {
            time.monotonic() + seconds: ("grading.time", seconds),
            task_ends: ("grading.task_time", self._budget.task),
            self._ends: ("grading.submission_time", self._budget.submission),
        }
        try:
            yield min(limits)
        except wire.Late:
            key, seconds = limits[min(limits)]
            raise Overrun(key, seconds=f"{seconds:g}") from None

    @contextlib.contextmanager
    def _guarded(self):
        """A box to talk to. Whatever goes wrong with it there, it is lost, and Lost says why."""
        if time.monotonic() > self._ends:  # no more boxes for it
            raise self._lose("grading.submission_time", seconds=f"{self._budget.submission:g}")
        if self._box is not None and (self._box.over or self._box.channel.waiting()):
            self.close()  # an earlier request's doing: this one is not to suffer for it
        while self._box is None:
            self._reopen()
        try:
            if self._box.channel.waiting():
                raise wire.WireError("nobody was asked")
            yield self._box
        except Overrun as over:
            raise self._lose(over.key, **over.values) from None
        except wire.Closed:
            over = self._box.over or Overrun("grading.ended")
            raise self._lose(over.key, **over.values) from None
        except wire.WireError:
            raise self._lose("grading.forged") from None

    def _reopen(self):
        """A new box, in which the cells run again that did no harm before."""
        self._box = self._boxes.take()
        again, self._kept = self._kept, []
        for kind, value in again:
            with contextlib.suppress(Lost):
                self._request(kind, value)
                self._kept.append((kind, value))

    def _lose(self, key, **values):
        self.close()
        return Lost(key, **values)

    def _frame(self, box, token, until):
        """The next frame that answers this request; functions are lent meanwhile. Raises WireError."""
        asks = 0
        while True:
            frame = box.channel.receive(until=until)
            if frame.kind != "ask":
                break
            asks += 1
            if asks > self._budget.asks:
                raise wire.WireError("too many asks")
            box.lending.send(*self._lend(frame.value), until=until)
        if frame.token != token:
            raise wire.WireError("not the answer to our request")
        return frame

    def _lend(self, asked):
        """The answer to a call of a function of ours: kind, token and value of the frame."""
        lent = [*self._library, *self._lent]
        if type(asked) is not list or len(asked) != 3:
            raise wire.WireError("malformed: ask")
        number, args, keywords = asked
        if type(number) is not int or type(args) is not tuple or type(keywords) is not dict:
            raise wire.WireError("malformed: ask")
        if not 0 <= number < len(lent):
            raise wire.WireError("malformed: ask")
        function, entry = lent[number], registry.find(lent[number])
        if entry is not None and entry.name == self._task:
            return "refused", "", t("grading.task_itself", name=entry.name)
        if not _modest((args, keywords)):
            return "refused", "", t("grading.asks_too_much")
        try:
            with time_limit(2.0), np.errstate(all="ignore"):
                return "value", "", function(*args, **keywords)
        except (
            Exception,
            TimeUp,
        ) as error:  # the arguments are the learner's: whatever comes goes back there
            return "refused", "", f"{type(error).__name__}: {error}"[:300]


def _is_list(value, length):
    return type(value) is list and len(value) == length


def _refusal(frame):
    """Why a call gave no value, as a Refusal. Raises WireError on what no runner of ours says."""
    if frame.kind == "misfit" and type(frame.value) is dict:
        values = {k: clean(v) for k, v in frame.value.items()}
        key = values.pop("key", "")
        if key in _MISFITS and values.keys() == _MISFITS[key]:
            return Refusal(key, **values)
    if frame.kind == "raised":
        return Refusal("grading.raised", error=told_error(frame.value))
    if frame.kind == "large":
        return Refusal("grading.large")
    raise wire.WireError("no answer of ours")


# What a runner may say of a function, and what each message needs.
_MISFITS = {
    "check.not_function": {"got"},
    "check.signature": {"want", "got", "why"},
    "check.in_place": set(),
    "check.not_pair": {"got"},
    "check.not_written": set(),
    "check.exception": {"error", "text", "line", "code"},
}


def told_error(value):
    """What a cell raised, in one line."""
    if type(value) is not dict:
        return "?"
    return f"{clean(value.get('error'))}: {clean(value.get('text'))}".removesuffix(": ")


def clean(text):
    """A text of the learner's as one short line without control characters."""
    return "".join(c if c.isprintable() else " " for c in text[:300]) if type(text) is str else "?"


def _modest(value):
    """Whether a function of ours can be called with this and neither run long nor fill the memory."""
    arrays, numbers = _parts(value)
    return sum(a.nbytes for a in arrays) <= MAX_BYTES and math.prod(numbers) <= MAX_NUMBER


def _parts(value):
    """All arrays in a value, and all whole numbers, 0 and negative ones without sign and as 1.

    As few numbers in an array may be a shape, those count too.
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        parts = [_parts(x) for x in value]
        return [a for arrays, _ in parts for a in arrays], [n for _, numbers in parts for n in numbers]
    if isinstance(value, np.ndarray):
        shape = value.ravel().tolist() if value.dtype.kind in "iu" and value.size <= 8 else []
        return [value], [max(1, abs(n)) for n in shape]
    return [], [max(1, abs(int(value)))] if isinstance(value, (int, np.integer)) else []
