"""Hangul syllables as letters (jamo); the keys around a key, QWERTY and Korean 2-set.

A syllable's code is 가 + (initial · 21 + vowel) · 28 + final, 0 for no final: The Unicode Standard, §3.12.
"""

import re

FIRST, LAST = ord("가"), ord("힣")
INITIALS = tuple("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")
VOWELS = tuple("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ")
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
# Letters typed with two keys; doubled consonants and ㅒ, ㅖ take Shift.
PARTS = dict(
    zip(
        "ㅘㅙㅚㅝㅞㅟㅢㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ",
        re.findall("..", "ㅗㅏㅗㅐㅗㅣㅜㅓㅜㅔㅜㅣㅡㅣㄱㅅㄴㅈㄴㅎㄹㄱㄹㅁㄹㅂㄹㅅㄹㅌㄹㅍㄹㅎㅂㅅ"),
        strict=True,
    )
)
WHOLE = {parts: letter for letter, parts in PARTS.items()}
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
HANGUL_ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
SHIFTED = dict(zip("ㅃㅉㄸㄲㅆㅒㅖ", "ㅂㅈㄷㄱㅅㅐㅔ", strict=True))
# Each row of a keyboard stands a little to the right of the one above, in key widths.
OFFSETS = (0.0, 0.25, 0.75)


def split(character):
    """(initial, vowel, final) of a syllable, final "" if there is none; None of another character."""
    code = ord(character) - FIRST
    if not 0 <= code <= LAST - FIRST:
        return None
    return INITIALS[code // 588], VOWELS[code // 28 % 21], FINALS[code % 28]


def join(initial, vowel, final=""):
    """The syllable of three letters. Raises ValueError on letters that make none."""
    code = (INITIALS.index(initial) * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final)
    return chr(FIRST + code)


def _around(rows):
    """{key: the keys that touch it}."""
    places = {
        key: (row, column + offset)
        for row, (keys, offset) in enumerate(zip(rows, OFFSETS, strict=True))
        for column, key in enumerate(keys)
    }
    return {
        key: "".join(
            other
            for other, (r, c) in places.items()
            if other != key and abs(r - row) <= 1 and abs(c - column) <= 1
        )
        for key, (row, column) in places.items()
    }


NEAR = _around(ROWS)
# A consonant slips to a consonant and a vowel to a vowel, so that the syllable holds together.
HANGUL_NEAR = {
    key: "".join(o for o in others if (o in VOWELS) == (key in VOWELS))
    for key, others in _around(HANGUL_ROWS).items()
}
HANGUL_NEAR |= {shifted: HANGUL_NEAR[plain] for shifted, plain in SHIFTED.items()}
