"""`check(name, function)`: the learner's own test, with a diagnosis."""

import html
import sys

from markdown_it import MarkdownIt

from course_lib.assessment.diagnose import Outcome, diagnose
from course_lib.assessment.numbers import number_tasks
from course_lib.messages import t


class CheckFailed(Exception):
    """A check that did not pass. A notebook shows one line of it: the diagnosis stands above."""

    def __init__(self, outcome: Outcome):
        super().__init__(_headline(outcome) + "\n" + outcome.diagnosis)
        self.outcome = outcome

    def _render_traceback_(self):
        # IPython asks for this instead of drawing the frames of the library.
        return [_headline(self.outcome)]


class Verdict:
    """What a notebook shows of an outcome: HTML with a small picture, and plain text elsewhere."""

    def __init__(self, outcome: Outcome):
        self.outcome = outcome

    def __repr__(self):
        outcome = self.outcome
        marks = zip(outcome.passed, outcome.labels, strict=True)
        lines = [_headline(outcome), *(f"  {'✓' if ok else '✗'} {label}" for ok, label in marks)]
        return "\n".join([*lines, outcome.diagnosis or self._afterword()])

    def _repr_html_(self):
        outcome = self.outcome
        colour = "#1a7f37" if outcome.right else "#b35900"
        rows = "".join(
            f"<li>{'✓' if ok else '✗'} <code>{html.escape(label)}</code></li>"
            for ok, label in zip(outcome.passed, outcome.labels, strict=True)
        )
        text = MarkdownIt("js-default").render(outcome.diagnosis or self._afterword())
        return (
            f'<div style="border-left:4px solid {colour};padding:.3em 1em;max-width:52em">'
            f"<strong>{html.escape(_headline(outcome))}</strong>{text}"
            f'<ul style="list-style:none;padding-left:0;margin:.3em 0">{rows}</ul>{self._picture()}</div>'
        )

    def _afterword(self):
        """For a function there are hidden cases; a number is simply right."""
        return "" if self.outcome.name in number_tasks() else t("check.hidden_remain")

    def _picture(self):
        if self.outcome.parting is None:
            return ""
        from course_lib.assessment.picture import parting_png

        data = parting_png(self.outcome.parting)
        return f'<img alt="{html.escape(t("check.picture_alt"))}" src="data:image/png;base64,{data}">'


def check(name, answer):
    """Judge an answer to the task `name`, show the verdict, and raise CheckFailed unless it is right.

    name: a registered function, such as "adam", or a number task, such as "divergence_threshold".
    answer: your function, with the same signature, tried on the visible cases; or your number.
    In a notebook the verdict is displayed with a diagnosis. Raises KeyError on an unknown name.
    """
    outcome = diagnose(name, answer)
    verdict = Verdict(outcome)
    if outcome.right:
        return verdict
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        sys.modules["IPython"].display.display(verdict)
    raise CheckFailed(outcome)


def _headline(outcome):
    done = sum(outcome.passed)
    key = "check.passed" if outcome.right else "check.failed"
    return t(key, name=outcome.name, done=done, total=len(outcome.passed))
