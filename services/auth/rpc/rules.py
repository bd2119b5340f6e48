"""Policy functions: what the policy option cannot say."""

from __future__ import annotations

from typing import Any

from services.kit.access import AccessCache
from services.kit.call import Call
from services.kit.chain.policy import PolicyFunction, fresh_factor
from services.kit.clock import Clock


def fresh_factor_for_email(cache: AccessCache, clock: Clock) -> PolicyFunction:
    """Return the rule of UpdateMe: who has a second factor proves it to change the e-mail."""
    fresh = fresh_factor(cache, clock, always=False)

    async def rule(call: Call, message: Any) -> None:
        if "email" not in message.update_mask.paths:
            return
        waiting = fresh(call, message)
        if waiting is not None:
            await waiting

    return rule
