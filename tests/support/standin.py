"""The stand-in of the card processor, served in the test's own process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stack.standins.stripe.app import create
from stack.standins.stripe.store import Store

SECRET = "whsec_of_a_test"
Receive = Callable[[bytes, str], Awaitable[None]]


class StandIn:
    """A running stand-in. Webhooks go to `receive` once it is set."""

    def __init__(self, url: str, store: Store) -> None:
        self.url = url
        self.store = store
        self.receive: Receive | None = None
        self.refused = 0
        self._http = httpx.AsyncClient(base_url=url, timeout=30)

    async def control(self, what: str, **wish: Any) -> dict[str, Any]:
        """Tell it what to do."""
        answer = await self._http.post(f"/_control/{what}", json=wish)
        answer.raise_for_status()
        return dict(answer.json())

    async def faults(self, *rules: dict[str, Any], seed: int = 1) -> None:
        """Put rules in force, in place of those before."""
        await self.control("faults", rules=list(rules), seed=seed)

    async def totals(self) -> dict[str, Any]:
        """How many objects there are and what they add up to, in cents."""
        return dict((await self._http.get("/_control/totals")).json())

    async def bank(self, link: str, outcome: str = "ok") -> None:
        """Answer on the page of the bank."""
        answer = await self._http.post(link, data={"outcome": outcome})
        assert answer.status_code == 303, answer.text

    async def webhook(self, request: Request) -> Response:
        """Hand a webhook to the service."""
        if self.receive is None:
            return Response(status_code=503)
        body = await request.body()
        try:
            await self.receive(body, request.headers["stripe-signature"])
        except Exception:
            self.refused += 1
            return Response(status_code=503)
        return Response()

    async def close(self) -> None:
        """Close the client."""
        await self._http.aclose()


@asynccontextmanager
async def standin(folder: Path) -> AsyncIterator[StandIn]:
    """Serve a stand-in that keeps its objects in `folder`."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        store = Store(folder / "objects.sqlite")
        running = StandIn(url, store)
        app = create(store, page=url, webhook_url=f"{url}/_received", webhook_secret=SECRET)
        app.router.routes.append(Route("/_received", running.webhook, methods=["POST"]))
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
        )
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield running
        finally:
            await running.close()
            server.should_exit = True
            await serving
            store.close()
