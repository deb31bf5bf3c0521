"""Sliders, unstubbed: their values are set, and the picture that follows is looked at."""

from base64 import b64decode

import pytest

import course_lib.algorithms  # noqa: F401  registers every algorithm
from course_lib import registry
from course_lib.messages import LANGUAGES, speaking
from course_lib.viz import sliders
from course_lib.viz.canvas import Canvas
from course_lib.viz.panels.schedules import schedules

PNG = b"\x89PNG\r\n\x1a\n"
SMALL = (2, 1.5)


def _line(figure, **values):
    figure.subplots().plot([0, 1], [0, sum(values.values())])


def _alone(**values):
    return Canvas(_line, size=SMALL).png(values, colours=256)


@pytest.fixture
def panel():
    return sliders.frames(
        _line,
        "lr",
        [0.1, 0.5, 2.0],
        start=0.45,
        describe=lambda lr: f"the rate is {lr}",
        numbers=lambda lr: [{"lr": lr, "twice": 2 * lr}],
        size=SMALL,
    )


def test_frames_start_at_the_nearest_value_and_show_it_as_text(panel):
    assert panel.slider.value == 0.5
    assert panel.slider.label == "0.5"
    assert panel.picture.alt == "the rate is 0.5"


def test_frames_show_the_right_picture_at_both_ends(panel):
    pictures = []
    for value in (0.1, 2.0):
        panel.slider.value = value
        pictures.append(panel.picture.png)
        assert panel.picture.png == _alone(lr=value)
    assert pictures[0] != pictures[1]


def test_frames_are_linked_in_the_browser_in_the_order_of_the_slider(panel):
    _, _, shown, _, _ = panel.children
    images, sentences = zip(*(page.children for page in shown.children), strict=True)
    assert [image.value for image in images] == [p.png for p in panel.pictures]
    assert "the rate is 2.0" in sentences[2].value
    assert shown.selected_index == panel.slider.index == 1


def test_the_table_holds_a_row_per_frame(panel):
    inside = panel.children[-2].children[1].children[0].value
    assert inside.count("<tr>") == 4
    assert ">twice</th>" in inside and ">4</td>" in inside


def test_a_panel_without_a_kernel_shows_its_picture_and_says_what_it_is(panel):
    data, metadata = panel._repr_mimebundle_()
    assert b64decode(data["image/png"]) == panel.picture.png
    assert data["text/plain"] == metadata["image/png"]["alt"] == "the rate is 0.5"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_table_stands_beside_a_fold_of_the_browser(panel):
    head, scrolling = panel.children[-2].children
    assert "<details><summary>" in head.value and "<table>" not in head.value
    assert "<table>" in scrolling.children[0].value


def test_a_list_is_as_wide_as_its_column():
    chosen = sliders.dropdown("surface", [("Beale", "beale"), ("Saddle", "saddle")], "saddle")
    assert (chosen.value, chosen.description) == ("saddle", "surface")
    assert (chosen.layout.width, chosen.style.description_width) == ("auto", "initial")


def test_a_label_has_its_own_words_as_tooltip():
    assert sliders.value_slider("lr", [0.1, 0.2], title="rate").tooltip == "rate"


def test_frames_refuse_an_empty_list():
    with pytest.raises(ValueError, match="at least one value"):
        sliders.frames(_line, "lr", [])


def test_what_draw_raises_while_frames_are_drawn_comes_through():
    def draw(figure, lr):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sliders.frames(draw, "lr", [1.0], size=SMALL)


@pytest.fixture
def two():
    controls = {name: sliders.value_slider(name, [0.0, 1.0, 2.0]) for name in ("a", "b")}
    return sliders.live(_line, controls, numbers=lambda a, b: [{"sum": a + b}], size=SMALL)


def test_a_live_panel_draws_what_its_values_say(two):
    before = two.picture.png
    two.controls["a"].value = 2.0
    assert two.picture.png != before
    two.controls["b"].value = 1.0
    assert two.picture.png == Canvas(_line, size=SMALL).png({"a": 2.0, "b": 1.0})
    assert two.picture.alt == "a = 2, b = 1"
    assert ">3</td>" in two.children[-2].children[1].children[0].value
    two.controls["a"].value = two.controls["b"].value = 0.0
    assert two.picture.png == before


def test_a_live_panel_has_a_picture_for_where_no_kernel_runs(two):
    two.controls["a"].value = 1.0
    data, _ = two._repr_mimebundle_()
    assert b64decode(data["image/png"]) == two.picture.png
    assert two.picture.png.startswith(PNG)


def test_one_picture_follows_when_adjust_sets_other_controls():
    drawn = []
    controls = {name: sliders.value_slider(name, [0.0, 1.0, 2.0]) for name in ("a", "b")}

    def adjust(changed):
        if changed == "a":
            controls["b"].value = 2.0

    def draw(figure, a, b):
        drawn.append((a, b))

    sliders.live(draw, controls, adjust=adjust, size=SMALL)
    controls["a"].value = 1.0
    assert drawn == [(0.0, 0.0), (1.0, 2.0)]


def test_an_exception_is_shown_to_the_learner_and_raised_and_gone_with_the_next_picture():
    def draw(figure, a):
        if a > 1:
            raise ZeroDivisionError("division <by> zero")

    panel = sliders.live(draw, {"a": sliders.value_slider("a", [0.0, 1.0, 2.0])}, size=SMALL)
    before = panel.picture.png
    with pytest.raises(ZeroDivisionError):
        panel.controls["a"].value = 2.0
    alarm = panel.children[1].value
    assert 'role="alert"' in alarm and "division &lt;by&gt; zero" in alarm
    assert isinstance(panel.error, ZeroDivisionError)
    assert panel.picture.png == before
    panel.controls["a"].value = 1.0
    assert panel.children[1].value == "" and panel.error is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_slider_without_a_title_of_its_own_has_one_in_words(lang):
    hypers = {hyper for name in schedules() for hyper in registry.get(name).ranges}
    with speaking(lang):
        for hyper in (hypers - {"peak"}) | {"lr"}:
            assert sliders.parameter_title(hyper) != hyper, hyper


def test_labels_take_more_digits_only_where_needed():
    assert sliders.labels([0.1, 0.25]) == ["0.1", "0.25"]
    assert sliders.labels([0.9999, 0.99991]) == ["0.9999", "0.99991"]
    assert sliders.labels([1.0, 1.0]) == ["1", "1"]


def test_a_table_escapes_what_it_shows():
    assert "&lt;b&gt;" in sliders.table([{"a": "<b>"}])
    assert sliders.table([]) == ""
