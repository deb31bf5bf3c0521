"""Fingerprints of code that stay the same when it is renamed, reformatted, commented or put in another order.

A cell's syntax tree is read statement by statement, each as the list of its nodes in preorder: local names
are one word, arguments their position, constants their class; comments, docstrings, annotations, imports and
`pass` are gone. Of every K nodes in a row a hash is made, and the least of every WINDOW hashes is kept.
Schleimer, Wilkerson & Aiken 2003, Winnowing: Local Algorithms for Document Fingerprinting (MOSS).

No hash reaches from one statement into the next, so their order does not matter. The order of operands does:
in a formula of one line, `beta * m` or `m * beta` is one of the few things that a person chooses.
"""

import ast
import warnings
from collections import defaultdict
from hashlib import blake2b

K, WINDOW = 5, 3  # what two statements share for K + WINDOW - 1 nodes is found
# Fields and nodes that say nothing about how a problem was solved; operators are part of their node's word.
_FIELDS = {"annotation", "returns", "ctx", "op", "type_comment", "kind"}
_STATEMENTS = (ast.Import, ast.ImportFrom, ast.Pass)


def fingerprints(source: str) -> dict[int, set[int]] | None:
    """{hash: the numbers of the lines where it lies, from 1}; None for what is no Python.

    Never raises for what the source holds. The same source gives the same hashes in every process.
    """
    with warnings.catch_warnings(action="ignore"):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    names, found = _names(tree), defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS) and not _is_text(node):
            for mark, lines in _winnowed(_words(node, names)):
                found[mark].update(lines)
    return dict(found)


def _is_text(statement):
    """A docstring, or another constant that stands alone."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _names(tree):
    """{name: the word that stands for it} of the names that the cell itself makes."""
    own, arguments, modules = {}, {}, {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                own[name] = "local"
            case ast.arguments(posonlyargs=first, args=middle, kwonlyargs=last):
                for place, argument in enumerate([*first, *middle, *last]):
                    arguments.setdefault(argument.arg, f"argument {place}")
            case ast.alias(name=name, asname=alias):
                modules[alias or name] = name
    return own | arguments | modules


def _words(statement, names):
    """[(word, line)] of a statement in preorder, without the statements inside it.

    A list of what is still to be read, and no recursion: code may be nested as deep as it likes.
    """
    words, waiting, line = [], [statement], statement.lineno
    while waiting:
        node = waiting.pop()
        line = getattr(node, "lineno", line)
        words.append((_word(node, names), line))
        waiting += reversed([child for child in _children(node) if not isinstance(child, ast.stmt)])
    return words


def _children(node):
    for field, value in ast.iter_fields(node):
        if field not in _FIELDS:
            values = value if isinstance(value, list) else [value]
            yield from (child for child in values if isinstance(child, ast.AST))


def _word(node, names):
    match node:
        case ast.Name(id=name) | ast.arg(arg=name):
            return names.get(name, name)
        case ast.Attribute(attr=name):
            return name
        case ast.keyword(arg=name):
            return f"{name}="
        case ast.Constant(value=value):
            return "number" if type(value) in (int, float) else type(value).__name__
        case ast.BinOp(op=sign) | ast.UnaryOp(op=sign) | ast.BoolOp(op=sign) | ast.AugAssign(op=sign):
            return f"{type(node).__name__} {type(sign).__name__}"
    return type(node).__name__


def _winnowed(words):
    """The chosen hashes of a statement, each with its lines; a statement shorter than K has one."""
    grams = [words[i : i + K] for i in range(max(1, len(words) - K + 1))]
    hashes = [_hash([word for word, _ in gram]) for gram in grams]
    windows = (range(len(hashes))[i : i + WINDOW] for i in range(max(1, len(hashes) - WINDOW + 1)))
    for chosen in {min(window, key=lambda i: (hashes[i], -i)) for window in windows}:
        yield hashes[chosen], {line for _, line in grams[chosen]}


def _hash(words):
    return int.from_bytes(blake2b("\n".join(words).encode(), digest_size=8).digest())
