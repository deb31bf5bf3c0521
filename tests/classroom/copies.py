"""Code as it looks when somebody hides where it comes from: it does the same, and looks different."""

import ast
import random


def renamed(source: str, seed: int = 0) -> str:
    """With other local names, and without comments, as one layout writes it."""
    tree = ast.parse(source)
    given = {
        argument.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for argument in _all(node)
    }
    own = sorted(
        {
            node.id
            for body in ast.walk(tree)
            if isinstance(body, ast.FunctionDef)
            for node in ast.walk(body)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        - given
    )
    words = random.Random(seed).sample([f"{a}_{b}" for a in "xyzuw" for b in "abcdefgh"], len(own))
    return ast.unparse(_Rename(dict(zip(own, words, strict=True))).visit(tree))


def _all(arguments):
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


class _Rename(ast.NodeTransformer):
    def __init__(self, names):
        self._names = names

    def visit_Name(self, node):
        return ast.Name(self._names.get(node.id, node.id), node.ctx)


def reformatted(source: str, seed: int = 0) -> str:
    """In another layout, with a docstring, comments and blank lines."""
    lines, wild = [], random.Random(seed)
    for line in ast.unparse(ast.parse(source)).split("\n"):
        space = line[: len(line) - len(line.lstrip())]
        lines += [f"{space}# {wild.choice(('now', 'then', 'and so'))} {len(lines)}", line, ""]
        if line.endswith(":") and line.startswith("def "):
            lines.append('    """All of it my own."""')
    return "\n".join(lines).replace(" = ", "=").replace(" + ", "  +  ")


def reordered(source: str) -> str:
    """With statements in another order, wherever two neighbours do not need each other."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for i in range(len(body) - 1) if isinstance(body, list) else ():
            if _independent(body[i], body[i + 1]):
                body[i], body[i + 1] = body[i + 1], body[i]
    return ast.unparse(tree)


def _independent(a, b):
    if not (isinstance(a, ast.Assign) and isinstance(b, ast.Assign)):
        return False
    (wrote, used), (wrote_too, used_too) = _names(a), _names(b)
    return not (wrote & (wrote_too | used_too) or used & wrote_too)


def _names(statement):
    names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return tuple({name.id for name in names if isinstance(name.ctx, kind)} for kind in (ast.Store, ast.Load))


def padded(source: str, seed: int = 0) -> str:
    """With code between the statements that does nothing."""
    tree, wild = ast.parse(source), random.Random(seed)
    idle = (
        "unused = [len(str({n})) for _ in range(3)]",
        "if {n} < 0:\n    print('never', {n})",
        "helper = lambda z: z * {n} + 1",
        "for i in range({n} % 3):\n    idle = i + {n}",
        "assert {n} != -1",
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            lines = [ast.parse(wild.choice(idle).format(n=wild.randrange(99))).body for _ in node.body]
            node.body = [part for more, own in zip(lines, node.body, strict=True) for part in (*more, own)]
    return ast.unparse(ast.fix_missing_locations(tree))
