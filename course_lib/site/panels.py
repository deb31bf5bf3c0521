"""The panels of an executed notebook, computed again: stored is one picture of each, a slider needs all.

Only the cells that a panel builds on are run, in this process; all other outputs are the stored ones.
"""

import ast
import hashlib
import pickle
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import course_lib
from course_lib.builder.notebooks import code_cells
from course_lib.messages import speaking
from course_lib.viz.picture import Picture
from course_lib.viz.sliders import FramesPanel


@dataclass(frozen=True)
class Panel:
    """What a page shows of a panel.

    rows: of the table behind it. names: of what moves it. values, pictures, start: of the slider of a panel
    with one parameter, whose pictures are all there; none for one that needs the kernel.
    """

    rows: list[dict]
    names: list[str]
    values: list[str] = ()
    pictures: list[Picture] = ()
    start: int = 0


def panels(notebook, folder: Path, name: str) -> dict[str, Panel]:
    """The panels that the cells of a notebook show, {id of the cell: panel}, in the notebook's language.

    They are kept in `folder` under `name` until the notebook's code or the library changes.
    What a cell raises comes through, with a note that names the cell.
    """
    cells = code_cells(notebook)
    kept = folder / f"{name}.{_digest([cell.source for cell in cells])}.pickle"
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{name}.*"):
            old.unlink()
        with speaking(notebook.metadata["course"]["lang"]):
            kept.write_bytes(pickle.dumps(computed(cells)))
    return pickle.loads(kept.read_bytes())


def computed(cells) -> dict[str, Panel]:
    """The panels of these code cells, by the ids of the cells."""
    trees = [ast.parse(cell.source) for cell in cells]
    found = {}
    for index, cell in enumerate(cells):
        if _shows_a_panel(trees[index]):
            try:
                found[cell.id] = _panel(_value([*needed(trees, index), index], trees))
            except Exception as error:
                error.add_note(f"cell {cell.id}: {cell.source}")
                raise
    return found


def needed(trees: list[ast.Module], index: int) -> list[int]:
    """The cells before cell `index` that bind a name which it, or one of them, reads; in order."""
    wanted, chosen = _names(trees[index], ast.Load), []
    for earlier in reversed(range(index)):
        if _binds(trees[earlier]) & wanted:
            wanted |= _names(trees[earlier], ast.Load)
            chosen.append(earlier)
    return chosen[::-1]


def _names(tree, context):
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }


def _binds(tree):
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return imported | defined | _names(tree, ast.Store)


def _shows_a_panel(tree):
    """Whether a cell ends in a call such as stability_panel(), frames(…) or live(…)."""
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return False
    match tree.body[-1].value:
        case ast.Call(func=ast.Name(id=name)):
            return name.endswith("_panel") or name in ("frames", "live")
    return False


def _value(indexes, trees):
    """What the last of these cells shows. Nothing that an earlier one would show is computed."""
    space = {}
    for index in indexes:
        *body, last = trees[index].body
        if not isinstance(last, ast.Expr):
            body.append(last)
        exec(compile(ast.Module(body, []), "<notebook>", "exec"), space)
    return eval(compile(ast.Expression(last.value), "<notebook>", "eval"), space)


def _panel(shown):
    if isinstance(shown, FramesPanel):
        slider = shown.slider
        values = [label for label, _ in slider.options]
        return Panel(shown.rows, [slider.description], values, shown.pictures, slider.index)
    controls = getattr(shown, "controls", {}).values()
    return Panel(getattr(shown, "rows", []), [it.description for it in controls if it.description])


def _digest(sources):
    return hashlib.sha256("\0".join([_library(), *sources]).encode("utf-8")).hexdigest()[:16]


@cache
def _library():
    """A digest of the library; of the site, this file alone."""
    here, digest = Path(__file__), hashlib.sha256()
    for path in sorted(Path(course_lib.__file__).parent.rglob("*.*")):
        if path.suffix in (".py", ".toml", ".json", ".npz") and (path.parent != here.parent or path == here):
            digest.update(path.read_bytes())
    return digest.hexdigest()
