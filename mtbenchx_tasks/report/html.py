"""HTML from templates: every value is escaped by the template engine, so that nothing here escapes by hand."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from mtbenchx_tasks.tables import CONTROL, LONG, Table, cell, columns_of_words

_CODE = re.compile(r"`([^`\n]+)`")
TEMPLATES = Path(__file__).with_name("templates")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Of every page: even if something foreign slipped through, it could load and run nothing."""


def render(template: str, **values: Any) -> Markup:
    """Return a template of this folder, filled; control characters in values are shown as �."""
    return Markup(_environment().get_template(template).render(values))


def table_html(table: Table) -> Markup:
    """Return a title, a scrolling box with the table, its caption and its notes."""
    rows = [[cell(value) for value in row] for row in table.rows]
    return render("table.html", table=table, rows=rows, words=columns_of_words(table))


def prose(text: str) -> Markup:
    """Return a sentence of ours with what stands between backticks as code; all else is escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(_printable(text)))))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.globals["long"] = LONG
    environment.filters["prose"] = prose
    return environment


def _printable(value: Any) -> Any:
    return CONTROL.sub("�", value) if type(value) is str else value
