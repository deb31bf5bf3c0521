"""Where the course's files lie on this machine."""

from pathlib import Path

from course_lib.messages import t


def repo_root(start: str | Path | None = None) -> Path:
    """The course's folder: the nearest one at or above `start`, else the one around this package.

    start: a folder, by default the current one. A folder is the course's when it holds
    course_lib/registry.py and notebooks/. Raises FileNotFoundError where neither search finds it.
    """
    begin = Path(start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents, *Path(__file__).resolve().parents):
        if (folder / "course_lib" / "registry.py").is_file() and (folder / "notebooks").is_dir():
            return folder
    raise FileNotFoundError(t("builder.no_root", got=str(begin)))
