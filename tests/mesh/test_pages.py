"""Pages of the portal through the gateway: their own policy stands, and nothing is framed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.mesh


@pytest.mark.parametrize("path", ["/docs", "/mailbox", "/status", "/openapi.json"])
async def test_a_page_keeps_its_own_policy(mesh: Any, path: str) -> None:
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as http:
        answer = await http.get(path)
    assert answer.status_code == 200
    (policy,) = answer.headers.get_list("content-security-policy")
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert answer.headers["server"] == "weneeds"
