"""A finished picture as a notebook shows it: PNG bytes, and a sentence for those who do not see it."""

from base64 import b64encode
from html import escape

from course_lib.viz.theme import to_png


class Picture:
    """PNG bytes with a text alternative; shows itself where it is the last expression of a cell.

    Its bytes depend on the drawing alone, so that a rebuilt notebook differs only where a picture does.
    """

    def __init__(self, png: bytes, alt: str):
        self.png, self.alt = png, alt

    def still(self):
        """The picture for a page that is only read, as (data, metadata) of a notebook's output."""
        data = {"image/png": b64encode(self.png).decode(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = self.still()
        # JupyterLab shows a PNG without its text, and would rather show Markdown; GitHub and nbconvert not.
        alt = escape(self.alt).replace("$", "&#36;")  # no formula
        image = f'<img alt="{alt}" src="data:image/png;base64,{data["image/png"]}">'
        return data | {"text/markdown": image}, metadata


def show(figure, alt: str) -> Picture:
    """A matplotlib figure as a `Picture`; alt says in a sentence what is to be seen."""
    return Picture(to_png(figure), alt)
