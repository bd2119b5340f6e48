"""The API viewer: Swagger UI from the wheel drf-spectacular-sidecar, and the OpenAPI document."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from stack.paths import contract, package_folder
from stack.portal.page import HEADERS, Markup, element

_OURS = Path(__file__).parent / "assets"
_OWN_ASSETS = ("portal.css", "docs.css", "docs.js")
_VIEWER_ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")


def viewer(_: Request) -> HTMLResponse:
    """GET /docs"""
    head = element(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width">'),
        element("title", "API · WeNeeds"),
        Markup('<link rel="icon" href="/docs/assets/favicon-32x32.png">'),
        Markup('<link rel="stylesheet" href="/docs/assets/swagger-ui.css">'),
        Markup('<link rel="stylesheet" href="/docs/assets/docs.css">'),
    )
    body = element(
        "body",
        element("div", id="api"),
        element("script", src="/docs/assets/swagger-ui-bundle.js"),
        element("script", src="/docs/assets/docs.js"),
    )
    return HTMLResponse(f"<!doctype html>{element('html', head, body, lang='en')}", headers=HEADERS)


def asset(request: Request) -> Response:
    """GET /docs/assets/{name}: only the files listed here."""
    name = request.path_params["name"]
    if name in _OWN_ASSETS:
        return FileResponse(_OURS / name, headers=HEADERS)
    if name in _VIEWER_ASSETS:
        return FileResponse(_viewer_folder() / name, headers=HEADERS)
    return PlainTextResponse("no such file", status_code=404, headers=HEADERS)


def document(_: Request) -> Response:
    """GET /openapi.json"""
    return Response(_document(), media_type="application/json", headers=HEADERS)


@cache
def _document() -> bytes:
    from gateway import openapi

    return json.dumps(openapi.render(contract()), ensure_ascii=False).encode()


@cache
def _viewer_folder() -> Path:
    package = package_folder("drf_spectacular_sidecar")
    return package / "static" / "drf_spectacular_sidecar" / "swagger-ui-dist"
