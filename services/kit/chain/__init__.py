"""The layers around each RPC, in this order:

recovery, telemetry, deadline, errors (all in `edge`), then the guards
identity, policy, rate limit, validation, and around the handler idempotency
and audit. Each layer looks at the method's contract once, at boot; a method
that does not need a layer does not pay for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from services.kit.call import Call

# Looks at a call and its decoded request; raises Refused to stop it. Most know at once and
# return None; one that has to ask somebody returns what to await.
Guard = Callable[[Call, Any], Awaitable[None] | None]
# What answers a request message.
Handler = Callable[[Any, Any], Awaitable[Any]]
