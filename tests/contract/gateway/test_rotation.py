"""Keys and certificates that change under a running gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest

from gateway.topology import Limits
from tests.contract.gateway.world import (
    Backend,
    Certificates,
    Tokens,
    free_port,
    start_backend,
    start_envoy,
    write_files,
)

_PATIENCE_SECONDS = 15


@dataclass
class Gate:
    """A gateway whose files the test replaces."""

    folder: Path
    http: httpx.AsyncClient
    certificates: Certificates
    tokens: Tokens
    server: grpc.aio.Server
    backend_port: int

    async def status(self, tokens: Tokens) -> int:
        """What a call with a token of `tokens` is answered."""
        headers = {"authorization": f"Bearer {tokens.sign()}"}
        return (await self.http.get("/api/v1/me", headers=headers)).status_code

    def replace(self, name: str, content: bytes) -> None:
        """Put another file in the place of one, as a rotation does."""
        draft = self.folder / f"{name}.new"
        draft.write_bytes(content)
        draft.replace(self.folder / name)

    def publish(self, *tokens: Tokens) -> None:
        """Make these keys, and no others, the published ones."""
        keys = [key for each in tokens for key in json.loads(each.jwks())["keys"]]
        self.replace("jwks.json", json.dumps({"keys": keys}).encode())


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    certificates, tokens = Certificates(), Tokens()
    write_files(tmp_path, certificates, tokens)
    server, backend_port = await start_backend(Backend(), certificates)
    port = free_port()
    envoy = await start_envoy(tmp_path, port, backend_port, Limits())
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            yield Gate(tmp_path, http, certificates, tokens, server, backend_port)
    finally:
        envoy.kill()
        await envoy.wait()
        await server.stop(None)


async def _until(gate: Gate, tokens: Tokens, status: int) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while await gate.status(tokens) != status:
            await asyncio.sleep(0.05)


async def test_the_first_call_after_the_start_finds_the_keys(gate: Gate) -> None:
    assert await gate.status(gate.tokens) == 200


async def test_keys_follow_their_file(gate: Gate) -> None:
    second = Tokens("two")
    assert await gate.status(second) == 401
    gate.publish(gate.tokens, second)
    await _until(gate, second, 200)
    assert await gate.status(gate.tokens) == 200
    gate.publish(second)
    await _until(gate, gate.tokens, 401)
    assert await gate.status(second) == 200


async def test_a_broken_key_file_refuses_and_heals(gate: Gate) -> None:
    gate.replace("jwks.json", b"{")
    await _until(gate, gate.tokens, 401)
    gate.publish(gate.tokens)
    await _until(gate, gate.tokens, 200)


async def test_a_renewed_certificate_is_shown_to_new_connections(gate: Gate) -> None:
    """Services that trust another authority from now on know the gateway by its new certificate."""
    assert await gate.status(gate.tokens) == 200
    others = Certificates()
    certificate, key = others.issue("gateway")
    for name, content in (("ca.pem", others.ca), ("cert.pem", certificate), ("key.pem", key)):
        gate.replace(name, content)
    await gate.server.stop(None)
    second, _ = await start_backend(Backend(), others, gate.backend_port)
    try:
        await _until(gate, gate.tokens, 200)
    finally:
        await second.stop(None)
