"""Who acts for a company, by the kit's access snapshots; what actions cost."""

from __future__ import annotations

from weneeds.common.v1 import action_pb2
from weneeds.options.v1 import role_pb2

from services.kit.access import AccessCache
from services.kit.call import User
from services.kit.contract import fee_of

_ANY_ROLE = frozenset(number for number in role_pb2.CompanyRole.values() if number)
_ACTIONS = action_pb2.DESCRIPTOR.enum_types_by_name["ActionType"]


class KitCollaborators:
    """Looks at the caller's memberships."""

    def __init__(self, cache: AccessCache) -> None:
        self._cache = cache

    async def is_collaborator(self, user: User, company_id: str) -> bool:
        """Whether the company gave `user` any role."""
        return await self._cache.has_role(user, company_id, _ANY_ROLE)


class ContractPrices:
    """Reads prices from the contract."""

    def of(self, action: int) -> int:
        """Return the fixed price of an action in micro-euros; 0 when it is free."""
        return fee_of(_ACTIONS, action).fixed_micros
