"""Text augmentation against Unicode's own tables, keyboards written out, and plain loops over the draws."""

import unicodedata
from collections import Counter
from functools import cache, partial

import numpy as np

from tests.algorithms.oracles._table import Table

TABLE = Table()
SYLLABLES = "".join(chr(code) for code in range(0xAC00, 0xD7A4))
KOREAN = "이 영화가 정말 재미있고, 배우를 다시 보고 싶습니다."
ENGLISH = "The film is very good, and the actor really shines!"
WORDS = {
    "영화": ["작품"],
    "정말": ["참으로", "진짜"],
    "배우": ["연기자"],
    "film": ["movie"],
    "very": ["truly", "really"],
    "good": ["fine"],
    "actor": ["performer"],
    "the": ["this"],
}


@cache
def by_unicode(character):
    """The letters of a syllable, by canonical decomposition and the names of its parts."""
    letters = [
        unicodedata.lookup("HANGUL LETTER " + unicodedata.name(part).split(" ", 2)[2])
        for part in unicodedata.normalize("NFD", character)
    ]
    return (*letters, "") if len(letters) == 2 else tuple(letters)


@TABLE.row("decompose_syllables", "Unicode, all 11,172 syllables; other characters stay")
def _(function):
    assert function(SYLLABLES) == [by_unicode(c) for c in SYLLABLES]
    assert function("a ㄱ!一") == list("a ㄱ!一")
    assert function("") == []


@TABLE.row("compose_syllables", "Unicode, all 11,172 syllables; other characters stay")
def _(function):
    assert function([by_unicode(c) for c in SYLLABLES]) == SYLLABLES
    assert function(["a", ("ㅎ", "ㅏ", "ㄴ"), " ", "ㄱ"]) == "a한 ㄱ"


# --- words ---


@TABLE.row("synonyms", "each word's others have it as theirs; no word is in two groups")
def _(function):
    for lang, alphabet in (("ko", lambda c: "가" <= c <= "힣"), ("en", lambda c: "a" <= c <= "z")):
        words = function(lang)
        assert len(words) >= 80
        for word, others in words.items():
            assert others and word not in others and all(alphabet(c) for c in word)
            assert all({word, *others} == {other, *words[other]} for other in others)
    assert "movie" in function("en")["film"] and "작품" in function("ko")["영화"]


@TABLE.row("replace_synonyms", "by hand: every known word, particles and capitals fitted")
def _(function):
    always = partial(function, words=WORDS, rate=1 - 1e-12)
    korean = {always(KOREAN, rng=np.random.default_rng(seed)) for seed in range(20)}
    assert korean == {f"이 작품이 {w} 재미있고, 연기자를 다시 보고 싶습니다." for w in ("참으로", "진짜")}
    english = {always(ENGLISH, rng=np.random.default_rng(seed)) for seed in range(20)}
    assert english == {
        f"This movie is {w} fine, and this performer really shines!" for w in ("truly", "really")
    }
    assert function(KOREAN, words=WORDS, rate=0.0, rng=np.random.default_rng(0)) == KOREAN


@TABLE.row("replace_synonyms", "the share of replaced words is the rate")
def _(function):
    text = " ".join(["film"] * 4000)
    got = function(text, words=WORDS, rate=0.3, rng=np.random.default_rng(1)).split()
    assert abs(got.count("movie") / 4000 - 0.3) < 0.03 and len(got) == 4000


