"""The catalogue of texts, and the Korean particles."""

import re
import string
import tomllib
from pathlib import Path

import pytest

from course_lib import messages
from course_lib.messages import catalogue, language, set_language, speaking, t, with_particle

PAIRS = {"은/는", "이/가", "을/를", "과/와", "으로/로", "이라/라", "이/"}


def placeholders(text):
    """{name: [format specs]} of a text."""
    fields = {}
    for _, name, spec, _ in string.Formatter().parse(text):
        if name is not None:
            fields.setdefault(name, []).append(spec)
    return fields


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_each_message_stands_in_both_languages_with_the_same_placeholders(key):
    pair = catalogue()[key]
    assert set(pair) == {"ko", "en"} and all(text.strip() for text in pair.values())
    ko, en = placeholders(pair["ko"]), placeholders(pair["en"])
    assert set(ko) == set(en)
    assert {spec for specs in ko.values() for spec in specs if re.search("[가-힣]", spec)} <= PAIRS
    assert not re.search("[가-힣]/[가-힣]?", " ".join(spec for specs in en.values() for spec in specs))


def test_every_key_that_the_library_writes_out_exists():
    library = Path(messages.__file__).parents[1]
    written = {
        key
        for path in library.rglob("*.py")
        for key in re.findall(r'\bt\(\s*"([a-z_]+\.[a-z0-9_.]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(written) > 50
    assert written <= set(catalogue())


def test_a_key_in_two_files_is_refused(tmp_path, monkeypatch):
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text('["x.same"]\nko = "가"\nen = "a"\n', encoding="utf-8")
    monkeypatch.setattr(messages, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(ValueError, match=r"b\.toml.*'x\.same'"):
        catalogue.__wrapped__()


@pytest.mark.parametrize(
    ("word", "pair", "expected"),
    [
        ("기울기", "은/는", "기울기는"),
        ("학습률", "은/는", "학습률은"),
        ("손실", "이/가", "손실이"),
        ("초기화", "이/가", "초기화가"),
        ("값", "을/를", "값을"),
        ("규제", "을/를", "규제를"),
        ("모멘텀", "과/와", "모멘텀과"),
        ("서울", "으로/로", "서울로"),
        ("부산", "으로/로", "부산으로"),
        ("제주", "으로/로", "제주로"),
        ("0", "은/는", "0은"),  # 영
        ("1", "을/를", "1을"),  # 일
        ("1", "으로/로", "1로"),
        ("2", "을/를", "2를"),  # 이
        ("3", "으로/로", "3으로"),  # 삼
        ("0.5", "을/를", "0.5를"),  # 오
        ("(2, 3)", "을/를", "(2, 3)을"),
        ("-7", "으로/로", "-7로"),  # 칠
        ("SGD", "은/는", "SGD는"),  # 디
        ("lr", "은/는", "lr은"),  # 알
        ("lr", "으로/로", "lr로"),
        ("Adam", "을/를", "Adam을"),
        ("momentum", "은/는", "momentum은"),
        ("'adam'", "이라/라", "'adam'이라"),
        ("beta", "이/가", "beta가"),
        ("…", "을/를", "…를"),
    ],
)
def test_the_particle_fits_the_last_sound(word, pair, expected):
    assert with_particle(word, pair) == expected


def test_a_placeholder_takes_its_particle_only_in_korean():
    values = {"name": "adam", "arg": "lr", "got": "-1", "remedy": "lr=0.1"}
    with speaking("ko"):
        assert t("error.positive", **values).startswith("adam: lr은 0보다 큰")
    with speaking("en"):
        assert t("error.positive", **values).startswith("adam: lr must be")


@pytest.mark.parametrize(
    ("value", "expected"), [("ko", "ko"), ("en", "en"), ("EN", "en"), ("en_US.UTF-8", "en"), ("", "ko")]
)
def test_the_language_comes_from_the_environment(monkeypatch, value, expected):
    monkeypatch.setattr(messages, "_current", None)
    monkeypatch.setenv("COURSE_LANG", value)
    assert language() == expected


def test_speaking_ends_with_its_block_even_on_an_error():
    with pytest.raises(RuntimeError), speaking("ko"):
        assert language() == "ko"
        raise RuntimeError
    assert language() == "en"


def test_an_unknown_language_is_refused_with_a_remedy():
    with pytest.raises(ValueError, match=r"got 'fr'; write set_language\(\"en\"\)"):
        set_language("fr")
    assert language() == "en"


def test_a_text_lies_where_its_key_says():
    """A unit's texts in unitN.toml; all others in a file that is called as the key begins."""
    lost = [
        f"{file.name}: {key}"
        for file in Path(messages.__file__).parent.glob("*.toml")
        for key in tomllib.loads(file.read_text(encoding="utf-8"))
        if not re.fullmatch(r"unit\d", file.stem) and not file.stem.startswith(key.split(".")[0])
    ]
    assert lost == []
