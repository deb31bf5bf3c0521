"""Everything that is drawn.

`widgets` is what notebooks import; `figures` draws arrays, `sliders` and `panels` move the drawings.
"""
