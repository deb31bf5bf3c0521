"""Grading answers that cannot be trusted: cases, expected values and marks stay outside the box they run in.

The driver holds everything worth stealing. The runner, inside the box, gets the learner's cells and call
inputs and returns arrays. What passes between them is `wire`: a JSON header and raw bytes.
"""
