"""What every rule promises, whatever it computes: pure, dtype kept, NumPy = PyTorch, errors that help."""

import copy
import inspect

import numpy as np
import pytest
import torch

from course_lib import algorithms, registry
from course_lib.algorithms import newton
from course_lib.messages import LANGUAGES, speaking

STEPS = 20
RULES = registry.entries("optimizer") + registry.entries("second order")
TO = {"numpy": np.asarray, "torch": lambda a: torch.tensor(np.asarray(a))}
SHAPE = (3, 4)


class Quartic:
    """f(p) = Σ ½ a p² + ¼ p⁴, in NumPy or torch; it shifts at every step so that gradients change sign."""

    def __init__(self, library, dtype):
        rng = np.random.default_rng(0)
        self.to = lambda a: TO[library](np.asarray(a, dtype=dtype))
        self.weights = rng.uniform(0.2, 2.0, SHAPE)
        self.a = self.to(self.weights)
        self.start = self.to(rng.standard_normal(SHAPE))
        self.shifts = [self.to(rng.standard_normal(SHAPE)) for _ in range(STEPS)]

    def arguments(self, entry, t, p):
        """(gradient or gradient function, keywords) for the rule at step t."""

        def grad(q, indices=None):
            return self.a * q + q**3 + self.shifts[t]

        hyper = {}
        if entry.traits.get("draws_batches"):
            hyper = {"n": 10, "batch_size": 4, "rng": np.random.default_rng(t)}
        if entry.kind == "second order":
            hyper = {"search": None, "lr": 0.2}
        if entry.name == "newton":
            diagonal = (self.weights + 3 * np.asarray(p) ** 2).reshape(-1)
            hyper["hess_fn"] = lambda q: self.to(np.diag(diagonal))
        return (grad if entry.needs_grad_fn else grad(p)), hyper


def arrays(state):
    """Every floating-point array inside a state."""
    if isinstance(state, (tuple, list)):
        return [a for part in state for a in arrays(part)]
    return [state] if isinstance(state, (np.ndarray, torch.Tensor)) and state.ndim else []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("library", TO)
