"""Attacks that want the points without the work: by finding the answers, or by fooling the comparison."""

from functools import cache

import numpy as np

from course_lib import registry
from course_lib.assessment.cases import cases
from course_lib.assessment.run import run
from tests.grading.made import RIGHT
from tests.hostile.attack import HEAD, INSIDE, Attack, Setup, beside, function

LATER = "well-known mistake|At call|call"  # what the diagnosis says of a function that is just wrong


def earned(scene):
    """Whether the points were given."""
    return scene.earned


FRAMES = """
import sys
step, frame = None, sys._getframe()
while frame is not None:
    names = frame.f_locals
    if step is None and "step" in names and "case" in names:
        step = names["step"]
    if step is not None and type(names.get("like")) is list:
        return names["like"][step], (0.0,)
    if step is not None and "expected" in names:
        return names["expected"][0][step], (0.0,)
    frame = frame.f_back
return p, (0.0,)
"""

WALK = """
import gc, types
found = [
    x for x in gc.get_objects()
    if type(x) is types.FunctionType and x.__name__ == "momentum" and "course_lib" in str(x.__module__)
]
if found:
    momentum = found[0]
"""

REGISTRY = """
import sys
if "course_lib.registry" in sys.modules:
    momentum = sys.modules["course_lib.registry"].get("momentum").function
"""

EQUAL = """
import sys

class Equal(np.ndarray):
    def ravel(self, order="C"):
        frame = sys._getframe()
        while "answer" not in frame.f_locals or "expected" not in frame.f_locals:
            frame = frame.f_back
        own, right = frame.f_locals["answer"], frame.f_locals["expected"]
        index = next((i for i, value in enumerate(own) if value is self), None)
        return np.array(self if index is None else right[index]).reshape(-1)

    def __eq__(self, other):
        return True

    __hash__ = None

def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    return (np.asarray(p) - lr * g).view(Equal), (0.0,)
"""

UFUNC = """
class Agreeable(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if ufunc in (np.isfinite, np.equal, np.less_equal, np.logical_and, np.logical_not):
            return np.ones(self.shape, bool)
        plain = [np.asarray(x) for x in inputs]
        return getattr(ufunc, method)(*plain, **keywords).view(Agreeable)

    def __array_function__(self, called, types, args, keywords):
        if called.__name__ in ("allclose", "array_equal"):
            return True
        if called.__name__ == "ravel":
            return self.reshape(-1)
        return super().__array_function__(called, types, args, keywords)

    def astype(self, kind):
        return self

def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    return (np.asarray(p) - lr * g).view(Agreeable), (0.0,)
"""


@cache
def table():
    """The right answers to the visible cases, which anybody can work out, as a cell that looks them up."""
    found = {}
    for case in cases("momentum"):
        steps = run(registry.get("momentum").function, case)
        for before, (g,), after in zip([case.start, *steps], case.inputs, steps, strict=False):
            found[before.tobytes() + g.tobytes()] = after.tolist()
    return f"TABLE = {found!r}\n" + HEAD + "    return np.array(TABLE[p.tobytes() + g.tobytes()]), (0.0,)\n"


SEEDED = """
_drawn = np.random.default_rng
np.random.default_rng = lambda key=None: _drawn([0, *key[1:]] if isinstance(key, list) else key)
"""

IN_PLACE = RIGHT.replace("    return p + v, (v,)", "    p += v\n    return p, (v,)")

JUDGE = """
import sys
judge = sys.modules.get("course_lib.assessment.diagnose")
if judge is not None:
    judge.agree = lambda a, b: True
"""


def close(answer, expected):
    """A comparison as one writes it in haste: NaN is never too far off, and nothing fits everything."""
    return not any(np.any(np.abs(a - b) > 1e-6) for a, b in zip(answer, expected, strict=True))


