"""Text augmentation by letters: slips of the finger on the keyboard, and typical misspellings of Hangul."""

from course_lib.algorithms._arrays import fraction, generator
from course_lib.algorithms._hangul import HANGUL_NEAR, NEAR, PARTS, WHOLE, join, split
from course_lib.messages import t
from course_lib.registry import Range, register

RATE = Range(0.0, 0.5, count=26)
# Letters that sound alike or are often mistaken for one another.
ALIKE = {
    a: b
    for pair in ("ㅐㅔ", "ㅒㅖ", "ㅙㅞ", "ㄲㄱ", "ㄸㄷ", "ㅃㅂ", "ㅆㅅ", "ㅉㅈ")
    for a, b in (pair, pair[::-1])
}
ALIKE |= {"ㅚ": "ㅙ", "ㅢ": "ㅣ", "ㅓ": "ㅏ", "ㅗ": "ㅜ", "ㅜ": "ㅗ"}


@register(
    "text augmentation",
    ko="한글을 자모로 풀기",
    en="Decompose Hangul",
    source="The Unicode Standard, §3.12, Hangul syllable decomposition",
)
def decompose_syllables(text):
    """Every syllable as (initial, vowel, final), final "" if there is none; other characters as they are.

    text: string. Returns a list with one item a character. Raises TypeError on what is no string.
    """
    _check("decompose_syllables", text)
    # code = 가 + (initial · 21 + vowel) · 28 + final
    return [split(character) or character for character in text]


@register(
    "text augmentation",
    ko="자모를 한글로 모으기",
    en="Compose Hangul",
    source="The Unicode Standard, §3.12, Hangul syllable composition",
)
def compose_syllables(letters):
    """The text of a list as `decompose_syllables` returns it.

    letters: characters and (initial, vowel, final). Returns a string.
    Raises ValueError on what makes no syllable.
    """
    characters = []
    for item in letters:
        try:
            characters.append(item if isinstance(item, str) else join(*item))
        except (TypeError, ValueError):
            raise ValueError(t("text.syllables", got=repr(item))) from None
    return "".join(characters)


@register(
    "text augmentation",
    ko="자판 오타",
    en="Keyboard typos",
    source="Belinkov & Bisk 2018, arXiv:1711.02173 (keyboard typos); KS X 5002 (2-set layout)",
    ranges={"rate": RATE},
)
def keyboard_typos(text, *, rate=0.05, rng):
    """Let the finger slip to a key beside the right one, with some probability for each character.

    Latin letters slip on the QWERTY keyboard and keep their case. Of a Hangul syllable one key of the 2-set
    layout slips, a consonant to a consonant and a vowel to a vowel, so that a syllable remains.

    text: string. rate: in [0, 1) per letter or syllable. rng: NumPy Generator. Returns a string of the
    same length. Raises TypeError and ValueError on bad input.
    """
    _check("keyboard_typos", text, rate)
    generator("keyboard_typos", rng)
    return "".join(c if rng.random() >= rate else _slipped(c, rng) for c in text)


@register(
    "text augmentation",
    ko="자모 오타",
    en="Jamo typos",
    source="the course's own: misspellings common in Korean, by letters of a syllable",
    ranges={"rate": RATE},
)
def jamo_typos(text, *, rate=0.05, rng):
    """Misspell Hangul syllables: a letter becomes one that sounds alike (ㅐ, ㅔ), or the final is lost.

    Syllables that offer none of these, and all other characters, stay.

    text: string. rate: in [0, 1) per syllable. rng: NumPy Generator. Returns a string of the same length.
    Raises TypeError and ValueError on bad input.
    """
    _check("jamo_typos", text, rate)
    generator("jamo_typos", rng)
    result = []
    for character in text:
        variants = _misspelt(character)
        wrong = bool(variants) and rng.random() < rate
        result.append(variants[int(rng.integers(0, len(variants)))] if wrong else character)
    return "".join(result)


def _misspelt(character):
    """The syllables one typical mistake away."""
    letters = split(character)
    if letters is None:
        return []
    initial, vowel, final = letters
    variants = [join(ALIKE[initial], vowel, final)] if initial in ALIKE else []
    variants += [join(initial, ALIKE[vowel], final)] if vowel in ALIKE else []
    return variants + ([join(initial, vowel)] if final else [])


def _slipped(character, rng):
    """The character with one of its keys replaced by a neighbour."""
    letters = split(character)
    if letters is None:
        near = NEAR.get(character.lower(), "")
        other = near[int(rng.integers(0, len(near)))] if near else character
        return other.upper() if near and character.isupper() else other
    # Every syllable that one slip can give; the finals of two keys slip in one of them.
    variants = []
    for place, letter in enumerate(letters):
        for typed in _one_key_off(letter):
            changed = [*letters[:place], typed, *letters[place + 1 :]]
            try:
                variants.append(join(*changed))
            except ValueError:
                # Not every pair of keys makes one letter: that slip would break the syllable.
                continue
    return variants[int(rng.integers(0, len(variants)))]


def _one_key_off(letter):
    """The letters typed when one key of this letter slips."""
    keys = PARTS.get(letter, letter)
    for i, key in enumerate(keys):
        for other in HANGUL_NEAR[key]:
            typed = keys[:i] + other + keys[i + 1 :]
            yield WHOLE.get(typed, typed)


def _check(name, text, rate=0.0):
    if not isinstance(text, str):
        raise TypeError(t("text.not_text", name=name, arg="text", got=type(text).__name__))
    fraction(name, rate=rate)
