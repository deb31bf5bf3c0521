"""The course's own panels: what they compute, as pure functions, and how it is drawn. One module per idea."""
