"""The asynchronous client."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from weneeds import transport
from weneeds._async import AsyncCaller
from weneeds._facade import AsyncFacade
from weneeds.client import DEFAULT_TIMEOUT
from weneeds.retry import RetryPolicy
from weneeds.steps import Config
from weneeds.tokens import Identity, Tokens


class AsyncWeNeeds(AsyncFacade):
    """Talks to a WeNeeds gateway: one attribute a service, one method an RPC.

        async with AsyncWeNeeds("api.weneeds.fr:443") as weneeds:
            await weneeds.sessions.sign_in(email="lea@example.org", password="...")
            async for job in weneeds.jobs.list_jobs():
                print(job.title)

    Methods take the request's fields as keywords, or the request message
    itself, and raise `WeNeedsError`. Make it in the event loop that uses it.
    """

    def __init__(
        self,
        target: str,
        *,
        tls: transport.Tls = True,
        locale: str = "fr",
        timeout: float = DEFAULT_TIMEOUT,
        retry: RetryPolicy | None = None,
        tokens: Tokens | None = None,
        on_tokens: Callable[[Tokens | None], None] | None = None,
    ) -> None:
        """Prepare a client; the connection opens with the first call.

        `target` is "host:port". `locale`, "fr" or "en", is the language of
        messages. `timeout`, in seconds, holds for a call with all its tries.
        `tokens` resumes a session; `on_tokens` hears of every change, so that
        a program can store them.
        """
        config = Config(locale=locale, timeout=timeout, retry=retry or RetryPolicy())
        channel = transport.aio_channel(target, tls)
        super().__init__(AsyncCaller(channel, Identity(tokens, on_tokens), config))

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; None when signed out."""
        return self._caller.identity.tokens

    def with_token(self, token: str | Tokens | None) -> Self:
        """Return a client on the same connection with an identity of its own.

        A string is an access token, used until it runs out; `Tokens` renew
        themselves; None starts signed out. Only the first client closes the
        connection.
        """
        tokens = Tokens(access_token=token) if isinstance(token, str) else token
        twin = type(self).__new__(type(self))
        AsyncFacade.__init__(
            twin,
            AsyncCaller(self._caller.channel, Identity(tokens), self._caller.config, owner=False),
        )
        return twin

    async def close(self) -> None:
        """Close the connection; calls under way end as Cancelled."""
        await self._caller.close()

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self.close()