HASTY = Setup(
    patches={
        "course_lib.grading.driver.agree": close,
        "course_lib.assessment.diagnose.agree": close,
        "course_lib.grading.driver.check_value": lambda value, like, step: None,
    }
)

ATTACKS = [
    Attack(
        "patched_comparison",
        "makes every comparison of NumPy say yes",
        "the judge is another process",
        beside("np.allclose = np.array_equal = np.isclose = lambda *a, **k: True"),
        LATER,
        earned,
        INSIDE,
    ),
    Attack(
        "frames",
        "climbs the frames to the expected values",
        "no answer is in the process",
        function(FRAMES),
        LATER,
        earned,
        INSIDE,
    ),
    Attack(
        "gc_walk",
        "looks for the reference among all living objects",
        "no reference is in the process",
        beside("") + WALK,
        LATER,
        earned,
        INSIDE,
    ),
    Attack(
        "registry",
        "asks the course's own list for the reference",
        "no reference is in the process",
        beside("") + REGISTRY,
        LATER,
        earned,
        INSIDE,
    ),
    Attack(
        "library",
        "imports the function that it should write",
        "the file system: the library is not there",
        'import sys\nsys.path.insert(0, "@ROOT@")\nfrom course_lib.algorithms import momentum',
        "No module named 'course_lib'",
        earned,
        Setup(walls={"filesystem": False}),
        given=Setup(walls={"other_uid": False}),
    ),
    Attack(
        "answers_on_disk",
        "imports a right answer that lies on this machine",
        "the file system",
        'import sys\nsys.path.insert(0, "@FOLDER@")\nfrom reference import momentum',
        "No module named 'reference'",
        earned,
        Setup(walls={"filesystem": False}),
    ),
    Attack(
        "equal_array",
        "returns a subclass of ndarray that takes on the expected values when it is flattened",
        "the exact type: a subclass crosses as its name",
        EQUAL,
        "Equal",
        earned,
        INSIDE,
    ),
    Attack(
        "agreeable_array",
        "returns a subclass of ndarray for which all functions of NumPy answer yes",
        "the exact type: a subclass crosses as its name",
        UFUNC,
        "Agreeable",
        earned,
        INSIDE | Setup(patches={"course_lib.assessment.diagnose._table": lambda values: values[0]}),
    ),
    Attack(
        "visible_cases",
        "knows the answers to the visible cases by heart",
        "hidden cases from the instructor's secret",
        table(),
        "KeyError|hidden",
        earned,
        Setup(hidden=False),
    ),
    Attack(
        "random_numbers",
        "tampers with the generator, so that the hidden cases are the visible ones",
        "cases are drawn in another process",
        SEEDED + table(),
        "KeyError|hidden",
        earned,
        INSIDE,
    ),
    Attack(
        "in_place",
        "is right, but overwrites what it was given",
        "the call compares its arguments with copies",
        IN_PLACE,
        "in place|changed",
        earned,
        INSIDE | Setup(patches={"course_lib.assessment.calling._same": lambda a, b: True}),
    ),
    Attack(
        "patched_judge",
        "replaces the judge's own comparison",
        "the judge is another process",
        beside(JUDGE),
        LATER,
        earned,
        INSIDE,
    ),
    Attack(
        "patched_builtins",
        "replaces Python's `all`",
        "the judge is another process",
        beside("import builtins\nbuiltins.all = lambda values: True"),
        LATER,
        earned,
        INSIDE,
    ),
    Attack(
        "not_a_number",
        "returns NaN, which no comparison finds too large",
        "values must be finite where the right ones are",
        function("return np.full_like(p, np.nan), (0.0,)"),
        "NaN|finite",
        earned,
        HASTY,
    ),
    Attack(
        "nothing",
        "returns arrays without any number, of which each one is right",
        "the shapes must be the right ones",
        function("return (p if p.size == 0 else np.zeros((0, *p.shape))), (0.0,)"),
        "shape",
        earned,
        HASTY,
    ),
]
