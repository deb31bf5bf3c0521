"""What the builder refuses, and where it stands."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One refusal: the file as a path below the course's folder, the line from 1, and what to do."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"
