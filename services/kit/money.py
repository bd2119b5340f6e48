"""Money: `google.type.Money` on the wire, int64 micro-euros inside."""

from __future__ import annotations

from google.type.money_pb2 import Money

MICROS = 1_000_000
_NANOS_PER_MICRO = 1_000


class NotMicroEuros(ValueError):
    """The amount is not in euros, or finer than a micro-euro."""


def to_money(micros: int) -> Money:
    """Return `micros` as Money. Units and nanos carry the same sign."""
    sign = -1 if micros < 0 else 1
    units, rest = divmod(abs(micros), MICROS)
    return Money(currency_code="EUR", units=sign * units, nanos=sign * rest * _NANOS_PER_MICRO)


def to_micros(money: Money) -> int:
    """Return `money` in micro-euros; raise NotMicroEuros where it cannot be."""
    if money.currency_code != "EUR":
        raise NotMicroEuros(money.currency_code)
    if abs(money.nanos) >= MICROS * _NANOS_PER_MICRO or money.nanos % _NANOS_PER_MICRO:
        raise NotMicroEuros("nanos")
    if money.units and money.nanos and (money.units < 0) != (money.nanos < 0):
        raise NotMicroEuros("sign")
    micros: int = money.units * MICROS + money.nanos // _NANOS_PER_MICRO
    return micros


def decimal_text(micros: int) -> str:
    """Return `micros` as euros with two to six decimals: "0.82"."""
    sign = "-" if micros < 0 else ""
    units, rest = divmod(abs(micros), MICROS)
    return f"{sign}{units}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"
