"""The pictures: success against size, a line for each attacker, as SVG that takes its colors from the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sparring.core.risk import RiskEstimate
from sparring.report.blocks import TOGETHER, Figure, Series

# Colors that no page has: each is replaced by a CSS variable, so that one picture serves light and dark.
SOFT, GRID = "#010204", "#010205"
LINES = ("#0102a1", "#0102a2", "#0102a3", "#0102a4", "#0102a5", "#0102a6")
ALL = "#0102a7"
VARIABLES = {SOFT: "--soft", GRID: "--line", ALL: "--ink"} | {c: f"--series-{i + 1}" for i, c in enumerate(LINES)}
FALLBACK = {"--soft": "#5b6775", "--line": "#d9dee5", "--ink": "#1d2733"}
PATHS = {
    "circle": "M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
    "square": "M3.5 3.5h9v9h-9z",
    "triangle-up": "M8 2.5l5.5 10h-11z",
    "diamond": "M8 2l5 6l-5 6l-5-6z",
    "cross": "M6 2.5h4v3.5h3.5v4h-3.5v3.5h-4v-3.5h-3.5v-4h3.5z",
    "triangle-down": "M8 13.5l5.5-10h-11z",
    "triangle-right": "M3 2.5l10.5 5.5l-10.5 5.5z",
}
SHAPES = tuple(PATHS)
# an attacker keeps its color in all pictures
ORDER = ("insider", "sees-scores", "sees-decisions", "by-hand", "nobody", "has-a-copy")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Shape:
    """How large a picture is drawn.

    Parameters
    ----------
    width, height : int
        Of the plot itself, in pixels.
    font : int
    """

    width: int
    height: int
    font: int


WIDE = Shape(790, 320, 13)
NARROW = Shape(262, 240, 12)


def svg(figure: Figure, shape: Shape) -> str:
    """Draw a figure; nothing is fetched.

    Parameters
    ----------
    figure : Figure
    shape : Shape

    Returns
    -------
    str
        An SVG element with a viewBox; colors are CSS variables with fallbacks.
    """
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(specification(figure, shape), allowed_base_urls=[])
    return _themed(drawn)


def specification(figure: Figure, shape: Shape) -> dict[str, Any]:
    """Return the picture in the grammar of Vega-Lite; the legend is left to the page, which knows its own fonts."""
    import altair as alt

    sizes = sorted({dot.size for series in figure.series for dot in series.dots})
    labels = [series.label for series in figure.series]
    colors, shapes = zip(*(_mark(series, figure.series) for series in figure.series), strict=True)
    data = alt.InlineData(values=_values(figure, {size: i for i, size in enumerate(sizes)}))
    reach = alt.Scale(domain=[-0.3, len(sizes) - 0.7])
    base = alt.Chart(data).encode(
        x=alt.X("x:Q", scale=reach, axis=_size_axis(figure, sizes)),
        color=alt.Color("label:N", scale=alt.Scale(domain=labels, range=list(colors)), legend=None),
    )
    share = alt.Scale(domain=[0, 1])
    percent = "format(100 * datum.value, '.0f') + '\u00a0%'"
    y_axis = alt.Axis(labelExpr=percent, title="share of attacked rows", tickCount=5, domain=False, ticks=False)
    line = base.mark_line(strokeWidth=2, opacity=0.55).encode(y=alt.Y("value:Q", scale=share, axis=y_axis))
    whisker = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", scale=share), y2="high:Q")
    kinds = alt.Shape("label:N", scale=alt.Scale(domain=labels, range=list(shapes)), legend=None)
    point = base.mark_point(filled=True, size=80, opacity=1).encode(y=alt.Y("value:Q", scale=share), shape=kinds)
    chart = alt.layer(line, whisker, point).properties(width=shape.width, height=shape.height)
    chart = chart.configure(background="transparent", font=FONT, **_configuration(shape))
    return dict(chart.to_dict(validate=False))


def legend(figure: Figure) -> tuple[tuple[str, str, str], ...]:
    """Return label, CSS variable and the path of its mark, in a box of 16 by 16, for each line."""
    marks = [_mark(series, figure.series) for series in figure.series]
    return tuple(
        (series.label, VARIABLES[color], PATHS[shape])
        for series, (color, shape) in zip(figure.series, marks, strict=True)
    )


def _values(figure: Figure, places: dict[float, int]) -> list[dict[str, Any]]:
    """Return the dots, those of one size side by side so that no interval hides another, the highest line leftmost."""
    n = len(figure.series)
    gap = min(0.09, 0.5 / max(n, 1))
    from_left = sorted(figure.series, key=lambda series: series.attacker != TOGETHER)
    return [
        {
            "label": series.label,
            "x": places[dot.size] + (i - (n - 1) / 2) * gap,
            "value": dot.value,
            "low": dot.low,
            "high": dot.high,
        }
        for i, series in enumerate(from_left)
        for dot in series.dots
    ]


def _mark(series: Series, among: tuple[Series, ...]) -> tuple[str, str]:
    """Return color and shape: those of the attacker, or the next ones for a second line of the same attacker."""
    if series.attacker == TOGETHER:
        return ALL, SHAPES[-1]
    first = next(other for other in among if other.attacker == series.attacker) is series
    k = ORDER.index(series.attacker) if series.attacker in ORDER and first else len(LINES) - 1
    return LINES[k], SHAPES[k]


def _size_axis(figure: Figure, sizes: list[float]) -> Any:
    import altair as alt

    names = {i: f"{size:g}" for i, size in enumerate(sizes)}
    expression = "".join(f"datum.value == {i} ? '{name}' : " for i, name in names.items()) + "''"
    return alt.Axis(values=list(names), labelExpr=expression, title=figure.axis, grid=False, tickSize=4, labelPadding=4)


def _configuration(shape: Shape) -> dict[str, Any]:
    axis = {"labelColor": SOFT, "labelFontSize": shape.font, "titleColor": SOFT, "titleFontSize": shape.font}
    lines = {"domainColor": GRID, "tickColor": GRID, "gridColor": GRID}
    return {"axis": {**axis, **lines, "titleFontWeight": "normal", "titlePadding": 10}, "view": {"stroke": None}}


def _themed(drawn: str) -> str:
    """Put the page's colors in, and hide it from screen readers: the figure has a text and a table for them."""
    for color, variable in VARIABLES.items():
        fallback = FALLBACK.get(variable, "#2b6cb0")
        drawn = re.sub(re.escape(color), f"var({variable}, {fallback})", drawn, flags=re.IGNORECASE)
    drawn = re.sub(r'\s(?:aria-[a-z]+|role|tabindex)="[^"]*"', "", drawn)
    return re.sub(r"^<svg ", '<svg aria-hidden="true" focusable="false" ', drawn, count=1)


