"""The routes of the portal."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from stack import status
from stack.portal import docs
from stack.portal.mail import MailPages
from stack.portal.page import HEADERS, element, page, table
from stack.topology import Topology


def create(topology: Topology) -> Starlette:
    """The application for one mesh."""
    mails = MailPages(topology.mailbox)

    async def status_page(_: Request) -> HTMLResponse:
        return _status(await status.collect(topology.state))

    async def status_json(_: Request) -> JSONResponse:
        report = await status.collect(topology.state)
        return JSONResponse(report.as_json(), headers=HEADERS)

    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/status")),
            Route("/healthz", lambda _: PlainTextResponse("ok")),
            Route("/docs", docs.viewer),
            Route("/docs/assets/{name}", docs.asset),
            Route("/openapi.json", docs.document),
            Route("/mailbox", mails.listing),
            Route("/mailbox.json", mails.listing_json),
            Route("/mailbox/{id}", mails.one),
            Route("/mailbox/{id}/html", mails.html),
            Route("/status", status_page),
            Route("/status.json", status_json),
        ]
    )


def _status(report: status.Report) -> HTMLResponse:
    rows: list[list[object]] = [
        [
            row.name,
            row.kind,
            element("span", row.condition, class_="up" if row.is_up else "down"),
            row.address,
            row.pid or "",
            row.uptime,
            row.memory,
            row.restarts,
        ]
        for row in report.rows
    ]
    headings = ["Name", "Kind", "Health", "Address", "Process", "Up for", "Memory", "Restarts"]
    return page("Status", table(headings, rows), element("p", report.summary))
