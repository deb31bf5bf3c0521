"""A class's own cases of the diagnosis lab: handed out without their causes, which the secret gives again."""

from pathlib import Path

from course_lib.assessment.lab import CAUSES, LabClosed, made_from, write_cases
from course_lib.grading.release import NotGradable
from course_lib.grading.secret import read_secret, seed_of
from course_lib.messages import t


def make_cases(out: Path, secret: Path | None = None, count: int = len(CAUSES)) -> Path:
    """Write the cases that a class finds in its lab, to lie beside its notebooks. Raises BadSecret, OSError.

    secret: where the secret lies, as for grading. count: of cases.
    """
    write_cases(out, _seed(read_secret(secret)), count)
    return out


def seed_of_cases(secret: bytes, cases: Path | None) -> int | None:
    """What the handed-out cases were drawn from, None where a class has none of its own.

    Raises NotGradable where the file was made from another secret, or is no file of cases.
    """
    if cases is None:
        return None
    seed = _seed(secret)
    try:
        fits = made_from(cases, seed)
    except LabClosed as problem:
        raise NotGradable(str(problem)) from None
    if not fits:
        raise NotGradable(t("lab.other_secret", path=cases))
    return seed


def _seed(secret):
    return seed_of(secret, "diagnosis")