@pytest.mark.parametrize("entry", RULES, ids=lambda e: e.name)
def test_pure_and_keeps_dtype(entry, library, dtype):
    """Nothing handed in changes; the point and the state come back in the dtype and library they came in."""
    problem = Quartic(library, dtype)
    p, state = problem.start, ()
    for t in range(STEPS):
        g, hyper = problem.arguments(entry, t, p)
        given = (p, g, state) if not callable(g) else (p, state)
        before = copy.deepcopy(given)
        after_p, *after_state = entry.function(p, g, *state, **hyper)
        for array, kept in zip(arrays(given), arrays(before), strict=True):
            assert np.array_equal(np.asarray(array), np.asarray(kept))
        for array in [after_p, *(a for a in arrays(after_state) if a.dtype != np.int64)]:
            assert type(array) is type(p) and array.dtype == p.dtype
        assert after_p.shape == p.shape and after_p is not p
        p, state = after_p, after_state


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("entry", RULES, ids=lambda e: e.name)
def test_numpy_and_torch_agree(entry, dtype, tolerance):
    if entry.name in ("muon", "newton", "bfgs", "lbfgs"):
        tolerance *= 30  # matrix products and solvers round differently, and these rules amplify it
    paths = {}
    for library in TO:
        problem = Quartic(library, dtype)
        p, state, path = problem.start, (), []
        for t in range(STEPS):
            g, hyper = problem.arguments(entry, t, p)
            p, *state = entry.function(p, g, *state, **hyper)
            path.append(np.asarray(p))
        paths[library] = np.stack(path)
    np.testing.assert_allclose(paths["numpy"], paths["torch"], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("entry", RULES, ids=lambda e: e.name)
def test_state_starts_by_itself(entry):
    """Without a state, and with the default one: the same step."""
    problem = Quartic("numpy", "float64")
    default = inspect.signature(entry.function).parameters["state"].default
    g, hyper = problem.arguments(entry, 0, problem.start)
    bare, _ = entry.function(problem.start, g, **hyper)
    _, hyper = problem.arguments(entry, 0, problem.start)
    given, _ = entry.function(problem.start, g, default, **hyper)
    assert np.array_equal(bare, given)
    assert not np.array_equal(bare, problem.start)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("entry", RULES, ids=lambda e: e.name)
def test_integers_lists_and_other_shapes_are_refused(entry, lang):
    problem = Quartic("numpy", "float64")
    g, hyper = problem.arguments(entry, 0, problem.start)
    whole = np.ones(SHAPE, dtype=int)
    with speaking(lang):
        with pytest.raises(TypeError, match=rf"^{entry.name}: p.*int64.*p\.astype\(float\)"):
            entry.function(whole, g, **hyper)
        with pytest.raises(TypeError, match=rf"^{entry.name}: p.*list.*np\.array"):
            entry.function([[1.0, 2.0]], g, **hyper)
        other = (lambda p, *indices: np.ones(3)) if entry.needs_grad_fn else np.ones(3)
        with pytest.raises(ValueError, match=rf"^{entry.name}: .*\(3, 4\).*\(3,\)"):
            entry.function(problem.start, other, **hyper)
        if not entry.needs_grad_fn:
            with pytest.raises(TypeError, match=rf"^{entry.name}: g.*g\.astype\(float\)"):
                entry.function(problem.start, whole, **hyper)


def _noop(*_):
    return 1.0


# what else a function needs before it looks at the hyperparameter under test
VECTOR = np.array([0.5, -1.0])
IMAGES = np.random.default_rng(0).standard_normal((4, 6, 2, 2))
SPACE = {"lr": registry.Range(0.01, 1.0, "log")}
POSITIONAL = {
    "optimizer": lambda e: (np.ones((2, 2)), (lambda p, *_: p) if e.needs_grad_fn else np.ones((2, 2))),
    "second order": lambda e: (VECTOR, lambda p: p),
    "schedule": lambda e: (0,),
    "plateau schedule": lambda e: (1.0,),
    "momentum schedule": lambda e: (0,),
    "clipping": lambda e: ([VECTOR],) if e.name == "clip_by_global_norm" else (VECTOR,),
    "matrix": lambda e: (np.ones((2, 2)),),
    "line search": lambda e: (VECTOR, -VECTOR, VECTOR),
    "check": lambda e: (_noop, VECTOR),
    "problem": lambda e: (),
    "problem transform": lambda e: (algorithms.quadratic(),),
    "tool": lambda e: (algorithms.gd, algorithms.quadratic()),
    "fan": lambda e: ((3, 2),),
    "initialization": lambda e: ((3, 2),),
    "bias initialization": lambda e: ((3, 2),),
    "gain": lambda e: ("leaky_relu",),
    "normalization": lambda e: (IMAGES, *[np.ones(6)] * (1 if e.name == "rms_norm" else 2)),
    "normalization backward": lambda e: (IMAGES, IMAGES, *[np.ones(6)] * ("over" not in e.name)),
    "normalization tool": lambda e: {"norm_axes": ("layer",), "norm_sets": (IMAGES.shape,)}.get(
        e.name, (IMAGES,)
    ),
    "probe": lambda e: (np.ones((3, 2)), [np.eye(2)], np.ones((3, 2))),
    "activation": lambda e: (VECTOR, VECTOR[:1]) if e.traits.get("learned") else (VECTOR,),
    "activation backward": lambda e: (VECTOR, VECTOR),
    "loss": lambda e: (VECTOR, VECTOR),
    "loss backward": lambda e: (1.0, VECTOR, VECTOR),
    "preprocessing": lambda e: (np.eye(3), algorithms.pca_fit(np.eye(3))),
    "unit probe": lambda e: (np.eye(2),),
    "data split": lambda e: (),
    "regularization": lambda e: {
        "regularized_loss": (1.0, [VECTOR]),
        "proximal_gradient_l1": (VECTOR, VECTOR),
    }.get(e.name, (np.eye(2),)),
    "weight decay": lambda e: (VECTOR, VECTOR),
    "dropout": lambda e: () if e.name == "dropout_rates" else (IMAGES,),
    "early stopping": lambda e: (1.0,),
    "ensemble": lambda e: (_noop, VECTOR) if e.name == "dropout_ensemble" else (),
    "image augmentation": lambda e: {
        "affine_matrix": (),
        "affine": (IMAGES, np.eye(3)[:2]),
        "warp": (IMAGES, np.eye(3)),
        "perspective": (IMAGES, [(0, 0), (1, 0), (1, 1), (0, 1)]),
    }.get(e.name, (IMAGES,)),
    "text augmentation": lambda e: ("a film",),
    "robustness": lambda e: (_noop, np.eye(2), np.arange(2)),
    "mixing": lambda e: (IMAGES, np.eye(4)),
    "label smoothing": lambda e: (np.eye(3),),
    "stochastic depth": lambda e: (1,) if e.name == "survival_rate" else (IMAGES,),
    "weight averaging": lambda e: (VECTOR,),
    "gradient accumulation": lambda e: (VECTOR,),
    "sharpness": lambda e: (VECTOR, lambda p: p),
    "calibration": lambda e: (np.eye(2), np.arange(2)),
    "convolution": lambda e: {
        "conv_output_size": (9,),
        "col2im": (np.ones((1, 9, 1)),),
        "conv2d": (IMAGES, IMAGES),
        "conv2d_backward": (np.ones((4, 4, 1, 1)), IMAGES, IMAGES),
    }.get(e.name, (IMAGES,)),
    "pooling": lambda e: (IMAGES[:, :, :1, :1], IMAGES) if "backward" in e.name else (IMAGES,),
    "embedding": lambda e: {"nearest": (np.eye(2), np.eye(2)), "cooccurrence": ([np.arange(2)],)}.get(
        e.name, (np.eye(2),)
    ),
    "search": lambda e: {
        "at_edge": ({"lr": 0.1},),
        "narrow": ({"lr": 0.1},),
        "hyperband_brackets": (),
    }.get(e.name, (SPACE,)),
}
KEYWORDS = {
    "n": 10,
    "batch_size": 2,
    "total": 10,
    "steps": 3,
    "then": _noop,
    "f": _noop,
    "grad_fn": lambda p: p,
    "hess_fn": lambda p: np.eye(2),
    "df": _noop,
    "training": True,
    "axes": (1,),
    "norm": "group",
    "rule": algorithms.gd,
    "size": 1,
    "factor": 1.0,
    "degrees": 10.0,
    "transform": np.copy,
    "words": {"film": ["movie"]},
    "layers": 4,
    "shape": (1, 1, 3, 3),
    "vocabulary": 2,
    "space": SPACE,
}
NUMBERS = [
    (entry, parameter.name)
    for entry in registry.entries()
    if entry.name in algorithms.__all__
    for parameter in inspect.signature(entry.function).parameters.values()
    if parameter.kind is parameter.KEYWORD_ONLY
    and (isinstance(parameter.default, (int, float)) or parameter.name in ("n", "batch_size", "total", "eps"))
]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), "a word"])
@pytest.mark.parametrize(("entry", "name"), NUMBERS, ids=lambda x: getattr(x, "name", x))
def test_bad_hyperparameters_are_refused(entry, name, bad, lang):
    """The message starts with the rule, repeats what was received, and says what to write instead."""
    parameters = inspect.signature(entry.function).parameters
    # what has no default must be given
    required = {k for k, v in parameters.items() if v.kind is v.KEYWORD_ONLY and v.default is v.empty}
    hyper = {k: v for k, v in KEYWORDS.items() if k in required}
    if "rng" in parameters:
        hyper["rng"] = np.random.default_rng(0)
    with speaking(lang), pytest.raises(ValueError) as refusal:
        entry.function(*POSITIONAL[entry.kind](entry), **hyper | {name: bad})
    message = str(refusal.value)
    assert message.startswith(f"{entry.name}: {name}") and repr(bad) in message
    assert f"{name}=" in message, "no remedy"


