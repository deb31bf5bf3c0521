"""Where the record of a learner's progress lies, and whether this process may write one at all."""

import os
import sys
from pathlib import Path

from course_lib.paths import repo_root

SETTING = "COURSE_PROGRESS"  # "off", or the path of the record
FOLDER, NAME = ".progress", "progress.json"


def learning() -> bool:
    """Whether a person has a notebook open here, so that progress is noted.

    Jupyter's server tells a kernel that it starts for a notebook on the screen its name (JPY_SESSION_NAME),
    and VS Code leaves the file's path in it; `course build`, nbval, nbgrader and the class grader do neither.
    COURSE_PROGRESS decides where it is set: "off" is no, a path is yes.
    """
    setting = os.environ.get(SETTING, "")
    if setting == "off":
        return False
    in_editor = hasattr(sys.modules.get("__main__"), "__vsc_ipynb_file__")
    return bool(setting) or "JPY_SESSION_NAME" in os.environ or in_editor


def record_file() -> Path:
    """The record: where COURSE_PROGRESS says, else in the course's folder, else among the user's own data.

    The course's folder serves if it is this user's own and writable: in a shared one everybody would
    write into the same record.
    """
    setting = os.environ.get(SETTING, "")
    if setting not in ("", "off"):
        return Path(setting)
    try:
        root = repo_root()
    except FileNotFoundError:  # the library alone is installed
        root = None
    if root and _is_ours(root):
        return root / FOLDER / NAME
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "course-progress" / NAME


def _is_ours(folder):
    own = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
    return own and os.access(folder, os.W_OK)
