"""A finished picture as a notebook shows it: PNG bytes, and a sentence for those who do not see it."""

from base64 import b64encode

from course_lib.viz.theme import to_png


class Picture:
    """PNG bytes with a text alternative; shows itself where it is the last expression of a cell.

    Its bytes depend on the drawing alone, so that a rebuilt notebook differs only where a picture does.
    """

    def __init__(self, png: bytes, alt: str):
        self.png, self.alt = png, alt

    def _repr_mimebundle_(self, **kwargs):
        return {"image/png": b64encode(self.png).decode(), "text/plain": self.alt}, {
            "image/png": {"alt": self.alt}
        }


def show(figure, alt: str) -> Picture:
    """A matplotlib figure as a `Picture`; alt says in a sentence what is to be seen."""
    return Picture(to_png(figure), alt)
