"""Ten honest solutions of Unit 1, each written by hand in a style of its own: `handwritten/*.txt`."""

from pathlib import Path

UNIT = "u01_optimization"
FILES = sorted((Path(__file__).parent / "handwritten").glob("*.txt"))


def answers(file: Path) -> dict[str, str]:
    """{task: source} of a solution, whose cells stand below lines `# %% task`."""
    cells = (part.partition("\n") for part in file.read_text(encoding="utf-8").split("# %% ")[1:])
    return {task: source.rstrip("\n") for task, _, source in cells}


def ten() -> list[dict[str, str]]:
    """All of them."""
    return [answers(file) for file in FILES]
