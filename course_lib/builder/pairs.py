"""Whether both languages of a pair were last read together: each side keeps the other's fingerprint."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from course_lib.builder.problems import Problem
from course_lib.builder.source import Source
from course_lib.builder.text import fingerprint
from course_lib.messages import t

OTHER = {"ko": "en", "en": "ko"}
_OF = re.compile(r'("of"\s*:\s*)"[^"]*"')


def unconfirmed(source: Source) -> Iterator[Problem]:
    """A problem at each side whose other side is not the text that it was confirmed with."""
    for pair in source.pairs:
        for side, other in OTHER.items():
            if pair.of[side] != fingerprint(pair.text[other]):
                key = f"builder.changed_{other}" if pair.of[side] else "builder.never_confirmed"
                yield Problem(source.file, pair.head[side], t(key))


def confirm(path: Path, source: Source) -> list[int]:
    """Record in the file that its pairs belong together, and return the lines that changed.

    Only the fingerprints in the `+++` lines are rewritten; all other bytes stay.
    """
    lines = path.read_bytes().decode("utf-8").split("\n")
    changed = []
    for pair in source.pairs:
        for side, other in OTHER.items():
            wanted = fingerprint(pair.text[other])
            if pair.of[side] != wanted:
                index = pair.head[side] - 1
                lines[index] = _OF.sub(lambda m, of=wanted: m[1] + json.dumps(of), lines[index])
                changed.append(index + 1)
    if changed:
        path.write_bytes("\n".join(lines).encode("utf-8"))
    return changed
