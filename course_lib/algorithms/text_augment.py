"""Text augmentation by words: insert, delete, swap, replace by synonyms, back-translation.

Korean and English alike: words are what stands between spaces. In Korean a word carries its particle, and
replacing a noun fits the particle to the new one (영화가 → 작품이). `synonyms("ko")` and `synonyms("en")` are
small lists of the course's own; pass your own dictionary for more.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

from course_lib.algorithms._arrays import fraction, generator
from course_lib.messages import t, with_particle
from course_lib.registry import Range, register

RATE = Range(0.0, 0.5, count=26)
EDA = "Wei & Zou 2019, EDA, arXiv:1901.11196, §2"
# Particles that follow a noun: pairs that depend on its last sound, and others that do not; longest first.
PAIRS = ("은/는", "이/가", "을/를", "과/와", "으로/로")
ENDINGS = ("에", "의", "도", "만", "에서", "에게", "부터", "까지", "보다", "처럼", "이다", "입니다")
PARTICLES = sorted([*"/".join(PAIRS).split("/"), *ENDINGS], key=len, reverse=True)


@register(
    "text augmentation", ko="비슷한말 사전", en="Synonyms", source="the course's own list (text_augment.toml)"
)
def synonyms(lang):
    """Words of about the same meaning: {word: [others]}, over a hundred words a language.

    lang: "ko" or "en". Returns a dictionary. Raises ValueError on another language.
    """
    groups = _groups()
    if lang not in groups:
        raise ValueError(t("error.language", got=repr(lang)))
    return {word: [other for other in group if other != word] for group in groups[lang] for word in group}


@register(
    "text augmentation", ko="비슷한말로 바꾸기", en="Synonym replacement", source=EDA, ranges={"rate": RATE}
)
def replace_synonyms(text, *, words, rate=0.1, rng):
    """Replace each known word by one of its synonyms with some probability.

    Capitals, punctuation and Korean particles stay around it. An English "a" is not made "an".

    text: string. words: {word in lower case: [synonyms]}. rate: in [0, 1). rng: NumPy Generator.
    Returns a string. Raises TypeError and ValueError on bad input.
    """
    _check("replace_synonyms", text, rate)
    generator("replace_synonyms", rng)
    _check_words("replace_synonyms", words)
    tokens = text.split()
    for i in range(len(tokens)):
        found = _known(tokens[i], words)
        if found and rng.random() < rate:
            tokens[i] = _replaced(tokens[i], found, _pick(words[found.lower()], rng))
    return " ".join(tokens)


@register(
    "text augmentation", ko="비슷한말 끼워 넣기", en="Random insertion", source=EDA, ranges={"rate": RATE}
)
def random_insert(text, *, words, rate=0.1, rng):
    """Insert synonyms of words of the text at random places, n = max(1, ⌊rate · words⌋) times.

    A text without a known word, and any at rate 0, stays as it is.

    text: string. words: {word in lower case: [synonyms]}. rate: in [0, 1). rng: NumPy Generator.
    Returns a string. Raises TypeError and ValueError on bad input.
    """
    _check("random_insert", text, rate)
    generator("random_insert", rng)
    _check_words("random_insert", words)
    tokens = text.split()
    known = [found.lower() for found in (_known(token, words) for token in tokens) if found]
    if not known or rate == 0:
        return text
    for _ in range(max(1, int(rate * len(tokens)))):
        new = _pick(words[_pick(known, rng)], rng)
        tokens.insert(int(rng.integers(0, len(tokens) + 1)), new)
    return " ".join(tokens)


@register("text augmentation", ko="무작위 삭제", en="Random deletion", source=EDA, ranges={"rate": RATE})
def random_delete(text, *, rate=0.1, rng):
    """Leave out each word with some probability; if none is left, one word drawn at random stays.

    text: string. rate: in [0, 1). rng: NumPy Generator. Returns a string. Raises TypeError, ValueError.
    """
    _check("random_delete", text, rate)
    generator("random_delete", rng)
    tokens = text.split()
    if not tokens:
        return text
    kept = [token for token, u in zip(tokens, rng.random(len(tokens)), strict=True) if u >= rate]
    return " ".join(kept or [_pick(tokens, rng)])


@register("text augmentation", ko="무작위 자리 바꾸기", en="Random swap", source=EDA, ranges={"rate": RATE})
def random_swap(text, *, rate=0.1, rng):
    """Let two different words change places, n = max(1, ⌊rate · words⌋) times; no word is lost.

    A text of one word, and any at rate 0, stays as it is.

    text: string. rate: in [0, 1). rng: NumPy Generator. Returns a string. Raises TypeError, ValueError.
    """
    _check("random_swap", text, rate)
    generator("random_swap", rng)
    tokens = text.split()
    if len(tokens) < 2 or rate == 0:
        return text
    for _ in range(max(1, int(rate * len(tokens)))):
        i, j = rng.choice(len(tokens), size=2, replace=False)
        tokens[i], tokens[j] = tokens[j], tokens[i]
    return " ".join(tokens)


@register(
    "text augmentation",
    ko="역번역",
    en="Back-translation",
    source="Sennrich et al. 2016, arXiv:1511.06709, §3",
)
def back_translation(text, *, there, back):
    """Translate into another language and back: the meaning stays, the words change.

        text' = back(there(text))

    text: string. there, back: translators, functions from string to string; any model or service of yours,
    or `partial(translate_words, words=…)`. Returns a string. Raises TypeError on what is no string.
    """
    _check("back_translation", text)
    for arg, translator in (("there", there), ("back", back)):
        if not callable(translator):
            raise TypeError(t("text.translator", arg=arg, got=type(translator).__name__))
        text = translator(text)
        if not isinstance(text, str):
            raise TypeError(t("text.translator", arg=arg, got=f"{arg}(text) → {type(text).__name__}"))
    return text


@register(
    "text augmentation",
    ko="사전으로 낱말 옮기기",
    en="Word-by-word translation",
    source="the course's own: the smallest translator that back-translation can be tried with",
)
def translate_words(text, *, words):
    """Translate word by word, the first meaning each; unknown words and Korean particles stay.

    text: string. words: {word in lower case: [meanings]}. Returns a string. Raises TypeError, ValueError.
    """
    _check("translate_words", text)
    _check_words("translate_words", words)
    tokens = text.split()
    for i, token in enumerate(tokens):
        found = _known(token, words)
        if found:
            tokens[i] = _replaced(token, found, words[found.lower()][0])
    return " ".join(tokens)


@cache
def _groups():
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _known(token, words):
    """The known word at the start of a token, before punctuation or a Korean particle; "" if none."""
    bare = re.match(r"[\w'-]*", token)[0]
    stems = [bare] + [bare.removesuffix(p) for p in PARTICLES if bare.endswith(p)]
    return next((stem for stem in stems if stem.lower() in words), "")


def _replaced(token, found, new):
    """The token with another word in it: its capital kept, its particle fitted."""
    rest = token[len(found) :]
    if found[:1].isupper():
        new = new[:1].upper() + new[1:]
    particle = re.match(r"\w*", rest)[0]
    for pair in PAIRS:
        if particle in pair.split("/"):
            return with_particle(new, pair) + rest[len(particle) :]
    return new + rest


def _pick(items, rng):
    return items[int(rng.integers(0, len(items)))]


def _check(name, text, rate=0.0):
    if not isinstance(text, str):
        raise TypeError(t("text.not_text", name=name, arg="text", got=type(text).__name__))
    fraction(name, rate=rate)


def _check_words(name, words):
    fits = (
        isinstance(words, dict) and words and all(isinstance(o, (list, tuple)) and o for o in words.values())
    )
    if not fits:
        raise ValueError(t("text.words", name=name, arg="words", got=repr(words)[:60]))
