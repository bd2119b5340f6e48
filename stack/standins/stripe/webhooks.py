"""Signed webhooks: retried, and on request doubled and shuffled."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from random import Random

import httpx

from stack.standins.stripe.methods import public
from stack.standins.stripe.store import Delivery, Store

log = logging.getLogger(__name__)

_WIDTH = 8
_OK = range(200, 300)
_FIRST_RETRY, _LAST_RETRY = 0.5, 60.0
_TRIES = 40
_TIMEOUT_SECONDS = 10.0


@dataclass
class Manner:
    """How webhooks are sent."""

    # The chance that one is sent a second time.
    duplicates: float = 0.0
    # Each waits up to so many seconds, which changes their order.
    shuffle_seconds: float = 0.0
    paused: bool = False


class Webhooks:
    """Sends what the store holds to one address."""

    def __init__(self, store: Store, url: str, secret: str, seed: int = 1) -> None:
        self._store = store
        self._url = url
        self._secret = secret
        self._random = Random(seed)  # noqa: S311 - chance, no secret
        self._something = asyncio.Event()
        self.manner = Manner()
        store.on_event = self._something.set
        store.spread = self._spread

    def wake(self) -> None:
        """Look again what is to be sent."""
        self._something.set()

    async def run(self) -> None:
        """Send until cancelled."""
        if not self._url:
            return
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
            while True:
                self._something.clear()
                due = [] if self.manner.paused else self._store.due(_WIDTH)
                if due:
                    await asyncio.gather(*(self._send(client, one) for one in due))
                else:
                    await self._rest()

    async def _rest(self) -> None:
        at = None if self.manner.paused else self._store.next_due()
        wait = None if at is None else max(at - self._store.clock(), 0.005)
        try:
            await asyncio.wait_for(self._something.wait(), wait)
        except TimeoutError:
            return

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        event = self._store.get("event", delivery.event)
        event["data"]["object"] = public(event["data"]["object"])
        payload = json.dumps(event, indent=2)
        headers = {
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": signature(payload, self._secret, self._store.now()),
        }
        try:
            answer = await client.post(self._url, content=payload, headers=headers)
            arrived = answer.status_code in _OK
        except httpx.HTTPError:
            arrived = False
        if arrived or delivery.tries >= _TRIES:
            self._store.delivered(delivery.seq)
            return
        pause = min(_FIRST_RETRY * 2**delivery.tries, _LAST_RETRY)
        self._store.postpone(delivery.seq, pause)

    def _spread(self) -> list[float]:
        if not self._url:
            return []
        copies = 1 + (self._random.random() < self.manner.duplicates)
        return [self._random.random() * self.manner.shuffle_seconds for _ in range(copies)]


def signature(payload: str, secret: str, at: int) -> str:
    """Return the Stripe-Signature header: HMAC-SHA256 over "<seconds>.<body>"."""
    mac = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"
