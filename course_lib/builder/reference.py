"""The reference pages, docs/algorithms.{ko,en}.md: every registered function, by kind, with its source."""

from pathlib import Path

from course_lib import algorithms, registry
from course_lib.messages import LANGUAGES, speaking, t

ADDRESS = "../course_lib/algorithms"


def pages(root: Path) -> dict[str, str]:
    """{path below the root: text}; none for a course that has no docs folder."""
    if not (root / "docs").is_dir():
        return {}
    return {f"docs/algorithms.{lang}.md": _page(lang) for lang in LANGUAGES}


def _page(lang):
    with speaking(lang):
        entries = [e for e in registry.entries() if e.name in algorithms.__all__]
        modules = dict.fromkeys(e.function.__module__.rpartition(".")[2] for e in entries)
        lines = [f"# {t('builder.reference_title')}", "", t("builder.reference_intro", count=len(entries))]
        for module in sorted(modules):
            rows = [e for e in entries if e.function.__module__.endswith(f".{module}")]
            heads = [t(f"builder.reference_{key}") for key in ("function", "kind", "ko", "en", "source")]
            lines += ["", f"## [{module}.py]({ADDRESS}/{module}.py)", "", _row(heads), _row(["---"] * 5)]
            lines += [_row([f"`{e.name}`", e.kind, e.ko, e.en, e.source]) for e in rows]
    return "\n".join(lines) + "\n"


def _row(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
