"""Maintenance: refused before anybody asks who calls."""

from __future__ import annotations

from typing import Any

from services.kit.call import Call
from services.kit.chain import Guard
from services.kit.contract import Access, Method
from services.kit.errors import UnderMaintenance
from services.kit.maintenance import Maintenance


def maintenance(method: Method, switch: Maintenance) -> Guard | None:
    """Return the guard that refuses under maintenance, or None for what always answers.

    Staff and the mesh itself go on: somebody has to end it.
    """
    policy = method.policy
    if policy.during_maintenance or policy.access in {
        Access.ACCESS_ADMIN,
        Access.ACCESS_INTERNAL,
    }:
        return None

    async def guard(call: Call, message: Any) -> None:
        if await switch.is_on():
            raise UnderMaintenance

    return guard
