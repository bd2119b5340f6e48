"""Verifies a token in each call and keeps count of what that alone cost.

Run as `python -m bench.servers.tokens PORT` with the environment of the jobs
service. The methods: `Cached` and `Uncached` verify as the services do (which of
the two it is depends on the tokens that come), `Bare` checks the signature and
reads the claims and no more, `Spent` tells.
"""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import grpc
from joserfc.jwk import KeySet

from bench.servers.bare import bare_server
from services.kit.settings import Settings
from services.kit.tokens import TokenVerifier, Verifiers

SERVICE = "weneeds.bench.Tokens"
CACHED, UNCACHED, BARE, SPENT = "Cached", "Uncached", "Bare", "Spent"


class Tokens:
    """The handlers, and the nanoseconds of CPU that each verification took."""

    def __init__(self, settings: Settings) -> None:
        self._verifiers = _verifiers(settings)
        keys = KeySet.import_key_set(json.loads(settings.jwks_file.read_text()))
        self._keys: dict[str, Any] = {key.kid or "": key.public_key for key in keys.keys}
        self._spent: dict[str, list[int]] = defaultdict(list)

    @property
    def handlers(self) -> dict[str, Any]:
        """What the server registers."""
        user = self._verifiers.user
        methods = {CACHED: user, UNCACHED: user, BARE: self._bare}
        timed = {name: self._timed(name, verify) for name, verify in methods.items()}
        return {
            name: grpc.unary_unary_rpc_method_handler(handler)
            for name, handler in {**timed, SPENT: self._tell}.items()
        }

    def _timed(self, name: str, verify: Callable[[str], object]) -> Any:
        spent = self._spent[name]

        async def call(request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
            metadata = dict(context.invocation_metadata() or ())
            token = str(metadata["authorization"]).removeprefix("Bearer ")
            started = time.thread_time_ns()
            verify(token)
            spent.append(time.thread_time_ns() - started)
            return b""

        return call

    def _bare(self, token: str) -> object:
        signed, _, signature = token.rpartition(".")
        head, _, claims = signed.partition(".")
        key = self._keys[json.loads(_decoded(head))["kid"]]
        key.verify(_decoded(signature), signed.encode())
        return json.loads(_decoded(claims))

    async def _tell(self, request: bytes, context: object) -> bytes:
        return json.dumps(self._spent).encode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _verifiers(settings: Settings) -> Verifiers:
    site = TokenVerifier(settings.jwks_file, settings.issuer, settings.audience)
    if settings.admin_jwks_file is None:
        return Verifiers(site, None)
    issuer, audience = settings.admin_issuer, settings.admin_audience
    staff = TokenVerifier(settings.admin_jwks_file, issuer, audience, access="admin")
    return Verifiers(site, staff)


async def _serve(port: int) -> None:
    settings = Settings.load("jobs")
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await bare_server(port, settings.tls_dir, SERVICE, Tokens(settings).handlers)
    await ended.wait()
    await server.stop(grace=0.1)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
