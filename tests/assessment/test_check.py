"""`check` answers every kind of input with its own clear message, in both languages."""

import time

import numpy as np
import pytest
import torch

from course_lib.algorithms import adam, clip_by_global_norm, cosine, momentum, reduce_on_plateau
from course_lib.assessment import CheckFailed, check
from course_lib.assessment.check import Verdict
from course_lib.assessment.diagnose import diagnose
from course_lib.messages import speaking, t

MEMORY = []


def remembers_outside(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    MEMORY.append(g.sum())
    return p - lr * g * len(MEMORY), state


def loops(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    while True:
        try:  # noqa: SIM105
            time.sleep(0.01)
        except Exception:
            pass


def swallows_everything(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    for _ in range(3):
        try:  # noqa: SIM105
            time.sleep(60)
        except:  # noqa: E722
            pass
    while True:
        pass


def divides(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    return p / 0 if p.size < 0 else p + undefined_name, state  # noqa: F821


def in_place(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    p -= lr * g
    return p, state


def in_place_state(p, g, state=None, *, lr=0.01, momentum=0.9):
    state = [np.zeros_like(p)] if state is None else state
    state[0][...] = momentum * state[0] - lr * g
    return p + state[0], state


BAD = {
    "check.not_function": 3,
    "check.signature": lambda p, g, lr=0.1: p,
    "check.in_place": in_place,
    "check.not_pair": lambda p, g, state=(0.0,), *, lr=0.01, momentum=0.9: p - lr * g,
    "check.not_array": lambda p, g, state=(0.0,), *, lr=0.01, momentum=0.9: (torch.tensor(p), state),
    "check.shape": lambda p, g, state=(0.0,), *, lr=0.01, momentum=0.9: (p[None], state),
    "check.dtype": lambda p, g, state=(0.0,), *, lr=0.01, momentum=0.9: (p.astype("float32"), state),
    "check.not_finite": lambda p, g, state=(0.0,), *, lr=0.01, momentum=0.9: (p * np.nan, state),
    "check.keeps_state": remembers_outside,
    "check.exception": divides,
}


@pytest.mark.parametrize("key", BAD)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_bad_input_gets_its_own_message(key, lang):
    with speaking(lang):
        outcome = diagnose("momentum", BAD[key])
        assert (outcome.kind, outcome.mistake) == ("refused", key)
        assert not any(outcome.passed)
        assert "{" not in outcome.diagnosis
        with pytest.raises(CheckFailed) as error:
            check("momentum", BAD[key])
    assert outcome.diagnosis in str(error.value)


def test_state_changed_in_place_is_refused():
    assert diagnose("momentum", in_place_state).mistake == "check.in_place"


@pytest.mark.parametrize("function", [loops, swallows_everything])
def test_an_endless_loop_is_stopped(function, monkeypatch):
    monkeypatch.setattr("course_lib.assessment.run.SECONDS", 0.3)
    started = time.monotonic()
    outcome = diagnose("momentum", function)
    assert outcome.mistake == "check.timeout"
    assert time.monotonic() - started < 30


def test_the_time_limit_works_outside_the_main_thread(monkeypatch):
    import threading

    monkeypatch.setattr("course_lib.assessment.run.SECONDS", 0.3)
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(diagnose("momentum", loops)))
    thread.start()
    thread.join(30)
    assert outcomes[0].mistake == "check.timeout"


def test_an_unfilled_stub_is_called_unwritten():
    def stub(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
        raise NotImplementedError("momentum")

    assert diagnose("momentum", stub).mistake == "check.not_written"


def test_an_exception_names_the_learner_s_line():
    outcome = diagnose("momentum", divides)
    assert "NameError" in outcome.diagnosis
    assert str(divides.__code__.co_firstlineno + 1) in outcome.diagnosis


@pytest.mark.parametrize(
    ("name", "function", "key"),
    [
        ("cosine", lambda step, *, total, peak=0.1, floor=0.0: np.ones(2), "check.not_number"),
        ("cosine", lambda step, *, total, peak=0.1, floor=0.0: float("nan"), "check.not_finite"),
        ("clip_by_global_norm", lambda gs, *, max_norm=1.0: gs[0], "check.not_sequence"),
        ("reduce_on_plateau", lambda loss, state=(), **hyper: 0.1, "check.not_pair"),
    ],
)
def test_schedules_and_clipping_have_their_messages(name, function, key):
    assert diagnose(name, function).mistake == key


def test_an_unknown_task_lists_the_known_ones():
    with pytest.raises(KeyError, match="momentum"):
        check("momentun", momentum)


def test_an_unknown_mistake_is_located():
    def drifts(p, g, state=(0.0, 0), *, lr=0.01, momentum=0.9):
        v, k = state
        v = momentum * v - lr * g * (1.0 if k < 4 else 1.5)
        return p + v, (v, k + 1)

    outcome = diagnose("momentum", drifts)
    assert outcome.kind == "parted"
    assert outcome.parting.step == 4
    assert "call 5" in outcome.diagnosis


def test_a_step_of_the_wrong_size_is_told_its_factor():
    def tenfold(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
        new, state = globals()["momentum"](p, g, state, lr=10 * lr, momentum=momentum)
        return new, state

    assert "10 times" in diagnose("momentum", tenfold).diagnosis


def test_another_way_of_writing_the_same_is_right():
    def torch_like(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
        v = momentum * state[0] + g
        return p - lr * v, (v,)

    def other_state(p, g, state=None, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        s = state or {"m": 0, "v": 0, "t": 0}
        new, (m, v, t_) = adam(p, g, (s["m"], s["v"], s["t"]), lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return new, {"m": m, "v": v, "t": t_}

    assert diagnose("momentum", torch_like).right
    assert diagnose("adam", other_state).right


@pytest.mark.parametrize("function", [adam, momentum, cosine, clip_by_global_norm, reduce_on_plateau])
def test_the_right_answer_passes_and_hidden_cases_are_mentioned(function):
    verdict = check(function.__name__, function)
    assert verdict.outcome.right
    assert t("check.hidden_remain") in repr(verdict)
    assert t("check.hidden_remain") in verdict._repr_html_()


def test_the_verdict_shows_a_picture_where_paths_part():
    wrong = diagnose("momentum", lambda p, g, state=(0.0,), *, lr=0.01, momentum=0.9: (p - lr * g, state))
    assert "data:image/png;base64," in Verdict(wrong)._repr_html_()
    assert "img" not in Verdict(diagnose("momentum", momentum))._repr_html_()


def test_html_of_a_learner_s_error_is_escaped():
    def hostile(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in Verdict(diagnose("momentum", hostile))._repr_html_()


def test_a_notebook_shows_one_line_of_the_exception():
    with pytest.raises(CheckFailed) as error:
        check("momentum", 3)
    assert len(error.value._render_traceback_()) == 1
