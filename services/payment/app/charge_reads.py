"""Charges and disputes, read; and the link of a charge made anew."""

from __future__ import annotations

from services.kit.db import Reader
from services.kit.paging import Listing, Page
from services.payment.app.card_stores import ChargeStore, RefundStore
from services.payment.app.collecting import CardCollections
from services.payment.domain.charges import Attempt, ChargeStatus, Dispute, Refund
from services.payment.domain.errors import ChargeNotFound, ChargeState


class ChargeReads:
    """What collaborators and staff see of charges."""

    def __init__(
        self,
        reader: Reader,
        charges: ChargeStore,
        refunds: RefundStore,
        collections: CardCollections,
    ) -> None:
        self._reader = reader
        self._charges = charges
        self._refunds = refunds
        self._collections = collections

    async def get(self, company_id: str, charge_id: str) -> tuple[Attempt, list[Refund]]:
        """Read a company's charge with its refunds. Raises ChargeNotFound."""
        attempt = await self._charges.find(self._reader, charge_id)
        if attempt is None or attempt.charge.order.company_id != company_id:
            raise ChargeNotFound
        return attempt, await self._refunds.refunds_of(self._reader, charge_id)

    async def find(self, charge_id: str) -> Attempt | None:
        """Read a charge, whosever it is."""
        return await self._charges.find(self._reader, charge_id)

    async def listed(self, company_id: str, page: Page) -> Listing[Attempt]:
        """List a company's charges, newest first."""
        return await self._charges.list_charges(self._reader, company_id, page)

    async def disputes(self, page: Page) -> Listing[Dispute]:
        """List all disputes, newest first."""
        return await self._refunds.list_disputes(self._reader, page)

    async def authenticate(self, company_id: str, charge_id: str) -> Attempt:
        """Get a fresh link for the owner of the card.

        Raises ChargeNotFound, ChargeState, DependencyDown.
        """
        attempt, _ = await self.get(company_id, charge_id)
        status = attempt.charge.status
        if status is not ChargeStatus.REQUIRES_ACTION:
            raise ChargeState(status=status.value)
        await self._collections.ask_again(attempt)
        attempt, _ = await self.get(company_id, charge_id)
        return attempt
