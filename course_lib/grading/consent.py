"""Grading without a sandbox: only after the instructor has said, in a whole sentence, to trust the code."""

import sys
import unicodedata

from course_lib.messages import LANGUAGES, speaking, t


def consents(given: str) -> bool:
    """Whether the sentence was given, or is typed now: all that follows runs with one's own rights.

    given: the sentence, for scripts, or "" to ask for it in a terminal. Where there is none, it is a no.
    """
    print(t("grading.consent_ask", sentence=t("grading.consent")), file=sys.stderr)
    if not given and sys.stdin.isatty():
        given = input("> ")
    if _plain(given) in map(_sentence, LANGUAGES):
        return True
    print(t("grading.consent_refused", sentence=t("grading.consent")), file=sys.stderr)
    return False


def _sentence(lang):
    with speaking(lang):
        return _plain(t("grading.consent"))


def _plain(text):
    """The text as it was meant: blanks, and how a keyboard composes Hangul, do not count."""
    return " ".join(unicodedata.normalize("NFC", text).strip(". ").split())
