"""The first prices, as the contract states them."""

from __future__ import annotations

from weneeds.common.v1.action_pb2 import ActionType

from services.kit.contract import fee_of
from services.payment.app.messages import type_name
from services.payment.domain.fees import Price


def contract_prices() -> dict[str, Price]:
    """Read the prices from the `fee` option of each action type."""
    enum = ActionType.DESCRIPTOR
    fees = {type_name(value.number): fee_of(enum, value.number) for value in enum.values}
    return {
        name: Price(fee.fixed_micros, fee.micros_per_point, fee.default_points)
        for name, fee in fees.items()
    }
