"""The strategy audit: what a recipe does for its training, told from behaviour and not from names.

audit(recipe)                       in a notebook: a table
judge(measure(recipe)).complete     measured in one process, judged in another
"""

from course_lib.assessment.audit.findings import KINDS, Audit, Evidence, Finding
from course_lib.assessment.audit.judging import judge
from course_lib.assessment.audit.measuring import measure

__all__ = ["KINDS", "Audit", "Evidence", "Finding", "audit", "judge", "measure"]


def audit(recipe, data=None, *, seed=0) -> Audit:
    """Which initialization, normalization, regularization and optimization strategies a recipe really uses.

    recipe: Recipe. data: Data, or what has its names; the course's Hangul pictures if None. seed: of
    everything random: the same seed gives the same numbers. Copies of the model make a few small steps, in
    about a second; nothing is trained. Never raises for what the recipe's functions do.
    """
    return judge(measure(recipe, data, seed=seed))
