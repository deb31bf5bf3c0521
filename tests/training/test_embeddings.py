"""The shipped embeddings: the maker makes them anew, and neighbours mean what they should."""

import itertools

import numpy as np
import pytest

from course_lib.algorithms import embed, nearest
from course_lib.data.embeddings import PATH, load_embeddings
from course_lib.data.sentences import TEMPLATES, group_words, numbered, toy_sentences
from course_lib.messages import LANGUAGES
from course_lib.training.make_embeddings import make


def test_the_maker_makes_the_shipped_file():
    made = make()
    assert PATH.stat().st_size < 200_000
    with np.load(PATH) as stored:
        assert set(stored.files) == set(made)
        for name in stored.files:
            if name.endswith("words"):
                assert stored[name].tolist() == made[name].tolist()
            else:
                assert stored[name].dtype == made[name].dtype == np.float32
                # another BLAS rounds the decomposition differently
                np.testing.assert_allclose(stored[name], made[name], atol=2e-4)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_nearest_words_are_of_the_same_group(lang):
    table = load_embeddings(lang)
    right = asked = 0
    for words in (words for words in group_words(lang).values() if len(words) > 3):
        rows, _ = nearest(
            embed(np.array([table.number(w) for w in words]), table.vectors), table.vectors, k=4
        )
        for word, row in zip(words, rows, strict=True):
            assert table.words[row[0]] == word
            right += sum(table.words[i] in words for i in row[1:])
            asked += 3
    assert right / asked > 0.95


@pytest.mark.parametrize("lang", LANGUAGES)
def test_king_minus_man_plus_woman(lang):
    table, first = load_embeddings(lang), {group: words[0] for group, words in group_words(lang).items()}

    def answer(a, b, c):
        rows = {w: table.vectors[table.number(first[w])] for w in (a, b, c)}
        index, _ = nearest((rows[a] - rows[b] + rows[c])[None], table.vectors, k=4)
        return next(table.words[i] for i in index[0] if table.words[i] not in (first[a], first[b], first[c]))

    assert answer("king", "man", "woman") == first["queen"]
    assert answer("father", "man", "woman") == first["mother"]


def test_the_vectors_are_shared_and_read_only():
    table = load_embeddings("ko")
    assert table is load_embeddings("ko")
    with pytest.raises(ValueError, match="read-only"):
        table.vectors[0, 0] = 1.0


def test_unknown_words_and_languages_are_said():
    with pytest.raises(KeyError, match=r"'cot'.*cat"):
        load_embeddings("en").number("cot")
    with pytest.raises(ValueError, match=r"'fr'.*load_embeddings\(\"en\"\)"):
        load_embeddings("fr")


def test_both_languages_have_as_many_words_and_templates():
    ko, en = group_words("ko"), group_words("en")
    assert {g: len(w) for g, w in ko.items()} == {g: len(w) for g, w in en.items()}
    assert len(TEMPLATES["ko"]) == len(TEMPLATES["en"])


def test_sentences_repeat_with_their_seed_and_particles_fit():
    one, two = (toy_sentences("ko", count=300, rng=np.random.default_rng(s)) for s in (0, 0))
    assert one == two != toy_sentences("ko", count=300, rng=np.random.default_rng(1))
    pairs = {(a, b) for sentence in one for a, b in itertools.pairwise(sentence)}
    assert ("곰", "이") in pairs and ("토끼", "가") in pairs
    assert ("곰", "가") not in pairs and ("토끼", "이") not in pairs
    assert not any("{" in word or "[" in word for sentence in one for word in sentence)


def test_words_are_numbered_by_frequency():
    words, sentences = numbered([["b", "a"], ["b", "c"]])
    assert words == ("b", "a", "c")
    assert [s.tolist() for s in sentences] == [[0, 1], [0, 2]]
