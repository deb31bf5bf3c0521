"""Pictures drawn again and again with other values: what stays is drawn once, what moves goes on top."""

import inspect

from course_lib.viz.theme import encode, new_figure


class Canvas:
    """One figure that is reused for every picture.

    draw(figure, **values): draws all; or, where `background` is given, returns the list of artists that
    belong to these values (lines, texts), which are drawn over the background and taken out again.
    background(figure, **some): draws what stays; it is called again only when one of the values that
    it names has changed.
    size: inches (width, height) at 100 dots per inch.
    """

    def __init__(self, draw, *, background=None, size=(8.4, 3.9)):
        self._draw, self._background, self._size = draw, background, size
        self._named = inspect.signature(background).parameters if background else ()
        self._figure = self._pixels = self._key = None

    def png(self, values: dict, *, colours: int | None = None) -> bytes:
        """The picture for these values as PNG bytes; `colours` as in `theme.encode`."""
        if self._background is None:
            self._figure = new_figure(self._size)
            self._draw(self._figure, **values)
            self._figure.canvas.draw()
        else:
            self._lay_background({k: v for k, v in values.items() if k in self._named})
            self._lay_artists(values)
        return encode(self._figure.canvas.buffer_rgba(), colours)

    def _lay_background(self, values):
        if self._figure is None or values != self._key:
            figure = new_figure(self._size)
            self._background(figure, **values)
            figure.canvas.draw()
            self._pixels = figure.canvas.copy_from_bbox(figure.bbox)
            self._figure, self._key = figure, values
        self._figure.canvas.restore_region(self._pixels)

    def _lay_artists(self, values):
        for axes in self._figure.axes:
            axes.set_prop_cycle(None)  # the first line has the first colour in every picture
        artists = self._draw(self._figure, **values)
        # The order in which a full drawing would paint them.
        for artist in sorted(artists, key=lambda a: (self._figure.axes.index(a.axes), a.zorder)):
            artist.axes.draw_artist(artist)
        for artist in artists:
            artist.remove()
