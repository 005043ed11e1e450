"""A report as one HTML file that opens offline and requests nothing, and as a fragment for a notebook."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sparring.report import charts
from sparring.report.blocks import Figure, LossCurve, Summary

if TYPE_CHECKING:
    from jinja2 import Environment

OPEN_IN_NOTEBOOK = ("performance", "figure", "edits", "missing")


def as_page(summary: Summary) -> str:
    """Write a report as a page.

    A policy in its head forbids scripts, requests and every style but its own, whatever names hold.
    """
    return _rendered("page.html.j2", summary, fragment=False)


def as_fragment(summary: Summary) -> str:
    """Write a report as an element for a notebook, whose style touches nothing outside it."""
    return _rendered("fragment.html.j2", summary, fragment=True)


def _rendered(template: str, summary: Summary, *, fragment: bool) -> str:
    from markupsafe import Markup

    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    pictures: dict[str, dict[str, Any]] = {
        block.name: {
            # drawn by our own chart code from figures; names in it are escaped there
            "wide": Markup(charts.svg(block, charts.WIDE)),  # noqa: S704
            "narrow": Markup(charts.svg(block, charts.NARROW)),  # noqa: S704
            "legend": charts.legend(block),
        }
        for section in summary.sections
        for block in section.blocks
        if isinstance(block, Figure)
    }
    pictures |= {
        block.name: {
            "wide": Markup(charts.exceedance_svg(block.risk, charts.WIDE)),  # noqa: S704  # as above
            "narrow": Markup(charts.exceedance_svg(block.risk, charts.NARROW)),  # noqa: S704
        }
        for section in summary.sections
        for block in section.blocks
        if isinstance(block, LossCurve)
    }
    page = (
        _environment()
        .get_template(template)
        .render(
            summary=summary,
            pictures=pictures,
            fragment=fragment,
            open=OPEN_IN_NOTEBOOK,
            style=Markup(style),  # noqa: S704  # ours, and its hash is in the policy
            style_hash=Markup(f"sha256-{digest}"),  # noqa: S704  # letters, digits, + / =
        )
    )
    return page if page.endswith("\n") else page + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("sparring.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return files("sparring.report").joinpath("templates/report.css").read_text(encoding="utf-8")
