"""Toy sentences in Korean and English, made from templates of our own: a corpus for small word embeddings.

Words of a group fill the same slots, so their contexts are alike; royal and family words come in pairs, so
that king − man + woman lies near queen. Korean particles stand as words of their own.
"""

import re

import numpy as np

from course_lib.messages import with_particle

# A group has as many words in both languages, in the same order.
GROUPS = {
    "animal": ("고양이 강아지 토끼 여우 곰 오리", "cat dog rabbit fox bear duck"),
    "fruit": ("사과 포도 딸기 복숭아 수박 귤", "apple grape strawberry peach melon tangerine"),
    "drink": ("물 우유 커피 주스 녹차", "water milk coffee juice tea"),
    "vehicle": ("기차 버스 택시 자전거 비행기", "train bus taxi bicycle plane"),
    "city": ("서울 부산 대구 광주 제주", "seoul busan daegu gwangju jeju"),
    "weather": ("비 눈 바람 안개", "rain snow wind fog"),
    "colour": ("빨간 노란 파란 하얀 검은", "red yellow blue white black"),
    "king": ("왕", "king"),
    "queen": ("여왕", "queen"),
    "prince": ("왕자", "prince"),
    "princess": ("공주", "princess"),
    "man": ("남자", "man"),
    "woman": ("여자", "woman"),
    "father": ("아버지", "father"),
    "mother": ("어머니", "mother"),
}
# "{a}" is any word of a group, "{a|b}" of one of several; "{a}[이/가]" is followed by the particle that fits.
TEMPLATES = {
    "ko": (
        "{animal}[이/가] 마당 에서 뛴다",
        "귀여운 {animal}[이/가] 꼬리 를 흔든다",
        "{animal}[은/는] 숲 에서 산다",
        "달콤한 {fruit}[을/를] 먹는다",
        "{fruit}[이/가] 나무 에서 익는다",
        "시장 에서 {fruit}[을/를] 산다",
        "시원한 {drink}[을/를] 마신다",
        "컵 에 {drink}[을/를] 따른다",
        "{vehicle}[을/를] 타고 {city}[으로/로] 간다",
        "{vehicle}[이/가] 빨리 달린다",
        "{city} 에 가는 {vehicle} 표",
        "{city} 에 {weather}[이/가] 온다",
        "오늘 은 {weather}[이/가] 심하다",
        "{colour} 모자 를 쓴다",
        "{colour} 색 으로 칠한다",
        "{king|prince|man|father}[은/는] 수염 난 사내 이다",
        "{queen|princess|woman|mother}[은/는] 치마 입은 여인 이다",
        "{king|prince|man|father} 그 사내 의 수염",
        "{queen|princess|woman|mother} 그 여인 의 치마",
        "{king|queen}[은/는] 왕좌 에서 다스린다",
        "{prince|princess}[은/는] 궁전 정원 에서 논다",
        "{king|queen|prince|princess} 의 궁전 과 왕관",
        "{man|woman}[은/는] 거리 에서 걷는다",
        "{man|woman} 한 사람 이 지나간다",
        "{father|mother}[은/는] 집 에서 아이 를 돌본다",
        "{father|mother} 와 아이 가 집 에 있다",
    ),
    "en": (
        "the {animal} runs around the yard",
        "a cute {animal} wags its tail",
        "the {animal} lives in the forest",
        "she eats a sweet {fruit}",
        "the {fruit} ripens in the garden",
        "we buy one {fruit} at the market",
        "he drinks some cold {drink}",
        "pour the {drink} into my cup",
        "take the {vehicle} to {city}",
        "this {vehicle} goes very fast",
        "a {vehicle} ticket to {city}",
        "in {city} there is {weather}",
        "today heavy {weather} is coming",
        "wear that {colour} hat",
        "paint it {colour} all over",
        "{king|prince|man|father} the gentleman with a beard",
        "{queen|princess|woman|mother} the lady with a skirt",
        "his beard that {king|prince|man|father} has",
        "her skirt that {queen|princess|woman|mother} has",
        "the {king|queen} rules from the throne",
        "the {prince|princess} plays inside the palace",
        "{king|queen|prince|princess} of palace and crown",
        "the {man|woman} walks along the street",
        "one {man|woman} passes by",
        "the {father|mother} cares for our child",
        "{father|mother} and child at home",
    ),
}


def group_words(lang):
    """{group: its words} in one language, "ko" or "en"."""
    return {group: texts[lang == "en"].split() for group, texts in GROUPS.items()}


def toy_sentences(lang, *, count=4000, rng):
    """`count` sentences, each a list of words: a random template, filled with random words of its groups.

    lang: "ko" or "en". rng: NumPy Generator.
    """
    words, templates = group_words(lang), TEMPLATES[lang]
    return [_filled(templates[rng.integers(len(templates))], words, rng) for _ in range(count)]


def _filled(template, words, rng):
    def choose(match):
        groups = match["groups"].split("|")
        options = words[groups[rng.integers(len(groups))]]
        word = options[rng.integers(len(options))]
        if match["pair"] is None:
            return word
        return f"{word} {with_particle(word, match['pair'])[len(word) :]}"

    return re.sub(r"\{(?P<groups>[a-z|]+)\}(\[(?P<pair>[^\]]+)\])?", choose, template).split()


def numbered(sentences):
    """(vocabulary, sentences as arrays of word numbers); words by how often they occur, then by alphabet."""
    flat = [word for sentence in sentences for word in sentence]
    found, counts = np.unique(flat, return_counts=True)
    words = [str(word) for _, word in sorted(zip(-counts, found, strict=True))]
    number = {word: i for i, word in enumerate(words)}
    return tuple(words), [np.array([number[word] for word in sentence]) for sentence in sentences]
