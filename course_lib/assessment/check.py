"""`check(name, function)`: the learner's own test, with a diagnosis."""

import html
import sys
from base64 import b64encode

from markdown_it import MarkdownIt

from course_lib.assessment.diagnose import Outcome, diagnose
from course_lib.messages import t
from course_lib.progress import session


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
        """For a function there are hidden cases; data are simply right."""
        return t("check.hidden_remain") if self.outcome.asks == "function" else ""

    def _picture(self):
        if self.outcome.picture is not None:
            picture = self.outcome.picture()
            return _image(b64encode(picture.png).decode(), picture.alt)
        if self.outcome.parting is None:
            return ""
        from course_lib.assessment.picture import parting_png

        return _image(parting_png(self.outcome.parting), t("check.picture_alt"))


def _image(data, alt):
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'


def check(name, answer):
    """Judge an answer to the task `name`, show the verdict, and raise CheckFailed unless it is right.

    name: a registered function, such as "adam", or a task that asks for data, such as "divergence_threshold".
    answer: your function, with the same signature, tried on the visible cases; or your number, your
    choice (a string), your settings of a training run (a dict), which are then trained with, or your
    diagnosis of one (a dict), whose repair is tried out.
    In a notebook the verdict is displayed with a diagnosis. Raises KeyError on an unknown name.
    """
    return report(_of_the_lab(name, answer) or diagnose(name, answer), name)


def _of_the_lab(name, answer):
    """The outcome of a class's own case of the diagnosis lab, which is not judged here; else None."""
    if not name.startswith("diagnosis_"):
        return None
    from course_lib.assessment.lab import unjudged  # late: it loads torch

    return unjudged(name, answer)


def report(outcome, task):
    """The Verdict of a right outcome; any other is displayed, in a notebook, and raises CheckFailed.

    task: the name under which a pass is noted in the learner's progress, as in `:check: name` of the source.
    """
    verdict = Verdict(outcome)
    if outcome.right:
        session.passed(task)
        return verdict
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        sys.modules["IPython"].display.display(verdict)
    raise CheckFailed(outcome)


_HEADLINES = {  # of an answer that is right, and of one that is not
    "function": ("check.passed", "check.failed"),
    "number": ("task.right", "task.wrong"),
    "choice": ("task.right", "task.wrong"),
    "repair": ("task.repaired", "task.still_broken"),
    "diagnosis": ("lab.solved", "lab.unsolved"),
    "received": ("lab.received", "lab.unsolved"),
    "assignment": ("assignment.passed", "assignment.failed"),
}


def _headline(outcome):
    right, wrong = _HEADLINES[outcome.asks]
    key = right if outcome.right else wrong
    return t(key, name=outcome.name, done=sum(outcome.passed), total=len(outcome.passed))
