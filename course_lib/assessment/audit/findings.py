"""What an audit says: a finding for each kind of strategy, with its evidence, as a table and as text."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

from course_lib.messages import t

KINDS = ("initialization", "normalization", "regularization", "optimization")


@dataclass(frozen=True)
class Evidence:
    """One thing that was tried. strategy: what it looks for. found: whether it is there. key: its sentence.

    values: the numbers in the sentence, as they are to be shown.
    """

    strategy: str
    found: bool
    key: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The evidence in words, in the current language."""
        return t(f"audit.{self.key}", **self.values)


@dataclass(frozen=True)
class Finding:
    """One of KINDS, and the evidence for or against it."""

    kind: str
    evidence: tuple[Evidence, ...]

    @property
    def present(self) -> bool:
        """Whether a strategy of this kind acts."""
        return any(one.found for one in self.evidence)

    @property
    def strategies(self) -> tuple[str, ...]:
        """What was found, such as ("momentum", "schedule")."""
        return tuple(dict.fromkeys(one.strategy for one in self.evidence if one.found))

    @property
    def title(self) -> str:
        """The kind's name, in the current language."""
        return t(f"audit.kind_{self.kind}")

    @property
    def state(self) -> str:
        """Whether it is there, and which strategies, in words."""
        if not self.present:
            return t("audit.absent")
        return ", ".join(t(f"audit.strategy_{name}") for name in self.strategies)


@dataclass(frozen=True, repr=False)
class Audit:
    """What `audit` found; shows itself as a table in a notebook and as text elsewhere."""

    findings: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        """Whether there is a strategy of each kind."""
        return all(finding.present for finding in self.findings)

    def __getitem__(self, kind: str) -> Finding:
        return next(finding for finding in self.findings if finding.kind == kind)

    @property
    def summary(self) -> str:
        """How many kinds are there, and which are missing, in the current language."""
        missing = [finding.title for finding in self.findings if not finding.present]
        if not missing:
            return t("audit.complete")
        present = len(self.findings) - len(missing)
        return t("audit.incomplete", present=present, missing=", ".join(missing))

    def __repr__(self):
        lines = [self.summary]
        for finding in self.findings:
            lines.append(f"{_mark(finding.present)} {finding.title}: {finding.state}")
            lines += [f"    {_mark(one.found)} {one.text}" for one in finding.evidence]
        return "\n".join(lines)

    def _repr_html_(self):
        heads = "".join(
            f'<th scope="col" style="{CELL}">{html.escape(t(f"audit.head_{name}"))}</th>'
            for name in ("kind", "state", "evidence")
        )
        colour = RIGHT if self.complete else OPEN
        rows = "".join(map(_row, self.findings))
        return (
            f'<div style="border-left:4px solid {colour};padding:.3em 1em;max-width:64em">'
            '<table style="border-collapse:collapse;text-align:left">'
            f'<caption style="text-align:left;font-weight:bold;padding:.3em 0;color:inherit">'
            f"{html.escape(self.summary)}</caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )


RIGHT, OPEN = "#1a7f37", "#b35900"
CELL = "text-align:left;vertical-align:top;padding:.3em .8em .3em 0"


def _row(finding):
    evidence = "".join(
        f'<li style="margin:0 0 .2em">{_mark(one.found)} {html.escape(one.text)}</li>'
        for one in finding.evidence
    )
    colour = RIGHT if finding.present else OPEN
    return (
        f'<tr><th scope="row" style="{CELL};white-space:nowrap">{html.escape(finding.title)}</th>'
        f'<td style="{CELL};min-width:9em"><strong style="color:{colour}">{_mark(finding.present)}</strong> '
        f"{html.escape(finding.state)}</td>"
        f'<td style="{CELL}"><ul style="list-style:none;margin:0;padding:0">{evidence}</ul></td></tr>'
    )


def _mark(found):
    return "✓" if found else "✗"
