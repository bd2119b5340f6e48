"""The site's pages: one route, and what leads visitors elsewhere (docs/gateway.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.filters import BROWSER, JWT, LUA, TRANSCODER, disabled
from gateway.topology import Pages

Config = dict[str, Any]

PAGES = "pages"
_JUDGE = "/weneeds.auth.v1.DirectoryService/GetVisitor"
# The API's own paths are no pages: what is not there stays an error in the API's shape.
_NO_PAGES = "/(api|weneeds\\.[^/]*)(/.*)?"
_SCRIPT = Path(__file__).parent / "pages.lua"


def route(pages: Pages, auth: str) -> Config:
    """The route of every page; `auth` is the cluster of the auth service."""
    kind = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute"
    return {
        "name": "page",
        "match": {
            "prefix": "/",
            "headers": [
                {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}},
                {
                    "name": ":path",
                    "string_match": {"safe_regex": {"regex": f"{_NO_PAGES}([?#].*)?"}},
                    "invert_match": True,
                },
            ],
        },
        "route": {"cluster": PAGES, "timeout": "15s"},
        "typed_per_filter_config": {
            **disabled(LUA, TRANSCODER, JWT),
            BROWSER: {"@type": kind, "source_code": {"inline_string": script(pages, auth)}},
        },
    }


def script(pages: Pages, auth: str) -> str:
    """The Lua that looks at each visit."""
    head = _lua_list("PUBLIC", pages.public) + _lua_list("FILES", pages.files)
    head += f"local AUTH = {json.dumps(auth)}\nlocal JUDGE = {json.dumps(_JUDGE)}\n"
    return head + _SCRIPT.read_text()


def _lua_list(name: str, members: Sequence[str]) -> str:
    """JSON strings of paths are Lua strings."""
    return f"local {name} = {{ {', '.join(json.dumps(member) for member in members)} }}\n"
