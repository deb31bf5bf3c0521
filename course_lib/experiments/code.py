"""A hash of the code that an experiment runs through, so that an outdated stored result is noticed.

It follows the experiment's function into every function, class and constant of `course_lib` that it
names, and theirs in turn. Comments, docstrings, layout, decorators and texts do not count.
"""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Mapping
from functools import partial
from types import FunctionType, ModuleType

PACKAGE = "course_lib"
# What is shown to readers, and the list of what exists, change no number.
_TEXTS = ("course_lib.messages", "course_lib.registry")
_PLAIN = (bool, int, float, str, bytes, type(None))


def code_hash(*functions) -> str:
    """16 hexadecimal digits that stay the same until a number could change: on every machine alike.

    functions: functions or classes of course_lib.
    """
    parts: dict[str, str] = {}
    for function in functions:
        _visit(function, parts)
    text = "\n".join(f"{name}: {parts[name]}" for name in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _visit(value, parts):
    """Add what `value` consists of to parts, {name: its code}; returns how a user of it refers to it."""
    if isinstance(value, partial):
        return [_visit(value.func, parts), _visit(value.args, parts), _visit(value.keywords, parts)]
    if isinstance(value, Mapping):
        return [[_visit(k, parts), _visit(v, parts)] for k, v in value.items()]
    if isinstance(value, (tuple, list, range)):
        return [_visit(item, parts) for item in value]
    if isinstance(value, _PLAIN):
        return repr(value)
    if not isinstance(value, (FunctionType, type)) or not _ours(value.__module__):
        return type(value).__name__  # another library's: its version is noted with the result
    function = inspect.unwrap(value) if isinstance(value, FunctionType) else value
    name = f"{function.__module__}.{function.__qualname__}"
    if name not in parts:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        parts[name] = ""  # so that a recursive function ends here
        parts[name] = repr([_shape(tree), _globals(function, tree, parts)])
    return name


def _globals(function, tree, parts):
    """What the code means by its global names: [[name, meaning], …]."""
    scope = vars(inspect.getmodule(function))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known = [name for name in sorted(names) if name in scope and not isinstance(scope[name], ModuleType)]
    return [[name, _visit(scope[name], parts)] for name in known if scope[name] is not function]


def _ours(module):
    return module.split(".")[0] == PACKAGE and not module.startswith(_TEXTS)


def _shape(node):
    """A syntax tree as lists. Empty fields are left out: which there are differs between Python versions."""
    if isinstance(node, list):
        return [_shape(item) for item in node if not _is_docstring(item)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(k, v) for k, v in ast.iter_fields(node) if v not in (None, []) and k != "decorator_list"]
    return [type(node).__name__, *([k, _shape(v)] for k, v in fields)]


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
