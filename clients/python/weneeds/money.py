"""Euros to `google.type.Money` and back, without floats."""

from __future__ import annotations

from decimal import Decimal

from google.type.money_pb2 import Money

_MICROS = 1_000_000
_NANOS_A_MICRO = 1_000


def euros(amount: str | int | Decimal) -> Money:
    """Return `amount` euros: `euros("12.50")`.

    Raises ValueError for a float, a number that is not finite, or more than
    six decimals: such an amount cannot be kept exactly.
    """
    if isinstance(amount, float):
        raise ValueError("a float cannot hold money exactly; pass a string or a Decimal")
    value = Decimal(amount)
    if not value.is_finite():
        raise ValueError(f"not an amount: {amount}")
    total = value * _MICROS
    if total != int(total):
        raise ValueError(f"more than six decimals: {amount}")
    return from_micros(int(total))


def from_micros(total: int, currency: str = "EUR") -> Money:
    """Return `total` micro-units of `currency`."""
    sign = -1 if total < 0 else 1
    units, rest = divmod(abs(total), _MICROS)
    return Money(currency_code=currency, units=sign * units, nanos=sign * rest * _NANOS_A_MICRO)


def micros(money: Money) -> int:
    """Return the amount in micro-units, whatever its currency."""
    total: int = money.units * _MICROS + money.nanos // _NANOS_A_MICRO
    return total
