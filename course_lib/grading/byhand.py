"""What the source of an answer says of how it was written.

The exercises ask for algorithms by hand, in Python and NumPy. NumPy may be used as a whole, `np.linalg` too:
in no task is one function of NumPy the answer. Libraries that hold the answers are neither in the box nor
lent; `libraries` finds where an answer reaches for one, so that a person can be told why it failed.
"""

import ast
import re
import warnings

LIBRARIES = {"course_lib", "torch", "torchvision", "scipy", "sklearn", "tensorflow", "keras", "jax"}
# Lines that IPython alone understands: %timeit x, !ls, adam?
_MAGIC = re.compile(r"(?m)^[ \t]*(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$")


def libraries(source: str) -> list[str]:
    """The libraries that the code reaches for, in alphabetical order: it imports, or names, one.

    Comments and sentences do not count. Code that is no Python reaches for nothing.
    """
    tree = _parsed(source)
    return sorted({root for node in ast.walk(tree) for root in _roots(node)} & LIBRARIES) if tree else []


def _parsed(source):
    """The syntax tree, or None where it is no Python, or nested beyond what the parser follows."""
    with warnings.catch_warnings(action="ignore"):
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _roots(node):
    """The first parts of the names of modules that stand in a node."""
    match node:
        case ast.Import(names):
            found = [alias.name for alias in names]
        case ast.ImportFrom(module=str(module)):
            found = [module]
        case ast.Name(name):
            found = [name]
        case ast.Constant(str(text)) if all(part.isidentifier() for part in text.split(".")):
            found = [text]  # as in __import__("torch.nn")
        case _:
            found = []
    return [name.split(".")[0] for name in found]


def without_magics(source: str) -> str:
    """The cell with each of IPython's own lines replaced by an empty one; as it is, if it is Python."""
    return source if _parsed(source) else _MAGIC.sub("", source)