def exceedance(risk: RiskEstimate, shape: Shape = WIDE) -> dict[str, Any]:
    """Return the curve of yearly losses in the grammar of Vega-Lite, with the lines of management.

    Parameters
    ----------
    risk : RiskEstimate
    shape : Shape
    """
    import altair as alt

    # a loss of nothing has no place on a scale of powers; its probability is that of the first point beyond
    points = [{"loss": point.loss, "p": point.probability} for point in risk.exceedance if point.loss > 0]
    lines = [{"loss": crossing.amount, "name": crossing.name} for crossing in risk.crossings]
    title = f"yearly loss{f' in {risk.unit}' if risk.unit else ''}"
    axis = alt.Axis(title=title, format="~s", grid=False, tickCount=6)
    x = alt.X("loss:Q", scale=alt.Scale(type="log", nice=False), axis=axis)
    percent = "format(100 * datum.value, '.0f') + '\u00a0%'"
    y_axis = alt.Axis(labelExpr=percent, title="probability of more", tickCount=5, domain=False, ticks=False)
    y = alt.Y("p:Q", scale=alt.Scale(domain=[0, 1]), axis=y_axis)
    curve = alt.Chart(alt.InlineData(values=points)).mark_line(strokeWidth=2, color=LINES[0]).encode(x=x, y=y)
    layers: list[Any] = [curve]
    if lines:
        base = alt.Chart(alt.InlineData(values=lines)).encode(x=x)
        layers.append(base.mark_rule(strokeDash=[4, 3], color=SOFT))
        label: dict[str, Any] = {"align": "left", "dx": 4, "color": SOFT, "fontSize": shape.font}
        layers.append(base.mark_text(**label).encode(y=alt.value(8), text="name:N"))
    chart = alt.layer(*layers).properties(width=shape.width, height=shape.height)
    chart = chart.configure(background="transparent", font=FONT, **_configuration(shape))
    return dict(chart.to_dict(validate=False))


def exceedance_svg(risk: RiskEstimate, shape: Shape = WIDE) -> str:
    """Draw the curve of yearly losses; nothing is fetched.

    Parameters
    ----------
    risk : RiskEstimate
    shape : Shape
    """
    import vl_convert

    return _themed(vl_convert.vegalite_to_svg(exceedance(risk, shape), allowed_base_urls=[]))