@TABLE.row("random_insert", "the text stays, in order, with n synonyms of its words among it")
def _(function):
    english = {"movie", "truly", "really", "fine", "performer", "this"}
    for text, allowed in ((KOREAN, {"작품", "참으로", "진짜", "연기자"}), (ENGLISH, english)):
        tokens, places = text.split(), set()
        for seed in range(40):
            got = function(text, words=WORDS, rate=0.3, rng=np.random.default_rng(seed)).split()
            new = Counter(got) - Counter(tokens)
            assert sum(new.values()) == int(0.3 * len(tokens)) and set(new) <= allowed
            rest = iter(got)
            assert all(token in rest for token in tokens), "the words must keep their order"
            places |= {i for i, word in enumerate(got) if word in new}
        assert {0, len(tokens) + 1} <= places, "an insertion may come first and last"
    rng = np.random.default_rng(0)
    assert len(function("film", words=WORDS, rate=0.01, rng=rng).split()) == 2
    assert function("unknown words", words=WORDS, rate=0.5, rng=rng) == "unknown words"
    assert function(ENGLISH, words=WORDS, rate=0.0, rng=rng) == ENGLISH


@TABLE.row("random_delete", "loop over the draws; one word is left")
def _(function):
    for text in (KOREAN, ENGLISH):
        for seed in range(20):
            got = function(text, rate=0.4, rng=np.random.default_rng(seed))
            draws = np.random.default_rng(seed).random(len(text.split()))
            want = [word for word, u in zip(text.split(), draws, strict=True) if not u < 0.4]
            assert got.split() == want or (not want and got in text.split())
    survivors = {function("a b c", rate=1 - 1e-12, rng=np.random.default_rng(s)) for s in range(30)}
    assert survivors == {"a", "b", "c"}
    assert function("", rate=0.5, rng=np.random.default_rng(0)) == ""


@TABLE.row("random_swap", "n swaps of different words, none lost")
def _(function):
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(12)]
    seen = set()
    for _ in range(200):
        got = function(" ".join(words), rate=0.1, rng=rng).split()
        moved = [i for i in range(12) if got[i] != words[i]]
        assert len(moved) == 2 and (got[moved[0]], got[moved[1]]) == (words[moved[1]], words[moved[0]])
        seen.add(tuple(moved))
    assert len(seen) > 50
    got = function(KOREAN, rate=0.5, rng=rng).split()
    assert sorted(got) == sorted(KOREAN.split()) and got != KOREAN.split()
    assert function("one", rate=0.5, rng=rng) == "one" and function(ENGLISH, rate=0.0, rng=rng) == ENGLISH


@TABLE.row("translate_words", "by hand: the first meaning, particles and unknown words stay")
def _(function):
    there = {"영화": ["film", "movie"], "정말": ["really"], "film": ["영화"], "actor": ["배우"]}
    assert function("이 영화는 정말 길다.", words=there) == "이 film은 really 길다."
    assert function("Film, actor!", words=there) == "영화, 배우!"


@TABLE.row("back_translation", "two dictionaries: there and back by another word")
def _(function):
    there = {"film": "영화", "movie": "영화", "good": "좋은", "fine": "좋은"}
    back = {"영화": "movie", "좋은": "fine"}

    def translator(dictionary):
        return lambda text: " ".join(dictionary.get(word, word) for word in text.split())

    assert function("a good film", there=translator(there), back=translator(back)) == "a fine movie"
    assert function("a", there=lambda s: s + "1", back=lambda s: s + "2") == "a12"


# --- letters: each key's neighbours, written out from a keyboard ---

