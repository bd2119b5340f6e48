"""The frame of every page: escaped by construction, nothing loaded from outside."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Markup(str):
    """Text that is HTML already; everything else is escaped when put into a page."""

    __slots__ = ()


def element(tag: str, *children: object, **attributes: str) -> Markup:
    """An HTML element. `class_` gives the attribute class; children are escaped."""
    inner = "".join(_html(child) for child in children)
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
    )
    return Markup(f"<{tag}{named}>{inner}</{tag}>")


def table(headings: list[str], rows: list[list[object]]) -> Markup:
    """A table with a heading line."""
    head = element("tr", *(element("th", heading) for heading in headings))
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("table", element("thead", head), element("tbody", *body))


def page(title: str, *content: Markup) -> HTMLResponse:
    """A whole page."""
    links = (("Status", "/status"), ("API", "/docs"), ("Mailbox", "/mailbox"))
    menu = element("nav", *(element("a", name, href=path) for name, path in links))
    head = element(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width">'),
        element("title", f"{title} · WeNeeds"),
        Markup('<link rel="stylesheet" href="/docs/assets/portal.css">'),
    )
    body = element("body", menu, element("main", element("h1", title), *content))
    document = element("html", head, body, lang="en")
    return HTMLResponse(f"<!doctype html>{document}", headers=HEADERS)


def _html(child: object) -> str:
    return child if isinstance(child, Markup) else escape(str(child))
