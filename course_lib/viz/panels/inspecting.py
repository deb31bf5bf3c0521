"""A mini-batch by eye: pictures as the net gets them, with the labels that it gets."""

from course_lib.messages import t
from course_lib.viz.picture import show
from course_lib.viz.theme import new_figure


def batch_picture(rows):
    """Several batches below each other, each picture with its label. Returns a Picture.

    rows: [(pictures (n, h, w), labels (n,)), …].
    """
    columns = len(rows[0][1])
    figure = new_figure((8.4, 1.3 * len(rows) + 0.1))
    for row, (pictures, labels) in enumerate(rows):
        for column, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
            axes = figure.add_subplot(len(rows), columns, row * columns + column + 1)
            axes.imshow(picture, cmap="gray_r", interpolation="nearest")
            axes.set_title(str(label), fontsize=12, pad=3)
            axes.set_axis_off()
        first = figure.axes[row * columns]
        first.text(-0.35, 0.5, "ABC"[row], transform=first.transAxes, ha="right", va="center", fontsize=14)
    figure.subplots_adjust(left=0.06, right=0.99, top=0.88, bottom=0.02, hspace=0.45, wspace=0.25)
    told = "; ".join(
        t("viz.batch_by_eye.row", name="ABC"[i], labels=" ".join(map(str, y)))
        for i, (_, y) in enumerate(rows)
    )
    return show(figure, t("viz.batch_by_eye.alt", rows=told))
