"""Who asks for a page of the site."""

from __future__ import annotations

from enum import Enum, auto

from services.kit.access import AccessCache
from services.kit.errors import Refused
from services.kit.maintenance import Maintenance
from services.kit.tokens import TokenVerifier


class Visitor(Enum):
    """What the gateway has to know to serve a page or to lead elsewhere."""

    KNOWN = auto()
    STRANGER = auto()
    BANNED = auto()
    UNDER_MAINTENANCE = auto()


class Visits:
    """Judges visitors as the chain judges callers: maintenance, token, ban, session."""

    def __init__(
        self, verifier: TokenVerifier, access: AccessCache, maintenance: Maintenance
    ) -> None:
        self._verifier = verifier
        self._access = access
        self._maintenance = maintenance

    async def judge(self, token: str) -> Visitor:
        """Return who comes with `token`, "" for none; raise DependencyDown."""
        if await self._maintenance.is_on():
            return Visitor.UNDER_MAINTENANCE
        if not token:
            return Visitor.STRANGER
        try:
            user = self._verifier.verify(token)
        except Refused:
            return Visitor.STRANGER
        state = await self._access.get(user.id, user.session_id)
        if state.banned:
            return Visitor.BANNED
        return Visitor.KNOWN if state.session_alive else Visitor.STRANGER
