"""Losses, labels and accuracy: pure, refusals in both languages, and laws."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib import registry
from course_lib.algorithms import (
    accuracy,
    binary_cross_entropy,
    cross_entropy,
    cross_entropy_backward,
    huber,
    mae,
    mse,
    one_hot,
    softmax,
    sse,
)
from course_lib.messages import LANGUAGES, speaking
from tests.algorithms.purity import check_pure

RNG = np.random.default_rng(0)
SCORES, NUMBERS = RNG.standard_normal((6, 4)), RNG.standard_normal((6, 4))
LABELS = np.array([0, 3, 1, 1, 2, 0])
UNIT = RNG.random((6, 4))
VALUES, BACKWARD = registry.entries("loss"), registry.entries("loss backward")
OF_NUMBERS = ("sse", "mse", "mae", "huber")


def target(entry):
    name = entry.name.removesuffix("_backward")
    return {"binary_cross_entropy": UNIT, "cross_entropy": LABELS}.get(name, NUMBERS)


def inputs(entry):
    dy = (0.5,) if entry in BACKWARD else ()
    return (*dy, SCORES, target(entry))


def test_each_loss_has_its_backward_pass():
    assert {e.name for e in BACKWARD} == {f"{e.name}_backward" for e in VALUES}


@pytest.mark.parametrize("entry", VALUES + BACKWARD, ids=lambda e: e.name)
def test_pure_in_both_libraries_and_dtypes(entry):
    check_pure(entry.function, *inputs(entry))


def test_soft_targets_are_pure_too():
    check_pure(cross_entropy, SCORES, softmax(NUMBERS))
    check_pure(cross_entropy_backward, 2.0, SCORES, softmax(NUMBERS))


@pytest.mark.parametrize("entry", VALUES, ids=lambda e: e.name)
def test_torch_differentiates_through_it_like_the_backward_pass(entry):
    x = torch.tensor(SCORES, requires_grad=True)
    entry.function(x, torch.tensor(target(entry))).backward()
    want = registry.get(f"{entry.name}_backward").function(1.0, SCORES, target(entry))
    np.testing.assert_allclose(x.grad, want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_nothing_overflows_far_out(name, dtype):
    logits = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype=dtype)
    truth = np.array([0, 0]) if name == "cross_entropy" else np.array([[1, 1], [1, 1]], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value = registry.get(name).function(logits, truth)
        gradient = registry.get(f"{name}_backward").function(1.0, logits, truth)
    assert np.isfinite(value) and np.all(np.isfinite(gradient)) and value.dtype == dtype


def test_a_diverged_net_shows_nan():
    assert np.isnan(cross_entropy(np.array([[np.nan, 1.0]]), np.array([0])))
    assert np.isnan(mse(np.array([np.nan]), np.array([0.0])))


@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(np.uint8), LABELS.reshape(2, 3)])
def test_one_hot_in_both_libraries(labels):
    numpy_rows, torch_rows = one_hot(labels, classes=4), one_hot(torch.tensor(labels), classes=4)
    assert numpy_rows.dtype == np.float64 and torch_rows.dtype == torch.float32
    assert numpy_rows.shape == (*labels.shape, 4)
    np.testing.assert_array_equal(numpy_rows, torch_rows)
    np.testing.assert_array_equal(numpy_rows.argmax(axis=-1), labels)


def test_accuracy_in_both_libraries():
    got = [accuracy(to(SCORES), to(LABELS)) for to in (np.asarray, torch.tensor)]
    assert got[0] == got[1] == np.mean(SCORES.argmax(axis=1) == LABELS) and type(got[1]) is float


# --- refusals ---


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("entry", VALUES + BACKWARD, ids=lambda e: e.name)
def test_what_is_no_batch_of_predictions_is_refused(entry, lang):
    dy = (1.0,) if entry in BACKWARD else ()
    first = "pred" if entry.name.removesuffix("_backward") in OF_NUMBERS else "logits"
    call, truth = entry.function, target(entry)
    with speaking(lang):
        with pytest.raises(TypeError, match=rf"^{entry.name}: {first}.*int64.*astype\(float\)"):
            call(*dy, np.ones((6, 4), dtype=int), truth)
        with pytest.raises(TypeError, match=rf"^{entry.name}: {first}.*list"):
            call(*dy, SCORES.tolist(), truth)
        with pytest.raises(TypeError, match=rf"^{entry.name}: .*list"):
            call(*dy, SCORES, truth.tolist())
        with pytest.raises(ValueError, match=rf"^{entry.name}: {first}.*\(0, 4\)"):
            call(*dy, SCORES[:0], truth[:0])
        with pytest.raises(ValueError, match=rf"^{entry.name}: .*\(5,"):
            call(*dy, SCORES, truth[:5])
        if truth.ndim == 2:  # a column against a vector would broadcast to a square
            with pytest.raises(ValueError, match=rf"^{entry.name}: .*\(6, 1\).*\(6,\)"):
                call(*dy, SCORES[:, :1], truth[:, 0])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("of", [cross_entropy, lambda x, t: cross_entropy_backward(1.0, x, t)])
def test_targets_that_are_no_labels_and_no_distributions_are_refused(of, lang):
    with speaking(lang):
        with pytest.raises(ValueError, match=r"^cross_entropy.* 3.*−?-1.*3"):
            of(SCORES, LABELS - 1 + np.array([0, 1, 0, 0, 0, 0]))
        with pytest.raises(ValueError, match=r"^cross_entropy.*0.*3.*4"):
            of(SCORES, LABELS + 1)
        with pytest.raises(ValueError, match=r"^cross_entropy.*\(6,\).*float64.*target\.astype\(int\)"):
            of(SCORES, LABELS.astype(float))
        with pytest.raises(ValueError, match=r"^cross_entropy.*1\.5.*one_hot"):
            of(SCORES, one_hot(LABELS, classes=4) * 1.5)
        with pytest.raises(ValueError, match=r"^cross_entropy.*-0\.5.*one_hot"):
            of(SCORES, np.tile([1.5, -0.5, 0.0, 0.0], (6, 1)))
        with pytest.raises(ValueError, match=r"^cross_entropy.*nan.*one_hot"):
            of(SCORES, np.full((6, 4), np.nan))
        with pytest.raises(ValueError, match=r"^cross_entropy.*logits.*\(6,\).*x\[None\]"):
            of(SCORES[:, 0], LABELS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_other_refusals(lang):
    with speaking(lang):
        for bad in (UNIT + 1, -UNIT, 2 * (UNIT > 0.5) - 1.0, UNIT * np.nan):
            with pytest.raises(ValueError, match=r"^binary_cross_entropy: target.*\(target \+ 1\) / 2"):
                binary_cross_entropy(SCORES, bad)
        with pytest.raises(TypeError, match=r"^one_hot: .*float64.*dtype=int"):
            one_hot(np.array([1.0]), classes=2)
        with pytest.raises(TypeError, match=r"^one_hot: .*list.*dtype=int"):
            one_hot([1], classes=2)
        for classes in (0, 2.5, -1, float("nan"), "ten"):
            with pytest.raises(ValueError, match=r"^one_hot: classes.*classes=1"):
                one_hot(LABELS, classes=classes)
        with pytest.raises(ValueError, match=r"^one_hot: .*0.*2.*3"):
            one_hot(LABELS, classes=3)
        with pytest.raises(ValueError, match=r"^accuracy: .*\(6,\).*\(5,\).*labels\.reshape"):
            accuracy(SCORES, LABELS[:5])
        with pytest.raises(ValueError, match=r"^accuracy: logits.*\(0, 4\)"):
            accuracy(SCORES[:0], LABELS[:0])


# --- laws ---

tables = arrays(np.float64, (5, 3), elements=st.floats(-100, 100))
kinds = arrays(np.int64, 5, elements=st.integers(0, 2))


@given(tables, tables)
def test_losses_of_numbers_are_symmetric_and_zero_only_at_the_target(y, target):
    for loss in (sse, mse, mae, huber):
        assert loss(y, y) == 0
        assert loss(y, target) >= 0
        np.testing.assert_allclose(loss(y, target), loss(target, y), rtol=1e-12)
    np.testing.assert_allclose(2 * sse(y, target), y.size * mse(y, target), rtol=1e-10)


@given(tables, tables, st.floats(0.01, 100))
def test_huber_lies_below_both_of_its_pieces_and_becomes_each(y, target, delta):
    value = huber(y, target, delta=delta)
    assert value <= 0.5 * mse(y, target) * (1 + 1e-12)
    assert value <= delta * mae(y, target) * (1 + 1e-12)
    np.testing.assert_allclose(huber(y, target, delta=1e4), 0.5 * mse(y, target), rtol=1e-12)


@given(tables, kinds)
def test_labels_and_their_one_hot_rows_give_the_same_loss(logits, labels):
    rows = one_hot(labels, classes=3)
    np.testing.assert_allclose(cross_entropy(logits, labels), cross_entropy(logits, rows), rtol=1e-12)


@given(tables, tables)
def test_no_prediction_beats_the_target_itself(logits, scores):
    """Cross-entropy is least, the entropy of t, where softmax(z) = t (Gibbs)."""
    t = softmax(scores / 20)
    assert cross_entropy(logits, t) >= cross_entropy(scores / 20, t) - 1e-9


@given(tables, kinds, st.floats(-5, 5))
def test_cross_entropys_gradient_sums_to_zero_and_scales_with_dy(logits, labels, dy):
    gradient = cross_entropy_backward(dy, logits, labels)
    np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(gradient, dy * cross_entropy_backward(1.0, logits, labels), rtol=1e-12)


@given(tables)
def test_two_classes_are_the_binary_loss_of_their_difference(logits):
    """softmax over (z₀, z₁) is a sigmoid of z₁ − z₀."""
    labels = np.array([0, 1, 1, 0, 1])
    binary = binary_cross_entropy(logits[:, 1] - logits[:, 0], labels.astype(float))
    np.testing.assert_allclose(cross_entropy(logits[:, :2], labels), binary, rtol=1e-9, atol=1e-12)


@given(st.integers(2, 1000))
def test_the_first_loss_of_a_net_that_knows_nothing_is_ln_k(classes):
    labels = np.arange(4) % classes
    np.testing.assert_allclose(cross_entropy(np.zeros((4, classes)), labels), math.log(classes), rtol=1e-12)


@given(tables, kinds)
def test_accuracy_is_flat_where_the_loss_is_not(logits, labels):
    """Doubling all logits changes every loss and no answer."""  # halving could round the smallest to a tie
    assert accuracy(logits, labels) == accuracy(logits * 2, labels)
