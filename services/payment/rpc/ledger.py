"""LedgerService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

from weneeds.payment.v1 import ledger_pb2
from weneeds.payment.v1 import ledger_service_pb2 as pb
from weneeds.payment.v1.ledger_service_pb2_grpc import LedgerServiceServicer

from services.kit.money import to_money
from services.kit.times import to_datetime, to_timestamp
from services.payment.app.corrections import Corrections
from services.payment.app.explaining import Stories, Story
from services.payment.app.messages import type_name, type_number
from services.payment.app.prices import Prices
from services.payment.domain.fees import Price
from services.payment.domain.prices import DatedPrice
from services.payment.rpc.shapes import action_message, entry_message, micros_of


class LedgerRpc(LedgerServiceServicer):
    """The books and the prices, for staff."""

    def __init__(self, stories: Stories, corrections: Corrections, prices: Prices) -> None:
        self._stories = stories
        self._corrections = corrections
        self._prices = prices

    async def GetLedgerStory(
        self, request: pb.GetLedgerStoryRequest, context: Any
    ) -> pb.GetLedgerStoryResponse:
        """Tell why money moved."""
        story = await self._stories.tell(request.id)
        return pb.GetLedgerStoryResponse(story=_story(story))

    async def ReverseFee(
        self, request: pb.ReverseFeeRequest, context: Any
    ) -> pb.ReverseFeeResponse:
        """Take a fee back."""
        correction = await self._corrections.reverse_fee(request.transaction_id, request.reason)
        return pb.ReverseFeeResponse(story=_story(await self._stories.tell(correction)))

    async def GetPriceTable(
        self, request: pb.GetPriceTableRequest, context: Any
    ) -> pb.GetPriceTableResponse:
        """Read the price table."""
        wanted = type_name(request.type) if request.type else ""
        lines = (await self._prices.book()).lines()
        return pb.GetPriceTableResponse(
            prices=[_price(line) for line in lines if wanted in ("", line.action_type)]
        )

    async def SetPrice(self, request: pb.SetPriceRequest, context: Any) -> pb.SetPriceResponse:
        """Announce a price."""
        price = Price(
            micros_of(request.fixed, "fixed"),
            micros_of(request.per_point, "per_point"),
            request.default_points,
        )
        moment = to_datetime(request.valid_from)
        announced = await self._prices.set(type_name(request.type), price, moment)
        return pb.SetPriceResponse(price=_price(announced))


def _story(story: Story) -> ledger_pb2.LedgerStory:
    stored = story.stored
    return ledger_pb2.LedgerStory(
        transaction_id=stored.transaction_id,
        transaction_key=stored.key,
        created_at=to_timestamp(stored.created_at),
        lines=[entry_message(line) for line in stored.lines],
        action=action_message(stored.action) if stored.action else None,
        calculation=story.calculation,
        reference=stored.reference,
        note=stored.note,
        reverses=stored.reverses,
        reversed_by=stored.reversed_by,
        block=stored.block,
        invoice_number=stored.invoice_number,
    )


def _price(line: DatedPrice) -> ledger_pb2.Price:
    return ledger_pb2.Price(
        type=type_number(line.action_type),
        valid_from=to_timestamp(line.valid_from),
        valid_to=to_timestamp(line.valid_to) if line.valid_to else None,
        fixed=to_money(line.price.fixed_micros),
        per_point=to_money(line.price.micros_per_point),
        default_points=line.price.default_points,
    )
