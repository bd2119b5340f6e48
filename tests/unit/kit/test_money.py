import pytest
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

from services.kit.money import NotMicroEuros, decimal_text, to_micros, to_money


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_micros_survive_the_wire(micros: int) -> None:
    money = to_money(micros)
    assert to_micros(money) == micros
    assert money.units * money.nanos >= 0


@pytest.mark.parametrize(
    "money",
    [
        Money(currency_code="USD", units=1),
        Money(units=1),
        Money(currency_code="EUR", nanos=1),
        Money(currency_code="EUR", units=1, nanos=-1000),
        Money(currency_code="EUR", nanos=10**9),
    ],
)
def test_what_is_no_amount_of_micro_euros(money: Money) -> None:
    with pytest.raises(NotMicroEuros):
        to_micros(money)


@pytest.mark.parametrize(
    ("micros", "text"),
    [(820_000, "0.82"), (1_000_000, "1.00"), (0, "0.00"), (-500_000, "-0.50"), (1, "0.000001")],
)
def test_amounts_as_text(micros: int, text: str) -> None:
    assert decimal_text(micros) == text
