"""The sealer: chains what was committed, one block after the other."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Protocol

from services.kit.clock import Clock
from services.payment.domain.chain import Block

log = logging.getLogger(__name__)

# How long it waits for writers to end; what they write comes into the next block otherwise.
_PATIENCE_SECONDS = 2.0


class BlockStore(Protocol):
    """The hash chain."""

    async def cut(self, patience: float) -> int | None:
        """Return a journal number up to which every writer has ended; None after `patience`."""

    async def seal(self, last: int, now: datetime) -> Block | None:
        """Write the next block, with all that is numbered up to `last`; None when nothing is."""


class Sealer:
    """Runs every few seconds on one replica. Two at once do no harm."""

    def __init__(self, blocks: BlockStore, clock: Clock) -> None:
        self._blocks = blocks
        self._clock = clock

    async def run(self) -> int:
        """Seal all that is committed; return how many blocks that made."""
        last = await self._blocks.cut(_PATIENCE_SECONDS)
        if last is None:
            log.info("The ledger is sealed next time: a writer takes long")
            return 0
        made = 0
        while await self._blocks.seal(last, self._clock.now()) is not None:
            made += 1
        return made
