"""The identity providers that tests sign in through: other people's, from npm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import ports, probes
from stack.gen import typescript
from stack.process import Program, Running

HOST = "127.0.0.1"
REDIRECT = "http://127.0.0.1/signed-in"
CLIENT_ID = "weneeds"
CLIENT_SECRET = "fictitious-secret-of-the-tests"
_FOLDER = Path(__file__).parent / "conformance/oidc"
_DISCOVERY = "/.well-known/openid-configuration"
_OK = 200


@dataclass(frozen=True)
class IdentityProviders:
    """Ports: `honest` is oidc-provider, `crooked` a mock that lies when told, `absent` nobody."""

    honest: int
    crooked: int
    absent: int

    @classmethod
    def choose(cls, avoid: Collection[int]) -> IdentityProviders:
        """Take three free ports."""
        taken = list(avoid)
        for _ in range(3):
            taken.append(ports.choose(avoid=taken))
        return cls(*taken[-3:])

    def environment(self) -> dict[str, str]:
        """The settings that make the auth service know them."""
        named = {"honest": self.honest, "crooked": self.crooked, "absent": self.absent}
        providers = [
            {
                "name": name,
                "title": name.title(),
                "issuer": f"http://{HOST}:{port}",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            }
            for name, port in named.items()
        ]
        return {
            "WENEEDS_AUTH_PROVIDERS": json.dumps(providers),
            "WENEEDS_AUTH_PROVIDER_REDIRECTS": json.dumps([REDIRECT]),
        }

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncIterator[None]:
        """Run them; the log goes to `folder`."""
        await asyncio.to_thread(typescript.install, _FOLDER)
        running = await Running.start(self._program(folder))
        try:
            await running.wait_ready()
            yield
        finally:
            await running.stop()

    def _program(self, folder: Path) -> Program:
        async def ready(_: int) -> bool:
            answers = [probes.http_status(port, _DISCOVERY) for port in (self.honest, self.crooked)]
            return all(status == _OK for status in await asyncio.gather(*answers))

        arguments = (str(self.honest), str(self.crooked), REDIRECT)
        return Program(
            name="identity providers",
            command=(str(typescript.node()), str(_FOLDER / "peers.mjs"), *arguments),
            log=folder / "identity-providers.log",
            ready=ready,
        )
