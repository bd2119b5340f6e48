"""What keeps a client signed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from weneeds.auth.v1 import session_service_pb2 as sessions
from weneeds.rpc import Rpc

_MARGIN = 60.0
_MARGIN_SHARE = 0.2


@dataclass(frozen=True)
class Tokens:
    """The tokens of one session. Keep them as you would keep a password."""

    access_token: str = field(repr=False)
    access_expires_at: float = 0.0
    """Unix seconds; 0 when not known."""
    refresh_token: str = field(default="", repr=False)
    """Empty: the access token is used until it runs out."""
    refresh_expires_at: float = 0.0
    staff: bool = False
    """A session of staff: it is renewed as one."""

    @classmethod
    def of(cls, message: sessions.Tokens, *, staff: bool = False) -> Tokens:
        """Read them from an answer."""
        return cls(
            access_token=message.access_token,
            access_expires_at=_unix(message.access_expires_at),
            refresh_token=message.refresh_token,
            refresh_expires_at=_unix(message.refresh_expires_at),
            staff=staff,
        )


def _unix(stamp: Timestamp) -> float:
    return stamp.seconds + stamp.nanos / 1e9


class Identity:
    """Who a client is at this moment. Threads may share it: it swaps whole values."""

    def __init__(
        self,
        tokens: Tokens | None,
        on_change: Callable[[Tokens | None], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._held = (tokens, self._renewal_time(tokens))

    @property
    def tokens(self) -> Tokens | None:
        """The tokens in use; None when signed out."""
        return self._held[0]

    @property
    def access_token(self) -> str:
        """The access token in use; empty when signed out."""
        tokens = self._held[0]
        return tokens.access_token if tokens else ""

    @property
    def renewable(self) -> bool:
        """Whether there is a refresh token."""
        tokens = self._held[0]
        return bool(tokens and tokens.refresh_token)

    def due(self) -> bool:
        """Whether the access token should be renewed before the next call."""
        return self.renewable and self._clock() >= self._held[1]

    def keep(self, tokens: Tokens | None) -> None:
        """Use these tokens from now on, and tell whoever stores them."""
        self._held = (tokens, self._renewal_time(tokens))
        if self._on_change is not None:
            self._on_change(tokens)

    def learn(self, rpc: Rpc, answer: Message) -> None:
        """Keep the tokens that an answer brings, or drop them after a sign-out.

        A sign-in that asks for a second factor brings none yet.
        """
        if rpc.gives_tokens and answer.HasField("tokens"):
            message = cast("sessions.SignInResponse", answer).tokens
            self.keep(Tokens.of(message, staff=rpc.of_staff))
        elif rpc.ends_session:
            self.keep(None)

    def _renewal_time(self, tokens: Tokens | None) -> float:
        """Return when to renew: 60 s before the end, or a fifth of a short life.

        A token whose end already passed by this machine's clock is used
        until the server says that it is over: the clock may be wrong, and
        renewing before every call would help nobody.
        """
        if tokens is None or not tokens.access_expires_at:
            return float("inf")
        life = tokens.access_expires_at - self._clock()
        if life <= 0:
            return float("inf")
        return tokens.access_expires_at - min(_MARGIN, life * _MARGIN_SHARE)
