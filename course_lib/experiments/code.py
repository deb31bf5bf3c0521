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
from types import FunctionType, ModuleType, UnionType

from course_lib.messages import t

PACKAGE = "course_lib"
# No part of a shape: neither changes a number, and that an import is not lazy only Python 3.15 notes.
_LEFT_OUT = ("decorator_list", "is_lazy")
# What is shown to readers, and the list of what exists, change no number.
_TEXTS = ("course_lib.messages", "course_lib.registry")
_PLAIN = (bool, int, float, str, bytes, type(None))


def code_hash(*functions) -> str:
    """16 hexadecimal digits that stay the same until a number could change: on every machine alike.

    functions: functions or classes of course_lib. Raises ValueError where one uses a module of course_lib as
    a whole, since what it takes from there could not be followed.
    """
    parts: dict[str, str] = {}
    for function in functions:
        _visit(function, parts)
    text = "\n".join(f"{name}: {parts[name]}" for name in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _visit(value, parts):
    """Add what `value` consists of to parts, {name: its code}; returns how a user of it refers to it."""
    value = inspect.unwrap(value) if callable(value) else value  # what lies under functools.cache
    if isinstance(value, partial):
        return [_visit(value.func, parts), _visit(value.args, parts), _visit(value.keywords, parts)]
    if isinstance(value, Mapping):
        return [[_visit(k, parts), _visit(v, parts)] for k, v in value.items()]
    if isinstance(value, (tuple, list, range)):
        return [_visit(item, parts) for item in value]
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, UnionType):
        return "UnionType"  # whose name is Union since Python 3.14
    if not isinstance(value, (FunctionType, type)) or not _ours(value.__module__):
        return type(value).__name__  # another library's: its version is noted with the result
    name = f"{value.__module__}.{value.__qualname__}"
    if name not in parts:
        tree = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
        tree.decorator_list = []
        parts[name] = ""  # so that a recursive function ends here
        parts[name] = repr([_shape(tree), _globals(value, tree, parts)])
    return name


def _globals(function, tree, parts):
    """What the code means by its global names: [[name, meaning], …]."""
    scope = vars(inspect.getmodule(function))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    meanings = []
    # where the file lies on this machine changes no number
    for name in sorted(names & set(scope) - _locals(tree) - {"__file__"}):
        value = scope[name]
        if isinstance(value, ModuleType):
            if _ours(value.__name__):
                for part in _parts_used(name, tree, function, value):
                    meanings.append([f"{name}.{part}", _visit(getattr(value, part), parts)])
        elif value is not function:
            meanings.append([name, _visit(value, parts)])
    return meanings


def _locals(tree):
    """Names that a function's own parameters and assignments hide, whatever they mean outside."""
    if not isinstance(tree, ast.FunctionDef):
        return set()
    taken = {node.arg for node in ast.walk(tree.args) if isinstance(node, ast.arg)}
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return taken | {node.id for node in stored if isinstance(node.ctx, ast.Store)}


def _parts_used(name, tree, function, module):
    """What the code takes out of a module, by `name.part`. Raises ValueError if it passes the module on."""
    bases = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    used = {node.attr for node in bases if isinstance(node.value, ast.Name) and node.value.id == name}
    inside = {id(node.value) for node in bases}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name and id(node) not in inside:
            raise ValueError(t("claim.module", function=function.__qualname__, got=module.__name__))
    return sorted(used)


def _ours(module):
    return module.split(".")[0] == PACKAGE and not module.startswith(_TEXTS)


def _shape(node):
    """A syntax tree as lists. Empty fields are left out: which there are differs between Python versions."""
    if isinstance(node, list):
        return [_shape(item) for item in node if not _is_docstring(item)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [(k, v) for k, v in ast.iter_fields(node) if v not in (None, []) and k not in _LEFT_OUT]
    return [type(node).__name__, *([k, _shape(v)] for k, v in fields)]


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
