"""The price table. It only grows."""

from __future__ import annotations

from collections.abc import Sequence

from services.kit.db import Query
from services.kit.work import UnitOfWork
from services.payment.domain.fees import Price
from services.payment.domain.prices import DatedPrice

_ALL = Query.text("select * from prices order by action_type, valid_from")
_ADD = Query.text(
    """
    insert into prices (action_type, valid_from, fixed_micros, micros_per_point, default_points)
    select * from unnest(
        cast(:types as text[]), cast(:moments as timestamptz[]), cast(:fixed as bigint[]),
        cast(:per_point as bigint[]), cast(:points as smallint[]))
    on conflict do nothing
    """
)


class PriceTable:
    """`prices`, one row a type and a first moment."""

    async def all(self, work: UnitOfWork) -> list[DatedPrice]:
        """Return every price."""
        return [
            DatedPrice(
                row["action_type"],
                row["valid_from"],
                Price(row["fixed_micros"], row["micros_per_point"], row["default_points"]),
            )
            for row in await work.fetch(_ALL)
        ]

    async def add(self, work: UnitOfWork, prices: Sequence[DatedPrice]) -> int:
        """Insert prices; return how many are new."""
        return await work.execute(
            _ADD,
            types=[one.action_type for one in prices],
            moments=[one.valid_from for one in prices],
            fixed=[one.price.fixed_micros for one in prices],
            per_point=[one.price.micros_per_point for one in prices],
            points=[one.price.default_points for one in prices],
        )
