"""Maintenance: refused before anybody asks who calls."""

from __future__ import annotations

from collections.abc import Awaitable
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

    async def ask() -> None:
        if await switch.is_on():
            raise UnderMaintenance

    def guard(call: Call, message: Any) -> Awaitable[None] | None:
        on = switch.seen()
        if on is None:
            return ask()
        if on:
            raise UnderMaintenance
        return None

    return guard
