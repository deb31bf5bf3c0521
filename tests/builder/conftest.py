"""A course folder of its own for each of the builder's tests."""

from pathlib import Path

import pytest


@pytest.fixture
def course(tmp_path):
    """`course(name, text)` writes notebooks/src/name.md, or any source by its folder, and gives the root."""

    def write(name, text, folder="notebooks"):
        path: Path = tmp_path / folder / "src" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    return write
