"""Honest students: submissions made from a unit's solution, with answers right, wrong or left out."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNITS = sorted(path.stem for path in ROOT.glob("exercises/en/u*.ipynb"))

# What an honest student gets wrong: in the solution of each task, this is replaced by that.
WRONG = {
    "iterations_trained": ("160", "16"),
    "k_fold": ("rng.permutation(n)", "np.arange(n)"),
    "standardize_fit": ("x.std(axis=axes, keepdims=True)", "x.std(axis=axes, keepdims=True, ddof=1)"),
    "center": ("x - mean", "x + mean"),
    "standardize": ("(x - mean) / std", "(x - mean) / std**2"),
    "binary_cross_entropy": ("np.mean(", "np.sum("),
    "slope_ratio": ("1 / (0.1192 * (1 - 0.1192))", "1 / 0.1192"),
    "weight_gradient": ("(-3 - 1) * -3 * 2", "-3 - 1"),
    "mend_first_run": ('"lr": 0.5', '"lr": 1e-6'),
    "split_for_patients": ("by_patient", "stratified"),
    "divergence_threshold": ("2 / 6", "1 / 6"),
    "momentum": ("momentum * v - lr * g", "momentum * v - (1 - momentum) * lr * g"),
    "nesterov": ("grad_fn(p + momentum * v)", "grad_fn(p)"),
    "adagrad": ("np.sqrt(s)", "s"),
    "rmsprop": ("(1 - rho) * g**2", "g**2"),
    "adam": ("m / (1 - beta1**t)", "m"),
    "adamw": ("- lr * weight_decay * p", "- weight_decay * p"),
    "cosine": ("min(step / total, 1.0)", "step / total"),
    "warmup": ("then(step - steps)", "then(step)"),
    "clip_by_global_norm": ("if norm > max_norm else 1.0", ""),
    "weight_left": ("(1 - 0.1 * 0.05) ** 100", "1 - 0.1 * 0.05 * 100"),
    "proximal_l1": ("np.maximum(np.abs(w) - threshold, 0)", "(np.abs(w) - threshold)"),
    "dropout": (" / (1 - rate)", " * 1.0"),
    "early_stopping": ("loss < best - min_delta", "loss < best"),
    "max_norm": ("np.minimum(1, limit / norms)", "limit / norms"),
    "weighted_vote": ("weights[:, None, None] * chosen", "chosen"),
    "augmentation_for_hangul": ("small_affine", "mirror"),
    "overfitting_net": ('"weight_decay": 3.0', '"weight_decay": 0.0'),
    "ten_linear_layers": ("math.sqrt(400) * 0.1", "400 * 0.1"),
    "he_uniform_bound": ("6 / 150", "2 / 150"),
    "xavier_uniform": ("6 / (fan_in + fan_out)", "2 / (fan_in + fan_out)"),
    "he_normal": ("math.sqrt(n)", "n"),
    "orthogonal": ("q = q * np.sign(np.diag(r))", ""),
    "normal_init": ("rng.standard_normal(shape)", "rng.random(shape)"),
    "fan_in_bias": ("math.sqrt(fan_in)", "fan_in"),
    "weights_for_thirty_relus": ("he_normal", "xavier_normal"),
    "twelve_silent_layers": ('"gain": 1.0', '"gain": 0.1'),
    "layer_norm_means": ("8", "6"),
    "batch_norm": ("momentum * unbiased", "momentum * var"),
    "batch_norm_backward": (" - x_hat * pull", ""),
    "group_norm": ("n, groups, channels // groups", "n, channels // groups, groups"),
    "variance_after_dropout": ("1 / 3", "1"),
    "norm_for_batches_of_two": ("group", "batch"),
    "dropout_and_norm": ("after_last_norm", "before_norm"),
    "sigmoid_chain": ("(2 * 0.25) ** 6", "0.25**6"),
    "sigmoid": ("np.where(x >= 0, 1.0, e)", "1.0"),
    "sigmoid_backward": ("dy * y * (1 - y)", "dy * y"),
    "what_relu_is": ("piecewise_linear", "linear"),
    "relu_pieces": ("6", "5"),
    "leaky_relu": ("slope * x)", "0.0)"),
    "maxout": ("z.max(axis=0)", "z.sum(axis=0)"),
    "dead_units": (".all(axis=0)", ".any(axis=0)"),
    "deep_stack": ('"tanh"', '"sigmoid"'),
    "smoothed_right_class": ("0.8 + 0.2 / 5", "0.8"),
    "label_smoothing": ("eps / y.shape[1]", "eps / (y.shape[1] - 1)"),
    "mixup": ("lam * y + (1 - lam) * y[j]", "y"),
    "cutmix": ("    lam = 1 - (", "    area = 1 - ("),
    "ema": ("if seen else p * 1.0", ""),
    "sam": ("rho * g / norm", "rho * g"),
    "blocks_that_survive": ("12 - 0.6 * 13 / 2", "12 * 0.6"),
    "lazy_average": ('"decay": 0.95', '"decay": 0.999'),
    "sure_but_wrong": ("temperature", "label_smoothing"),
    "side_after_two": ("7", "8"),
    "conv_parameters": (" + 1)", ")"),
    "first_loss_of_25": ("np.log(25)", "1 / 25"),
    "conv_output_size": ("2 * padding", "padding"),
    "conv2d": ("b[:, None]", "b[0]"),
    "halving_epochs": ("27 * 1 + 9 * 3 + 3 * 9 + 1 * 27", "27 * 27"),
    "best_at_the_edge": ("widen", "accept"),
    "ruined_backbone": ("0.015", "0.3"),
    "diagnosis_1": ("bad_initialization", "overfitting"),
    "diagnosis_2": ("norm_statistics_frozen", "overfitting"),
    "diagnosis_3": ('"overfitting"', '"bad_initialization"'),
}


def built(part: str, lang: str, name: str = "u01_optimization") -> Path:
    """Where a built notebook lies. part: "exercises" or "solutions"."""
    return ROOT / part / lang / f"{name}.ipynb"


def stubs(lang: str, name: str) -> dict[str, str]:
    """{task: what its answer cell holds when it is handed out}."""
    return _answers("exercises", lang, name)


def right(lang: str, name: str) -> dict[str, str]:
    """{task: the answer of the solution}."""
    return _answers("solutions", lang, name)


def wrong(lang: str, name: str) -> dict[str, str]:
    """{task: the solution's answer with an honest mistake}."""
    return {task: _mistaken(task, source) for task, source in right(lang, name).items()}


def _mistaken(task, source):
    old, new = WRONG[task]
    assert old in source, f"the solution of {task} has changed: it holds no {old!r}"
    return source.replace(old, new)


def handed_in(lang: str, name: str, answers: dict[str, str]) -> dict:
    """The exercise as a notebook with these answers in the place of its own."""
    notebook = json.loads(built("exercises", lang, name).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        task = _task(cell)
        if task in answers:
            cell["source"] = answers[task]
    return notebook


def ten_students(lang: str, name: str) -> dict[str, dict]:
    """{student: notebook}: the first has all of it right, the last nothing, the others this or that."""
    good, bad, none = right(lang, name), wrong(lang, name), stubs(lang, name)
    students = {}
    for k in range(10):
        pick = [good, none if k == 9 else bad]
        answers = {task: pick[k * (i + k) % 9 > 4 or k == 9][task] for i, task in enumerate(good)}
        students[f"student{k}"] = handed_in(lang, name, answers)
    return students


def _answers(part, lang, name):
    cells = json.loads(built(part, lang, name).read_text(encoding="utf-8"))["cells"]
    return {task: "".join(cell["source"]) for cell in cells if (task := _task(cell))}


def _task(cell):
    """The task whose answer this code cell holds, or ""."""
    meta = cell["metadata"].get("nbgrader", {})
    answers = meta.get("solution") and cell["cell_type"] == "code"
    return meta["grade_id"].removeprefix("solution-") if answers else ""
