"""Forgetting a candidate whose account was deleted."""

from __future__ import annotations

from services.kit.work import UnitsOfWork
from services.matching.app.cv import CvStore
from services.matching.app.matches import MatchStore
from services.matching.app.stores import IndexStore, ReceiptStore


class Erasures:
    """Takes a person out of the index, receipts, matches and what was read in CVs."""

    def __init__(
        self,
        work: UnitsOfWork,
        index: IndexStore,
        receipts: ReceiptStore,
        cvs: CvStore,
        matches: MatchStore,
    ) -> None:
        self._work = work
        self._index = index
        self._receipts = receipts
        self._cvs = cvs
        self._matches = matches

    async def erase(self, candidate_id: str) -> None:
        """Forget a candidate.

        A receipt keeps score, dimensions and the hash of its inputs: it still binds the fee, and
        whoever kept the inputs can still prove it.
        """
        async with self._work() as work:
            await self._index.erase_profile(work, candidate_id)
            await self._receipts.erase(work, candidate_id)
            await self._cvs.erase(work, candidate_id)
            await self._matches.erase(work, candidate_id)
