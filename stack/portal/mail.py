"""The mailbox pages."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from stack.portal.page import HEADERS, Markup, element, page, table
from stack.standins import mailbox
from stack.standins.mailbox import Mail

# A mail's HTML is a stranger's: it may look nice, it may not run, load or link to anything.
_FOREIGN_HTML = {
    **HEADERS,
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline';"
    " img-src data:; frame-ancestors 'self'",
}


class MailPages:
    """Shows the mails of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def listing(self, request: Request) -> HTMLResponse:
        """GET /mailbox?to="""
        mails = self._matching(request)
        rows: list[list[object]] = [
            [
                f"{mail.received_at:%Y-%m-%d %H:%M:%S}",
                mail.recipients,
                element("a", mail.subject or "(no subject)", href=f"/mailbox/{mail.id}"),
            ]
            for mail in mails
        ]
        if not rows:
            return page("Mailbox", element("p", "No mail yet."))
        count = element("p", f"{len(mails)} mails, the newest first. Times are UTC.")
        return page("Mailbox", count, table(["Received", "To", "Subject"], rows))

    def listing_json(self, request: Request) -> JSONResponse:
        """GET /mailbox.json?to="""
        mails = [asdict(mail) | {"received_at": mail.received_at.isoformat()}
                 for mail in self._matching(request)]  # fmt: skip
        return JSONResponse({"mails": mails}, headers=HEADERS)

    def one(self, request: Request) -> Response:
        """GET /mailbox/{id}"""
        mail = mailbox.read(self._folder, request.path_params["id"])
        if mail is None:
            return _no_such_mail()
        return page(mail.subject or "(no subject)", _heading(mail), *_bodies(mail))

    def html(self, request: Request) -> Response:
        """GET /mailbox/{id}/html: the mail's own HTML, fenced in."""
        mail = mailbox.read(self._folder, request.path_params["id"])
        if mail is None or not mail.html:
            return _no_such_mail()
        return HTMLResponse(mail.html, headers=_FOREIGN_HTML)

    def _matching(self, request: Request) -> list[Mail]:
        return mailbox.read_all(self._folder, request.query_params.get("to", ""))


def _heading(mail: Mail) -> Markup:
    return table(
        ["", ""],
        [
            ["From", mail.sender],
            ["To", mail.recipients],
            ["Received", f"{mail.received_at:%Y-%m-%d %H:%M:%S} UTC"],
            ["Message-ID", mail.message_id],
        ],
    )


def _bodies(mail: Mail) -> list[Markup]:
    bodies = [element("pre", mail.text)] if mail.text else []
    if mail.html:
        frame = element("iframe", sandbox="", src=f"/mailbox/{mail.id}/html", title="HTML")
        bodies.append(frame)
    return bodies


def _no_such_mail() -> PlainTextResponse:
    return PlainTextResponse("no such mail", status_code=404, headers=HEADERS)
