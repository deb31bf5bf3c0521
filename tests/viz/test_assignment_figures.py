"""The assignment's pictures: every label drawn, alternative texts with numbers, sentences that follow."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from course_lib.data.hangul import CONSONANTS, load_hangul
from course_lib.messages import LANGUAGES, speaking, t
from course_lib.training.ablation import KINDS, Ablation
from course_lib.training.combinations import Combinations
from course_lib.viz import assignment_figures as pictures
from course_lib.viz.theme import COLOURS, MARKERS


def accuracy(flags, split, seed):
    i, n, r, o = map(int, flags)
    level = 0.5 + 0.02 * i + 0.15 * n + 0.1 * r + 0.15 * o - 0.06 * i * n - (0.03 if split == "test" else 0)
    return level + 0.01 * (seed - 1)


ALL = Combinations(
    KINDS,
    {
        "".join(flags): {
            split: [accuracy(flags, split, seed) for seed in range(3)] for split in pictures.SPLITS
        }
        for flags in itertools.product("01", repeat=4)
    },
)
LEFT_OUT = Ablation(
    {
        "": [0.9, 0.92],
        "initialization": [0.93, 0.92],
        "normalization": [0.85, 0.86],
        "regularization": [0.8, 0.82],
        "optimization": [0.7, 0.75],
        "all": [0.3, 0.4],
    },
    15,
)


@dataclass
class Fonts:
    """A tiny data set: 2 fonts × 3 classes × 4 pictures."""

    families = ("One", "Two")
    family = np.repeat([0, 1], 12)
    y = np.tile(np.repeat([0, 1, 2], 4), 2)
    x = np.random.default_rng(0).integers(256, size=(24, 28, 28), dtype=np.uint8)


def drawn(monkeypatch, make):
    """The figure behind a picture."""
    figures = []
    real = pictures.new_figure
    monkeypatch.setattr(pictures, "new_figure", lambda size: figures.append(real(size)) or figures[-1])
    picture = make()
    return figures[0], picture


def texts(figure):
    """Every text of a figure that lies wholly inside of it."""
    renderer = figure.canvas.get_renderer()
    found = [artist for artist in figure.findobj(lambda a: hasattr(a, "get_text")) if artist.get_visible()]
    inside = figure.bbox
    shown = []
    for artist in found:
        box = artist.get_window_extent(renderer)
        if (
            artist.get_text()
            and inside.x0 <= box.x0
            and box.x1 <= inside.x1
            and inside.y0 <= box.y0
            and box.y1 <= inside.y1
        ):
            shown.append(artist.get_text())
    return shown


MAKERS = {
    "samples": lambda: pictures.samples_picture(
        load_hangul("train"), load_hangul("validation"), names=CONSONANTS
    ),
    "combinations": lambda: pictures.combinations_picture(ALL),
    "waterfall": lambda: pictures.waterfall_picture(LEFT_OUT),
    "confusion": lambda: pictures.confusion_picture(Fonts(), 2 - Fonts.y, names="가나다"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_each_language_has_its_own_words_and_the_bytes_repeat(name):
    made = {}
    for lang in LANGUAGES:
        with speaking(lang):
            made[lang] = MAKERS[name]()
    assert len({picture.alt for picture in made.values()}) == 2
    assert len({picture.png for picture in made.values()}) == 2
    assert all(len(picture.png) < 200_000 for picture in made.values())
    with speaking("en"):
        assert MAKERS[name]().png == made["en"].png


def test_samples_name_every_font_shown_and_every_initial(monkeypatch):
    figure, picture = drawn(monkeypatch, MAKERS["samples"])
    shown = texts(figure)
    assert set(load_hangul("validation").families) <= set(shown) and set(CONSONANTS) <= set(shown)
    assert sum(font in shown for font in load_hangul("train").families) == pictures.FONTS
    assert "18" in picture.alt and "8" in picture.alt and "14" in picture.alt


def test_combinations_show_every_seed_mean_and_switch(monkeypatch):
    figure, picture = drawn(monkeypatch, MAKERS["combinations"])
    left, right = figure.axes
    full = [line for line in left.lines if line.get_linestyle() == "-"]
    rings = [line for line in left.lines if line.get_linestyle() == "None"]
    assert sum(len(line.get_xdata()) for line in full) == sum(len(line.get_xdata()) for line in rings) == 32
    for index, split in enumerate(pictures.SPLITS):
        marks = [a for a in right.lines if a.get_marker() == MARKERS[index] and len(a.get_xdata())]
        assert {a.get_color() for a in marks} == {COLOURS[index]}
        values = np.concatenate([np.ravel(a.get_xdata()) for a in marks])
        expected = [v for run in ALL.runs.values() for v in (*run[split], np.mean(run[split]))]
        np.testing.assert_allclose(np.sort(values), np.sort(expected))
    low, high = right.get_xlim()
    assert low < values.min() and values.max() < high
    words = {t(f"ablation.{kind}") for kind in KINDS} | {
        t(f"assignment.{split}") for split in pictures.SPLITS
    }
    assert words <= set(texts(figure)) and "goal 80%" in texts(figure)
    best = ALL.ordered("test")[0]
    assert picture.alt.count("hidden test ") == 16 and f"{ALL.mean(best, 'test'):.1%}" in picture.alt


def test_what_is_told_of_combinations_follows_the_numbers():
    told = repr(pictures.combinations_told(ALL))
    # 0.5 − 0.03 with nothing; initialization harms on top of normalization: +2 − 6
    assert (
        "47.0%" in told
        and "Initialization: +2.0 points on the hidden test when added alone, −4.0 on top" in told
    )
    assert "in 4 of the 8 settings the mean fell, most of all by −4.0" in told
    assert "not the one with all four, but normalization + regularization + optimization (87.0%)" in told
    assert "reaches 80%: 2 of 16" in told
    assert "Normalization: +15.0 points on the hidden test when added alone" in told
    assert "spread by 1.0 points" in told


def test_what_is_told_turns_round_with_the_numbers():
    turned = {flags: {s: [1 - v for v in run[s]] for s in pictures.SPLITS} for flags, run in ALL.runs.items()}
    told = repr(pictures.combinations_told(Combinations(KINDS, turned)))
    assert (
        "Optimization: −15.0 points on the hidden test when added alone" in told
        and "in 8 of the 8 settings" in told
    )
    low = {flags: {s: [v - 0.3 for v in run[s]] for s in pictures.SPLITS} for flags, run in ALL.runs.items()}
    assert "No combination reaches a mean of 80%" in repr(
        pictures.combinations_told(Combinations(KINDS, low))
    )


@pytest.mark.parametrize("make", [pictures.combinations_picture, pictures.combinations_told])
def test_without_a_stored_result_a_text_says_so(make):
    said = make(None)
    assert "course experiment assignment" in repr(said) and "<li>" in said._repr_html_()


def test_the_waterfall_hangs_drops_from_the_whole_and_shows_gains_above(monkeypatch):
    figure, picture = drawn(monkeypatch, MAKERS["waterfall"])
    (axes,) = figure.axes
    ends = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in axes.patches]
    expected = [(0, 0.91), (0.91, 0.925), (0.91, 0.855), (0.91, 0.81), (0.91, 0.725), (0, 0.35)]
    np.testing.assert_allclose(ends, expected, atol=1e-9)
    gain, drop = axes.patches[1], axes.patches[2]
    assert gain.get_hatch() != drop.get_hatch() and gain.get_facecolor() != drop.get_facecolor()
    seeds = [line for line in axes.lines if line.get_marker() == "o" and len(line.get_ydata())]
    assert [list(line.get_ydata()) for line in seeds] == list(LEFT_OUT.accuracy.values())
    shown = texts(figure)
    assert {"91.0%", "+1.5 points", "−5.5 points", "−18.5 points", "35.0%"} <= set(shown)
    assert "without\ninitialization" in shown and "nothing" in shown
    assert "without normalization 85.5%" in picture.alt


def test_whether_drops_add_up_is_computed():
    told = repr(pictures.ablation_told(LEFT_OUT))
    # −1.5 + 5.5 + 10 + 18.5 = 32.5 against 91 − 35 = 56
    assert (
        "adds up to 32.5 points" in told
        and "costs 56.0" in told
        and "23.5 points belongs to no single" in told
    )
    assert "rose when this was left out: initialization" in told and "2 seeds" in told
    even = Ablation({"": [0.9], "normalization": [0.7], "all": [0.7]}, 15)
    assert "Here the difference is small (0.0 points)" in repr(pictures.ablation_told(even))
    assert "measured with 1 seed" in repr(pictures.ablation_told(even))


def test_an_interrupted_ablation_shows_what_there_is():
    part = Ablation({"": [0.9], "initialization": [0.8]}, 15)
    assert "without initialization 80.0%" in pictures.waterfall_picture(part).alt
    assert "add" not in pictures.ablation_told(part).sentences[0]
    for make in (pictures.waterfall_picture, pictures.ablation_told):
        assert "No training run is complete" in repr(make(Ablation({}, 15)))


def test_confusions_count_rows_by_the_true_class():
    counts = pictures.confusions([0, 0, 1, 2], np.array([0, 1, 1, 0]), 3)
    np.testing.assert_array_equal(counts, [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    assert pictures.most_confused(counts) == [(0, 1), (2, 0)]
    assert pictures.most_confused(np.diag([3, 3])) == []


def test_the_confusion_picture_has_every_count_and_glyphs_of_every_font_first(monkeypatch):
    figure, picture = drawn(monkeypatch, MAKERS["confusion"])
    shown = texts(figure)
    # all of class 0 taken for 2 and the other way round: eight each
    assert shown.count("8") == 3 and "8 times" in "".join(shown)
    assert {"가", "나", "다", "One", "Two"} <= set(shown)
    glyphs = [axes for axes in figure.axes[1:]]
    assert len(glyphs) == 2 * pictures.GLYPHS
    fonts = [axes.texts[0].get_text() for axes in glyphs[:4]]
    assert fonts == ["One", "Two", "One", "Two"]
    assert "33.3%" in picture.alt and "가 → 다 8" in picture.alt


def test_no_mistakes_are_drawn_as_such():
    assert "none" in pictures.confusion_picture(Fonts(), Fonts.y, names="가나다").alt


def test_the_hardest_font_stands_first():
    predicted = Fonts.y.copy()
    predicted[Fonts.family == 1] = 0
    told = pictures.confusion_told(Fonts(), predicted)
    assert told.rows == [["Two", "33.3%"], ["One", "100.0%"]] and "hardest is Two (33.3%)" in repr(told)


@pytest.mark.parametrize(
    ("value", "text"), [(0.021, "+2.1"), (-0.0212, "−2.1"), (0.0001, "0.0"), (-0.0001, "0.0")]
)
def test_differences_bear_their_sign(value, text):
    assert pictures.points(value) == text