# what draws; the code of sgd and of the problems stays as the hashes of stored experiments know it
RANDOM = [
    entry
    for entry in registry.entries()
    if entry.name in set(algorithms.__all__) - {"compose"}
    and "rng" in inspect.signature(entry.function).parameters
    and entry.kind not in ("optimizer", "problem", "problem transform")
]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("bad", [0, None, np.random], ids=["seed", "None", "numpy.random"])
@pytest.mark.parametrize("entry", RANDOM, ids=lambda e: e.name)
def test_randomness_comes_from_a_generator(entry, bad, lang):
    """Neither a seed nor numpy.random, whose state is shared and hidden."""
    parameters = inspect.signature(entry.function).parameters
    required = {k for k, v in parameters.items() if v.kind is v.KEYWORD_ONLY and v.default is v.empty}
    hyper = {k: v for k, v in KEYWORDS.items() if k in required} | {"rng": bad}
    with speaking(lang), pytest.raises(TypeError, match=rf"^{entry.name}: rng.*np\.random\.default_rng\(0\)"):
        entry.function(*POSITIONAL[entry.kind](entry), **hyper)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("bad", [-1, 1.5, float("nan"), float("inf")])
@pytest.mark.parametrize("entry", registry.entries("schedule"), ids=lambda e: e.name)
def test_steps_are_whole(entry, bad, lang):
    parameters = inspect.signature(entry.function).parameters
    hyper = {k: v for k, v in KEYWORDS.items() if k in parameters}
    with speaking(lang), pytest.raises(ValueError, match=rf"^{entry.name}: step") as refusal:
        entry.function(bad, **hyper)
    assert repr(bad) in str(refusal.value)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_second_order_refusals(lang):
    with speaking(lang):
        with pytest.raises(ValueError, match=r"newton.*Singular.*damping=1e-3"):
            newton(VECTOR, lambda p: p, hess_fn=lambda p: np.zeros((2, 2)))
        with pytest.raises(ValueError, match=r"newton.*singular.*damping=1e-3"):
            newton(torch.ones(2), lambda p: p, hess_fn=lambda p: torch.zeros(2, 2))
        with pytest.raises(ValueError, match=r"bfgs.*f=….*search=None"):
            algorithms.bfgs(VECTOR, lambda p: p)
        for search in (algorithms.backtracking, algorithms.strong_wolfe):
            with pytest.raises(ValueError, match=rf"^{search.__name__}: .*1\.25.*d = −g"):
                search(VECTOR, VECTOR, VECTOR, f=_noop, grad_fn=lambda p: p)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_muon_is_for_matrices(lang):
    with speaking(lang), pytest.raises(ValueError, match=r"^muon: p.*\(3,\).*adamw"):
        algorithms.muon(np.ones(3), np.ones(3))


@pytest.mark.parametrize("library", TO)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_functions_beside_the_rules_keep_dtype(library, dtype):
    """Clipping, Newton–Schulz, the directions and the numerical derivatives: both libraries, inputs kept."""
    to = lambda a: TO[library](np.asarray(a, dtype=dtype))  # noqa: E731
    x, s, y = to([[3.0, -4.0], [1.0, 2.0]]), to([0.1, 0.2]), to([0.3, 0.1])
    kept = [np.asarray(a).copy() for a in (x, s, y)]
    results = [
        algorithms.clip_by_value(x, limit=0.5),
        *algorithms.clip_by_global_norm([x, s], max_norm=0.5),
        algorithms.newton_schulz(x),
        algorithms.inverse_hessian(None, s, y),
        algorithms.two_loop(s, ((s, y),)),
        algorithms.numerical_gradient(lambda p: (p**2).sum(), x),
        algorithms.numerical_hessian(lambda p: (p**2).sum(), x),
    ]
    for result in results:
        assert type(result) is type(x) and result.dtype == x.dtype
    for array, before in zip((x, s, y), kept, strict=True):
        assert np.array_equal(np.asarray(array), before)
    assert isinstance(algorithms.relative_error(x, x + 1), float)
