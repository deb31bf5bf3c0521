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

    Of a docstring the summary and the formula are shown; `help(function)` gives all of it.
    Raises TypeError for what has no Python source (a built-in function, a number).
    """
    function = inspect.unwrap(function)
    source = textwrap.dedent(inspect.getsource(function))
    definition = ast.parse(source).body[0]
    lines = source.splitlines()
    if docstring := ast.get_docstring(definition):
        place = definition.body[0]
        lines[place.lineno - 1 : place.end_lineno] = _shortened(docstring)
    return Code("\n".join(lines[definition.lineno - 1 :]), _file(function))


def _shortened(docstring):
    """The lines of a docstring with its first paragraph and, if it follows, the indented formula."""
    summary, *others = docstring.split("\n\n")
    formula = [others[0]] if others and others[0].startswith("    ") else []
    text = "\n\n".join([summary, *formula])
    quoted = f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'
    return textwrap.indent(quoted, "    ").splitlines()


def _file(function):
    """The path as a reader finds it in the repository; the bare file name outside of it."""
    path, house = Path(inspect.getsourcefile(function)), Path(course_lib.__file__).parent.parent
    return path.relative_to(house).as_posix() if path.is_relative_to(house) else path.name
