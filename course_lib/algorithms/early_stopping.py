"""Early stopping: end the training when the validation loss has stopped falling."""

import math
from numbers import Real

from array_api_compat import is_array_api_obj

from course_lib.algorithms._arrays import non_negative, whole
from course_lib.messages import t
from course_lib.registry import Range, register


@register(
    "early stopping",
    ko="조기 종료",
    en="Early stopping",
    source="Goodfellow et al. 2016, §7.8, Algorithm 7.1; Prechelt 1998, Early Stopping — But When?",
    ranges={"patience": Range(1, 20, count=20), "min_delta": Range(0.0, 0.1)},
)
def early_stopping(loss, state=(math.inf, 0, 0), *, patience=5, min_delta=0.0):
    """Whether to stop: the loss has not fallen below its best for `patience` checks in a row.

        improved  ⇔  loss < best − δ;      stop  ⇔  p checks in a row without

    A NaN never improves. Keep a copy of the weights whenever `best_at == checks`, and go back to it.
    (`reduce_on_plateau`, after PyTorch, waits for one check more than its patience.)

    loss: the validation loss, one number. state: (best, best_at, checks), the checks counted from 1.
    patience: p ≥ 1 checks. min_delta: δ ≥ 0. Returns (stop, state). Raises TypeError, ValueError.
    """
    whole("early_stopping", patience=patience)
    non_negative("early_stopping", min_delta=min_delta)
    if not isinstance(loss, Real) and not (is_array_api_obj(loss) and loss.ndim == 0):
        raise TypeError(t("early_stopping.loss", got=type(loss).__name__))
    best, best_at, checks = state
    loss, checks = float(loss), checks + 1
    # improved ⇔ loss < best − δ
    if loss < best - min_delta:
        best, best_at = loss, checks
    # stop ⇔ p checks in a row without
    return checks - best_at >= patience, (best, best_at, checks)
