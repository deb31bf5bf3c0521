"""How often the assignment may be handed in: every score on the hidden test leaks a little of its labels."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from course_lib.classroom.store import Attempt
from course_lib.messages import t


@dataclass(frozen=True)
class Rules:
    """attempts: how many submissions of a student are graded. cooldown: hours between two of them."""

    attempts: int = 5
    cooldown: float = 24.0


def turned_down(before: list[Attempt], digest: str, rules: Rules, now: datetime) -> str:
    """Why a submission is not graded now, or "". The same file again is no new attempt.

    before: the student's attempts at this assignment, the first one first. now: with a time zone.
    """
    if digest in {attempt.sha256 for attempt in before} or not before:
        return ""
    if len(before) >= rules.attempts:
        return t("classroom.no_attempts", most=rules.attempts)
    free = before[-1].at + timedelta(hours=rules.cooldown)
    if now < free:
        shown = free.astimezone().isoformat(" ", "minutes")
        return t("classroom.cooldown", hours=f"{rules.cooldown:g}", free=shown)
    return ""
