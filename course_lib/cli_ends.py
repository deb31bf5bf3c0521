"""How a command ends where it cannot go on: a message on stderr, and the exit status 2."""

import errno
import os
import sys
from pathlib import Path

import typer

from course_lib.messages import catalogue, t

NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


def or_exit(work, *args, **options):
    """The result of some work; ends with its message where files or what is asked are missing or wrong."""
    from course_lib.classroom.handout import Refused
    from course_lib.grading.release import NotGradable
    from course_lib.grading.secret import BadSecret

    try:
        return work(*args, **options)
    except OSError as error:
        print(of_system(error), file=sys.stderr)
    except (ValueError, Refused, NotGradable, BadSecret) as problem:
        print(problem, file=sys.stderr)
    raise typer.Exit(2)


def root() -> Path:
    """The course's folder; ends with a message where there is none."""
    from course_lib.paths import repo_root

    return or_exit(repo_root)


def of_system(error: OSError) -> str:
    """An error about a file in the user's language: the path, what is wrong, what to do.

    An error of our own speaks for itself, and so does one that is about no file.
    """
    if error.filename is None or error.errno is None:
        return str(error)
    name = "EACCES" if error.errno in NOT_ALLOWED else errno.errorcode.get(error.errno, "")
    key = f"cli.system.{name}" if f"cli.system.{name}" in catalogue() else "cli.system.other"
    return t(key, path=repr(str(error.filename)), reason=os.strerror(error.errno))
