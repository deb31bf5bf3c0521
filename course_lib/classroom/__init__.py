"""A class's round: collect, grade, hand-grade, give back, rank, export. The boundary itself is `grading`."""
