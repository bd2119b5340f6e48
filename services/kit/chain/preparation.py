"""Preparation: what a method does before its unit of work opens.

The unit of a method with a request_id begins with the claim of the id, so that
everything in the handler would hold a connection: a hash, which waits for a
thread, holds none here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from services.kit.call import current_call
from services.kit.chain import Handler


def preparing(prepare: Callable[[Any], Awaitable[Any]] | None, handler: Handler) -> Handler:
    """Wrap the handler of a method that prepares something."""
    if prepare is None:
        return handler

    async def prepared(request: Any, context: Any) -> Any:
        call = current_call()
        if call is not None:
            call.prepared = await prepare(request)
        return await handler(request, context)

    return prepared
