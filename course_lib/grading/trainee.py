"""A conversation with one box of the assignment: requests, checked answers, and what they cost."""

import secrets
import time

from course_lib.assessment.run import Refusal
from course_lib.grading import wire
from course_lib.grading.box import Overrun
from course_lib.grading.session import clean, told_error
from course_lib.grading.submission import cell_name
from course_lib.messages import catalogue, language, t
from course_lib.training.divergence import Diagnosis

CELL = 10.0  # seconds that one cell may take


class Failed(Refusal):
    """The box gives nothing more, for the reason that the text gives. late: it was too slow."""

    late = False


class Trainee:
    """A fresh box with a submission's cells in it.

    boxes: where it comes from. seconds: that the whole conversation may take; patience: that one answer may.
    """

    def __init__(self, boxes, seconds: float, patience: float):
        self._seconds, self._patience, self.trouble = seconds, patience, ""
        self._box = boxes.take(90.0)  # torch takes its time on a busy machine
        self._ends = time.monotonic() + seconds

    def read(self, cells: dict) -> None:
        """Run the cells, {grade_id: source}, in order. Raises Failed where they lack a part of the recipe."""
        for grade_id, source in cells.items():
            frame = self._frame("cell", {"source": source, "file": f"<{grade_id}>"}, CELL)
            if frame.kind == "raised" and not self.trouble:
                self.trouble = f"{cell_name(grade_id)}: {told_error(frame.value)}"
        missing = self.numbers("speak", lang=language()).get("missing")
        if missing:
            raise Failed("grading.assignment_undefined", names=clean(missing))

    def ask(self, kind: str, **value):
        """What the box answers. Raises Failed with the reason where there is none."""
        frame = self._frame(kind, value, self._patience)
        if frame.kind == "done":
            return frame.value
        if frame.kind == "raised":
            raise Failed("grading.assignment_raised", error=told_error(frame.value).rstrip("."))
        if frame.kind == "diverged":
            raise Failed("grading.assignment_diverged", text=_diagnosis(frame.value))
        raise Failed("grading.forged")

    def numbers(self, kind: str, **value) -> dict:
        """An answer that is a dict. Raises Failed."""
        told = self.ask(kind, **value)
        if type(told) is not dict:
            raise Failed("grading.forged")
        return told

    def cpu(self) -> float:
        """Seconds of CPU time that the box has used, told by the kernel and not by the box."""
        return self._box.cpu()

    def idle(self, seconds: float) -> float:
        """The CPU time that the box uses while nobody asks it anything. seconds: how long one waits."""
        time.sleep(seconds / 2)  # threads of the last answer spin a little while
        before = self.cpu()
        time.sleep(seconds)
        return self.cpu() - before

    @property
    def peak(self) -> int:
        """The most memory that was seen in use, bytes."""
        return self._box.peak

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._box.kill()

    def _frame(self, kind, value, patience):
        token, now = secrets.token_hex(8), time.monotonic()
        try:
            if self._box.channel.waiting():
                raise wire.WireError("nobody was asked")
            self._box.channel.post(kind, token, value)
            frame = self._box.channel.receive(until=min(now + patience, self._ends))
        except Overrun as over:
            raise Failed(over.key, **over.values) from None
        except wire.Late:
            raise self._late(now + patience > self._ends, patience) from None
        except wire.Closed:
            raise Failed("grading.ended") from None
        except wire.WireError:
            raise Failed("grading.forged") from None
        if frame.token != token:
            raise Failed("grading.forged")
        return frame

    def _late(self, all_of_it, patience):
        key = "grading.assignment_time" if all_of_it else "grading.time"
        failed = Failed(key, seconds=f"{self._seconds if all_of_it else patience:.0f}")
        failed.late = True
        return failed


def _diagnosis(told):
    """Where the numbers were no longer finite, in words of ours."""
    told = told if type(told) is dict else {}
    texts = {name: clean(told.get(name)) for name in ("where", "layer", "cause")}
    counts = {name: told.get(name) if type(told.get(name)) is int else 0 for name in ("epoch", "step")}
    sizes = {name: told.get(name) for name in ("rate", "largest", "before", "lowest")}
    sizes = {k: v if type(v) is float else float("nan") for k, v in sizes.items()}
    known = {f"fit.where_{texts['where']}", f"fit.cause_{texts['cause']}"} <= catalogue().keys()
    return Diagnosis(**texts, **counts, **sizes).text if known else t("grading.assignment_not_finite")
