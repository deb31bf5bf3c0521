"""How a claim and its result look in a notebook.

Three outputs in a row: text, picture, text. A picture inside of HTML would be lost where HTML is cleaned,
as on GitHub; so would colours, which is why every colour has its word.
"""

from html import escape

from course_lib.messages import t
from course_lib.viz import training_figures
from course_lib.viz.picture import Picture, show
from course_lib.viz.theme import new_figure

_LEFT = "text-align: left"  # an attribute loses to the styles of VS Code
# Dark enough for white letters.
BADGES = {"holds": "#00704F", "fails": "#A84300", "depends": "#005A8E", "unclear": "#5A5A5A"}


def display(result):
    """Show a Result in a notebook: statement and verdict, picture, numbers and reasons."""
    from IPython.display import display as show_output

    for data, metadata in outputs(result):
        show_output(data, raw=True, metadata=metadata)


def outputs(result) -> list[tuple[dict, dict]]:
    """What `display` shows, as (data, metadata) of notebook outputs."""
    return [
        ({"text/html": opening(result), "text/plain": plain(result)}, {}),
        picture(result)._repr_mimebundle_(),
        ({"text/html": reasons(result), "text/plain": result.claim.text("why")}, {}),
    ]


def badge_words(result) -> str:
    """The verdict in words."""
    return t(f"claim.verdict.{result.verdict.word}", axis=result.claim.text("axis"))


def plain(result) -> str:
    """Statement and verdict as plain text."""
    return f"{t('claim.says')} {result.claim.text('statement')}\n{t('claim.verdict')} {badge_words(result)}"


def opening(result) -> str:
    """The statement, what is measured, and the verdict, as HTML."""
    claim, word = result.claim, result.verdict.word
    style = f"background: {BADGES[word]}; color: white; padding: 2px 10px; border-radius: 4px"
    parts = [
        f"<p>{escape(t('claim.says'))}</p>",
        f"<blockquote>{escape(claim.text('statement'))}</blockquote>",
        f"<p><strong>{escape(t('claim.measured'))}</strong> {escape(claim.text('measured'))}</p>",
        f"<p><strong>{escape(t('claim.verdict'))}</strong> "
        f'<strong style="{style}">{escape(badge_words(result))}</strong> {escape(claim.text(word))}</p>',
    ]
    if result.outdated:
        parts.append(f"<p><strong>{escape(t('claim.outdated', name=claim.name))}</strong></p>")
    return "<div>" + "".join(parts) + "</div>"


def reasons(result) -> str:
    """The numbers behind the picture, and why they come out so, as HTML."""
    claim, found = result.claim, result.verdict
    heads = [
        claim.text("axis_title"),
        t("claim.mean"),
        t("claim.interval"),
        t("claim.runs"),
        t("claim.finding"),
    ]
    rows = [
        [
            claim.text(f"condition.{name}"),
            _number(i.mean),
            f"{_number(i.low)} … {_number(i.high)}",
            str(i.count),
            t(f"claim.finding.{found.findings[name]}"),
        ]
        for name, i in found.intervals.items()
    ]
    head = "".join(f'<th style="{_LEFT}">{escape(cell)}</th>' for cell in heads)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_LEFT}">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    unit = t("claim.unit", unit=claim.text("unit"), margin=f"{claim.margin:g}")
    return (
        f"<div><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p><small>{escape(unit)}</small></p>"
        f"<p><strong>{escape(t('claim.why'))}</strong> {escape(claim.text('why'))}</p></div>"
    )


def _number(x):
    """Three significant digits with a sign; nothing below a thousandth."""
    text = f"{x:+.3g}" if abs(x) >= 5e-4 else "0"
    return text.replace("-", "−")


def picture(result) -> Picture:
    """Every run's effect, means and intervals, by condition."""
    claim, found = result.claim, result.verdict
    labels = {name: claim.text(f"condition.{name}") for name in result.effects}
    height = 1.1 + 0.45 * len(labels)
    figure = new_figure((8.4, height))
    axes = figure.add_axes((0.30, 0.72 / height, 0.67, (height - 0.87) / height))
    training_figures.effects(
        axes, result.effects, found, labels=labels, unit=claim.text("unit"), margin=claim.margin
    )
    told = "; ".join(
        t("claim.alt_row", label=labels[name], mean=_number(i.mean), low=_number(i.low), high=_number(i.high))
        for name, i in found.intervals.items()
    )
    return show(figure, t("claim.alt", unit=claim.text("unit"), rows=told))
