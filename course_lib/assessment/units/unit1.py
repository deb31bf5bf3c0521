"""Unit 1, Optimization."""

import numpy as np

from course_lib.assessment.numbers import number_task


@number_task
def divergence_threshold():
    """Beyond which rate does gradient descent on ½ xᵀ A x diverge, A = [[5, 2], [2, 2]]?"""
    a = np.array([[5.0, 2.0], [2.0, 2.0]])
    low, high = np.linalg.eigvalsh(a)
    mistakes = {
        "one_over": 1 / high,
        "smallest_eigenvalue": 2 / low,
        "diagonal_entry": 2 / a.max(),
        "trace": 2 / np.trace(a),
        "eigenvalue_itself": high,
    }
    return 2 / high, mistakes
