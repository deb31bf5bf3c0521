"""Every text that a widget, a plot, a check or a command shows, in Korean and in English.

The texts stand in the `*.toml` files beside this one, a table per key with `ko` and `en`::

    ["error.fraction"]
    ko = "{name}: {arg:은/는} 0 이상 1 미만이어야 하는데 {got:을/를} 받았습니다."
    en = "{name}: {arg} must be in [0, 1), got {got}."

`t("error.fraction", name="adam", arg="beta1", got=1.2)` gives the text in the current language.
A placeholder may name a pair of Korean particles, and the one that fits the value is written.
"""

import os
import re
import string
import tomllib
from contextlib import contextmanager
from functools import cache
from pathlib import Path

LANGUAGES = ("ko", "en")
_current: str | None = None


def language() -> str:
    """The language in force: `set_language`, else COURSE_LANG, else Korean."""
    if _current is not None:
        return _current
    chosen = os.environ.get("COURSE_LANG", "ko").strip().lower()[:2]
    return chosen if chosen in LANGUAGES else "ko"


def set_language(lang: str) -> None:
    """Fix the language, "ko" or "en", for this process (each notebook's first cell does so)."""
    global _current
    if lang not in LANGUAGES:
        raise ValueError(t("error.language", got=repr(lang)))
    _current = lang


@contextmanager
def speaking(lang: str):
    """Use `lang` inside a `with` block."""
    global _current
    before = _current
    set_language(lang)
    try:
        yield
    finally:
        _current = before


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every message: {key: {"ko": …, "en": …}}; a key that stands twice is refused."""
    texts: dict[str, dict[str, str]] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for key, pair in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if key in texts:
                raise ValueError(f"{path.name}: the message {key!r} stands in another file as well")
            texts[key] = pair
    return texts


def t(key: str, /, **values) -> str:
    """The message `key` in the current language, its placeholders filled with `values`."""
    return _FORMATTER.vformat(catalogue()[key][language()], (), values)


class _ParticleFormatter(string.Formatter):
    """`{x:을/를}` writes x and the particle that fits the sound it ends in."""

    def format_field(self, value, spec):
        if _PAIR.fullmatch(spec):
            return with_particle(str(value), spec)
        return super().format_field(value, spec)


_PAIR = re.compile(r"(은/는|이/가|을/를|과/와|으로/로|이라/라|이/)")
_FORMATTER = _ParticleFormatter()
# Digits as read in Korean: 0 영, 1 일, 3 삼, 6 육, 7 칠, 8 팔 end in a consonant; 1, 7, 8 in ㄹ.
_DIGIT_FINAL = dict(zip("0123456789", ("ㅇ", "ㄹ", "", "ㅁ", "", "", "ㄱ", "ㄹ", "ㄹ", ""), strict=True))
# Letters read one by one (lr, SGD): L 엘, M 엠, N 엔, R 알.
_LETTER_FINAL = {"l": "ㄹ", "m": "ㅁ", "n": "ㄴ", "r": "ㄹ"}


def with_particle(word: str, pair: str) -> str:
    """`word` with the first particle of `pair` after a final consonant, with the second after a vowel.

    Source: standard Korean orthography; after ㄹ the particle 로 is kept (서울로).
    """
    closed, open_ = pair.split("/")
    final = _final_consonant(word)
    if pair == "으로/로" and final == "ㄹ":
        return word + open_
    return word + (closed if final else open_)


def _final_consonant(word: str) -> str:
    """The final consonant of a word's last sound, "" after a vowel."""
    spoken = re.sub(r"[^0-9A-Za-z가-힣]+$", "", word)
    if not spoken:
        return ""
    last = spoken[-1]
    if "가" <= last <= "힣":
        jong = (ord(last) - ord("가")) % 28
        return "" if jong == 0 else ("ㄹ" if jong == 8 else "ㄱ")
    if last.isdigit():
        return _DIGIT_FINAL[last]
    tail = re.search(r"[A-Za-z]+$", spoken)[0]
    if tail.isupper() or len(tail) <= 2:
        return _LETTER_FINAL.get(last.lower(), "")
    # An English word: these endings leave a final consonant when written in Hangul.
    if re.search(r"(m|n|ng|l|b|p|ck|ook|ic|ot|et|it|ut|at)$", tail.lower()):
        return "ㄹ" if tail.lower().endswith("l") else "ㅁ"
    return ""