QWERTY = {
    "q": "wa", "w": "qeas", "e": "wrsd", "r": "etdf", "t": "ryfg", "y": "tugh", "u": "yihj", "i": "uojk",
    "o": "ipkl", "p": "ol", "a": "qwsz", "s": "weadzx", "d": "ersfxc", "f": "rtdgcv", "g": "tyfhvb",
    "h": "yugjbn", "j": "uihknm", "k": "iojlm", "l": "opk", "z": "asx", "x": "sdzc", "c": "dfxv", "v": "fgcb",
    "b": "ghvn", "n": "hjbm", "m": "jkn",
}  # fmt: skip
KEYS = dict(
    zip("qwertyuiopasdfghjklzxcvbnm", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ", strict=True)
)
CONSONANTS = set("ㅂㅈㄷㄱㅅㅁㄴㅇㄹㅎㅋㅌㅊㅍ")
HANGUL = {
    KEYS[key]: {KEYS[o] for o in near if (KEYS[o] in CONSONANTS) == (KEYS[key] in CONSONANTS)}
    for key, near in QWERTY.items()
}
UNSHIFTED = dict(zip("ㅃㅉㄸㄲㅆㅒㅖ", "ㅂㅈㄷㄱㅅㅐㅔ", strict=True))
TYPED = {
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ",
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ",
    "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip


def keys(syllable):
    """The keys that a syllable is typed with, without Shift."""
    typed = "".join(TYPED.get(letter, letter) for letter in by_unicode(syllable))
    return [UNSHIFTED.get(key, key) for key in typed]


SURE = 1 - 1e-12


@TABLE.row("keyboard_typos", "Latin: every letter slips to a key that touches it")
def _(function):
    letters = "".join(QWERTY)
    for text in (letters, letters.upper()):
        slips = {c: set() for c in text}
        for seed in range(120):
            got = function(text, rate=SURE, rng=np.random.default_rng(seed))
            for right, wrong in zip(text, got, strict=True):
                slips[right].add(wrong)
        for right, wrong in slips.items():
            near = set(QWERTY[right.lower()])
            assert wrong == ({c.upper() for c in near} if right.isupper() else near)
    assert function("1 - 2!", rate=SURE, rng=np.random.default_rng(0)) == "1 - 2!"


@TABLE.row("keyboard_typos", "Hangul: one key of the syllable slips to a neighbour of its kind")
def _(function):
    text = SYLLABLES[::37]
    for seed in range(3):
        got = function(text, rate=SURE, rng=np.random.default_rng(seed))
        for right, wrong in zip(text, got, strict=True):
            assert "가" <= wrong <= "힣" and wrong != right
            changed = [(a, b) for a, b in zip(keys(right), keys(wrong), strict=True) if a != b]
            assert len(changed) == 1 and changed[0][1] in HANGUL[changed[0][0]]


ALIKE = [set(pair) for pair in "ㅐㅔ ㅒㅖ ㅙㅞ ㅚㅙ ㅢㅣ ㅓㅏ ㅗㅜ ㄱㄲ ㄷㄸ ㅂㅃ ㅅㅆ ㅈㅉ".split()]  # noqa: SIM905


@TABLE.row("jamo_typos", "one letter sounds alike or the final is lost, nothing else")
def _(function):
    text = SYLLABLES[::31]
    for seed in range(3):
        got = function(text, rate=SURE, rng=np.random.default_rng(seed))
        for right, wrong in zip(text, got, strict=True):
            assert "가" <= wrong <= "힣"
            pairs = [(a, b) for a, b in zip(by_unicode(right), by_unicode(wrong), strict=True) if a != b]
            assert len(pairs) <= 1
            for a, b in pairs:
                assert {a, b} in ALIKE or (a == by_unicode(right)[2] and b == "")
            if by_unicode(right)[2]:
                assert pairs, "a final can always be lost"
    seen = {function("갯", rate=SURE, rng=np.random.default_rng(seed)) for seed in range(60)}
    assert seen == {"겟", "깻", "개"}
    # without a final there is none to lose
    assert {function("개", rate=SURE, rng=np.random.default_rng(seed)) for seed in range(60)} == {"게", "깨"}
    assert function("이히 abc ㅋㅋ", rate=SURE, rng=np.random.default_rng(0)) == "이히 abc ㅋㅋ"


for _name, _text in (("keyboard_typos", "가a" * 2000), ("jamo_typos", "갯" * 4000)):

    @TABLE.row(_name, "the share of wrong characters is the rate; none at 0")
    def _(function, text=_text):
        got = function(text, rate=0.2, rng=np.random.default_rng(1))
        assert abs(sum(a != b for a, b in zip(text, got, strict=True)) / 4000 - 0.2) < 0.03
        assert function(text, rate=0.0, rng=np.random.default_rng(1)) == text
