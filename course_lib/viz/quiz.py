"""A question asked before the slider moves, whose wrong options are known misconceptions."""

import json
from functools import cache
from html import escape
from pathlib import Path

import ipywidgets as ipw
from markdown_it import MarkdownIt

from course_lib.messages import language, t
from course_lib.progress import session
from course_lib.viz.voice import SpokenBox

FILE = Path(__file__).with_name("quizzes.json")  # the builder makes it of the sources
_RIGHT, _WRONG = "#009E73", "#D55E00"
_DARK_RIGHT, _DARK_WRONG = "#00704F", "#A84300"  # dark enough for white letters


def ask(notebook, name):
    """A question of one of the course's notebooks, in the current language, as a Quiz.

        ask("u01_optimization", "stability")

    Raises KeyError for what is not asked there.
    """
    asked = _questions().get(notebook, {})
    if name not in asked:
        known = ", ".join(asked or _questions())
        raise KeyError(t("viz.quiz.unknown", got=f"{notebook}, {name}", known=known))
    return quiz(name, **asked[name][language()])


@cache
def _questions():
    return json.loads(FILE.read_text(encoding="utf-8"))


def quiz(question_id, question, options):
    """A question with options to try: each try is answered by why it is right, or which idea misleads.

    question_id: a name for this question, unique in its notebook. question: Markdown, math as $…$.
    options: a list of dicts {"text": Markdown, "right": bool, "why": Markdown}.
    Returns a Quiz. Raises ValueError where none of the options is right, or a part is missing.
    """
    for option in options:
        if missing := {"text", "right", "why"} - set(option):
            names = ", ".join(sorted(missing))
            raise ValueError(t("viz.quiz.missing", id=question_id, missing=names))
    if not any(option["right"] for option in options):
        raise ValueError(t("viz.quiz.none_right", id=question_id))
    return Quiz(question_id, question, options)


class Quiz(SpokenBox):
    """Buttons A, B, C, … beside the options, and the answer to the last try below them, which is spoken.

    tried: the numbers of the options tried, in order. Without a kernel the question shows itself as Markdown
    whose explanations fold open: unlike HTML, every program typesets its formulas, trusted or not.
    """

    def __init__(self, question_id, question, options):
        self.question_id, self.question, self.options, self.tried = question_id, question, options, []
        self.buttons = [self._button(i) for i in range(len(options))]
        self._feedback = ipw.HTMLMath().add_class("course-answer")
        rows = [
            ipw.HBox([button, _text(option["text"])], layout=_ROW).add_class("course-option")
            for button, option in zip(self.buttons, options, strict=True)
        ]
        super().__init__([_text(question), *rows, self._feedback])
        self.add_class("course-quiz")

    @property
    def feedback(self) -> str:
        """The HTML shown for the last try, "" before the first."""
        return self._feedback.value

    def _button(self, index):
        letter = _letter(index)
        button = ipw.Button(
            description=letter,
            tooltip=f"{letter}: {self.options[index]['text']}",
            layout=ipw.Layout(width="58px", min_width="58px"),
        )
        button.on_click(lambda _: self._answer(index))
        return button

    def _answer(self, index):
        self.tried.append(index)
        option = self.options[index]
        button = self.buttons[index]
        button.icon, colour = ("check", _DARK_RIGHT) if option["right"] else ("times", _DARK_WRONG)
        button.style.button_color, button.style.text_color = colour, "white"
        self._feedback.value = _verdict(index, option)
        session.answered(self.question_id, option["right"])

    def _repr_mimebundle_(self, **kwargs):
        still = {"text/markdown": self._markdown(), "text/plain": self.question}
        return super()._repr_mimebundle_(**kwargs) | still

    def _markdown(self):
        choices = [_indented(f"- **{_letter(i)}.** {one['text']}") for i, one in enumerate(self.options)]
        answers = [f"**{_head(i, one)}** {_why(one)}" for i, one in enumerate(self.options)]
        fold = f"<details><summary>{escape(t('viz.quiz.answers'))}</summary>"
        return "\n\n".join([self.question, "\n".join(choices), fold, *answers, "</details>"])

    def html(self) -> str:
        """The question for a website, whose script makes buttons of it."""
        choices = "".join(f"<li>{markdown(option['text'])}</li>" for option in self.options)
        answers = "".join(_verdict(i, option, ' role="status"') for i, option in enumerate(self.options))
        return (
            f'<div class="course-quiz">{markdown(self.question)}<ol type="A">{choices}</ol>'
            f"<details><summary>{escape(t('viz.quiz.answers'))}</summary>{answers}</details></div>"
        )


_ROW = ipw.Layout(align_items="center")


def _text(source):
    return ipw.HTMLMath(f'<div style="line-height: 1.5">{markdown(source)}</div>')


def _letter(index):
    return chr(ord("A") + index)


def _verdict(index, option, role=""):
    """Right or not, in words as well as in colour, and why."""
    colour = _RIGHT if option["right"] else _WRONG
    frame = f"border-left: 4px solid {colour}; padding: 2px 12px; margin: 6px 0; line-height: 1.5"
    head = escape(_head(index, option))
    return f'<div{role} style="{frame}"><strong>{head}</strong> {markdown(_why(option))}</div>'


def _head(index, option):
    return t(f"viz.quiz.{'right' if option['right'] else 'wrong'}", letter=_letter(index))


def _why(option):
    """The explanation, without the word that the head has just said."""
    return option["why"].removeprefix(t("viz.quiz.right_word")).lstrip()


def _indented(item):
    """An item of a list whose further lines belong to it."""
    return item.replace("\n", "\n  ")


def markdown(text):
    """Markdown as HTML in which $…$ is left as it is, for MathJax to typeset."""
    html = _MARKDOWN.render(text).strip()
    alone = html.count("<p>") == 1 and html.startswith("<p>") and html.endswith("</p>")
    return html[3:-4] if alone else html


def _dollars(state, silent):
    """Take $…$ whole, before its underscores and stars are read as emphasis."""
    end = state.src.find("$", state.pos + 1)
    if state.src[state.pos] != "$" or end < 0 or end == state.pos + 1:
        return False
    if not silent:
        state.push("math", "", 0).content = state.src[state.pos : end + 1]
    state.pos = end + 1
    return True


_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_MARKDOWN.inline.ruler.before("escape", "math", _dollars)
_MARKDOWN.add_render_rule("math", lambda self, tokens, i, *rest: escape(tokens[i].content, quote=False))
