"""Tasks whose answer is one of a few options: `check("initialization_for_relu", "he_normal")`.

The learner justifies the choice in words beside it, and a person grades the words. The text for a wrong
option is the message `choice.<task>.<option>`: it says what that option would do.
An answer is data: only an exact `str` is looked at, so that an object of the learner's never runs here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from course_lib.assessment.outcome import Outcome, shown
from course_lib.messages import t


@dataclass(frozen=True)
class ChoiceTask:
    """What is asked for: the right option, and the others."""

    name: str
    right: str
    others: Sequence[str]

    def judge(self, given) -> Outcome:
        """What came of a given answer; capitals and blanks around it do not count. Never raises."""
        if given is None or given is Ellipsis:
            return self._outcome("refused", "task.no_choice", t("task.no_choice", options=self._options()))
        if type(given) is not str:
            text = t("task.want_choice", got=type(given).__name__, options=self._options())
            return self._outcome("refused", "task.want_choice", text)
        chosen = given.strip().lower()
        if chosen == self.right:
            return self._outcome("right")
        if chosen in self.others:
            return self._outcome("mutant", chosen, t(f"choice.{self.name}.{chosen}"))
        text = t("task.unknown_choice", got=shown(given), options=self._options())
        return self._outcome("refused", "task.unknown_choice", text)

    def _options(self):
        # in alphabetical order, which gives nothing away
        return ", ".join(f'`"{option}"`' for option in sorted([self.right, *self.others]))

    def _outcome(self, kind, mistake="", text=""):
        labels = (t("task.choice_label"),)
        return Outcome(self.name, (kind == "right",), labels, text, kind, mistake, asks="choice")


_TASKS: dict[str, Callable[[], ChoiceTask]] = {}


def choice_task(function):
    """Enter a function that returns (right option, [other options]) as the task of its own name.

    Options are short lower-case strings, such as "he_normal".
    """
    _TASKS[function.__name__] = lambda: ChoiceTask(function.__name__, *function())
    return function


def choice_tasks() -> dict[str, ChoiceTask]:
    """Every task whose answer is an option."""
    return {name: make() for name, make in _TASKS.items()}
