"""Paths are decoded once, and nothing hides in them."""

from __future__ import annotations

import pytest

from tests.contract.gateway.world import World


@pytest.mark.parametrize("path", ["/api/v1/jobs%2F1", "/api/v1%5Cjobs", "/api%2fv1/me"])
async def test_an_escaped_slash_is_refused(world: World, path: str) -> None:
    before = len(world.backend.requests)
    answer = await world.http.get(path, headers=world.bearer())
    assert answer.status_code in (400, 404)
    assert len(world.backend.requests) == before


async def test_a_path_is_decoded_once(world: World) -> None:
    answer = await world.http.get("/api/v1/jobs/%252e%252e%2520x", headers=world.bearer())
    assert answer.status_code == 404
    assert world.backend.requests[-1].job_id == "%2e%2e%20x"
