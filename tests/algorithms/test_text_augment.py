"""Text augmentation: laws for any text, back-translation with two dictionaries, refusals."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import algorithms as a
from course_lib.messages import LANGUAGES, speaking

seeds = st.integers(0, 2**32 - 1)
rates = st.floats(0, 0.99)
syllables = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
texts = st.text(syllables | st.characters(max_codepoint=0x3200), max_size=30)
DRAWN = {
    "replace_synonyms": partial(a.replace_synonyms, words=a.synonyms("ko")),
    "random_insert": partial(a.random_insert, words=a.synonyms("en")),
    "random_delete": a.random_delete,
    "random_swap": a.random_swap,
    "keyboard_typos": a.keyboard_typos,
    "jamo_typos": a.jamo_typos,
}
SENTENCES = (
    "이 영화는 정말 좋은 작품이고 배우도 아주 훌륭합니다.",
    "The film is very good and the ending is really sad.",
)


@given(texts)
def test_composing_undoes_decomposing(text):
    letters = a.decompose_syllables(text)
    assert len(letters) == len(text) and a.compose_syllables(letters) == text


@given(texts, seeds, rates)
@pytest.mark.parametrize("name", DRAWN)
def test_any_text_works_and_repeats_with_its_seed(name, text, seed, rate):
    first, again = (DRAWN[name](text, rate=rate, rng=np.random.default_rng(seed)) for _ in range(2))
    assert isinstance(first, str) and first == again
    assert bool(text.split()) == bool(first.split())


@given(texts, seeds)
@pytest.mark.parametrize("name", DRAWN)
def test_a_rate_of_zero_changes_no_word(name, text, seed):
    assert DRAWN[name](text, rate=0.0, rng=np.random.default_rng(seed)).split() == text.split()


@given(texts, seeds, rates)
def test_words_are_only_moved_or_left_out(text, seed, rate):
    words = text.split()
    swapped = a.random_swap(text, rate=rate, rng=np.random.default_rng(seed)).split()
    assert sorted(swapped) == sorted(words)
    left = iter(words)
    kept = a.random_delete(text, rate=rate, rng=np.random.default_rng(seed)).split()
    assert all(word in left for word in kept)


@given(texts, seeds, rates)
def test_typos_keep_length_spaces_and_syllables(text, seed, rate):
    for typo in (a.keyboard_typos, a.jamo_typos):
        got = typo(text, rate=rate, rng=np.random.default_rng(seed))
        assert len(got) == len(text)
        for right, wrong in zip(text, got, strict=True):
            assert ("가" <= right <= "힣") == ("가" <= wrong <= "힣")
            assert right == wrong or "가" <= right <= "힣" or (right.isascii() and right.isalpha())


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("name", DRAWN)
def test_sentences_do_change(name, sentence):
    lang = "ko" if sentence.startswith("이") else "en"
    words = {"words": a.synonyms(lang)} if name in ("replace_synonyms", "random_insert") else {}
    function = getattr(a, name)
    got = {function(sentence, rate=0.5, rng=np.random.default_rng(seed), **words) for seed in range(10)}
    assert len(got - {sentence}) > 1 or (name, lang) == ("jamo_typos", "en")


@pytest.mark.parametrize(
    ("text", "word", "new"),
    [
        ("영화가 좋다", "영화", "작품이 좋다"),
        ("결말은 슬프다", "결말", "끝맺음은 슬프다"),
        ("배우를", "배우", "연기자를"),
        ("작품과 함께", "작품", "영화와 함께"),
        ("작품으로!", "작품", "영화로!"),
        ("Film.", "film", "Movie."),
    ],
)
def test_particles_and_capitals_fit_the_new_word(text, word, new):
    lang = "en" if text.isascii() else "ko"
    words = {word: a.synonyms(lang)[word]}
    assert a.replace_synonyms(text, words=words, rate=0.999999, rng=np.random.default_rng(0)) == new


def test_back_translation_with_two_small_dictionaries():
    """English through Korean, and Korean through English: another word of the same meaning comes back."""
    to_korean = {"film": ["영화"], "movie": ["영화"], "good": ["좋은"], "fine": ["좋은"], "very": ["아주"]}
    to_english = {"영화": ["movie"], "작품": ["movie"], "좋은": ["fine"], "아주": ["truly"], "매우": ["very"]}
    there, back = partial(a.translate_words, words=to_korean), partial(a.translate_words, words=to_english)
    assert a.back_translation("A very good film.", there=there, back=back) == "A truly fine movie."
    assert a.back_translation("이 작품은 매우 길다.", there=back, back=there) == "이 영화는 아주 길다."


# --- refusals ---

RNG = np.random.default_rng(0)
CALLS = {
    "random_delete": partial(a.random_delete, rng=RNG),
    "random_swap": partial(a.random_swap, rng=RNG),
    "random_insert": partial(a.random_insert, words={"a": ["b"]}, rng=RNG),
    "replace_synonyms": partial(a.replace_synonyms, words={"a": ["b"]}, rng=RNG),
    "keyboard_typos": partial(a.keyboard_typos, rng=RNG),
    "jamo_typos": partial(a.jamo_typos, rng=RNG),
    "translate_words": partial(a.translate_words, words={"a": ["b"]}),
    "back_translation": partial(a.back_translation, there=str, back=str),
    "decompose_syllables": a.decompose_syllables,
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", CALLS)
def test_only_strings_are_texts(name, lang):
    for text in (None, 3, ["a", "b"], b"a"):
        with speaking(lang), pytest.raises(TypeError, match=rf"^{name}: text.*{type(text).__name__}"):
            CALLS[name](text)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("words", [{}, None, {"a": "b"}, {"a": []}, ["a"]], ids=repr)
def test_dictionaries_hold_words_for_each_word(words, lang):
    with speaking(lang):
        for name in ("random_insert", "replace_synonyms", "translate_words"):
            with pytest.raises(ValueError, match=rf"^{name}: words.*words="):
                CALLS[name]("a b", words=words)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_translators_letters_and_languages_are_looked_at(lang):
    with speaking(lang):
        with pytest.raises(TypeError, match=r"^back_translation: there.*dict.*there="):
            a.back_translation("a", there={}, back=str)
        with pytest.raises(TypeError, match=r"^back_translation: back.*back\(text\) → NoneType"):
            a.back_translation("a", there=str, back=lambda text: None)
        for item in (("ㅏ", "ㄱ", ""), ("ㄱㄲ", "ㅏ", ""), ("ㄱ",), 3):
            with pytest.raises(ValueError, match=r"^compose_syllables: .*decompose_syllables"):
                a.compose_syllables([item])
        with pytest.raises(ValueError, match=r"'fr'"):
            a.synonyms("fr")
