"""What every function of arrays promises: inputs kept, dtype and library kept, NumPy and torch agree."""

import numpy as np
import torch

TO = {"numpy": np.asarray, "torch": lambda a: torch.tensor(np.asarray(a))}
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-10}


def check_pure(function, *args, **hyper):
    """Feed the arguments as float32 and float64, in NumPy and torch; whole-number arrays keep their dtype.

    Arguments that are not arrays go in as they are; a tuple stands for a tuple of arrays.
    """
    for dtype, tolerance in TOLERANCE.items():
        results = {}
        for library, to in TO.items():
            fed = [_cast(a, dtype, to) for a in args]
            kept = [_cast(a, dtype, to) for a in args]
            result = function(*fed, **hyper)
            for one, other in zip(_arrays(fed), _arrays(kept), strict=True):
                assert np.array_equal(np.asarray(one), np.asarray(other)), "an input was changed"
            results[library] = _arrays([result])
            assert results[library], "nothing came back"
            for array in results[library]:
                assert isinstance(array, torch.Tensor) == (library == "torch")
                assert str(array.dtype).removeprefix("torch.") == np.dtype(dtype).name
        for one, other in zip(results["numpy"], results["torch"], strict=True):
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def _cast(value, dtype, to):
    if isinstance(value, tuple):
        return tuple(_cast(v, dtype, to) for v in value)
    if not isinstance(value, np.ndarray):
        return value
    return to(value.astype(dtype) if value.dtype.kind == "f" else value.copy())


def _arrays(values):
    """Every array inside, NumPy's scalars among them."""
    found = []
    for value in values:
        if isinstance(value, (tuple, list)):
            found += _arrays(value)
        elif isinstance(value, (np.ndarray, np.generic, torch.Tensor)):
            found.append(value)
    return found
