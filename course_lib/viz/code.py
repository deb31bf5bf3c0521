"""The library's own source, shown in a notebook."""

import ast
import inspect
import textwrap
from pathlib import Path

import course_lib


class Code:
    """Python source under its file name. Shown as Markdown: coloured in JupyterLab and on GitHub."""

    def __init__(self, source: str, file: str):
        self.source, self.file = source, file

    def _repr_mimebundle_(self, **kwargs):
        return {
            "text/markdown": f"`{self.file}`\n\n```python\n{self.source}\n```",
            "text/plain": f"# {self.file}\n{self.source}",
        }


def show_code(function) -> Code:
    """The source of a Python function or class, without its decorators, and the file where it stands.

    Raises TypeError for what has no Python source (a built-in function, a number).
    """
    function = inspect.unwrap(function)
    source = textwrap.dedent(inspect.getsource(function))
    definition = ast.parse(source).body[0]
    lines = source.splitlines()[definition.lineno - 1 :]
    return Code("\n".join(lines), _file(function))


def _file(function):
    """The path as a reader finds it in the repository; the bare file name outside of it."""
    path, house = Path(inspect.getsourcefile(function)), Path(course_lib.__file__).parent.parent
    return path.relative_to(house).as_posix() if path.is_relative_to(house) else path.name
