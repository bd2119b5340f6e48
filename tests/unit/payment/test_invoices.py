"""VAT, the parts of an amount, invoices and credit notes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.cycles import CALENDAR
from services.payment.domain.dues import FLOOR, chargeable
from services.payment.domain.invoices import (
    Billed,
    Invoice,
    InvoiceKind,
    Party,
    bill,
    credit,
    numbered,
    series,
)
from services.payment.domain.vat import (
    Treatment,
    VatCategory,
    allocate,
    siren_fits,
    split,
    standard_rate,
    treatment,
    vat_id_fits,
)

NOW = datetime(2026, 4, 1, 0, 5, tzinfo=UTC)
CYCLE = CALENDAR.cycle_of(datetime(2026, 3, 15, tzinfo=UTC))
SELLER = Party("Vendeuse Fictive SAS")
FRENCH = Party("Acheteuse Fictive SAS", country="FR")
MICROS = 10_000


@pytest.mark.parametrize(
    ("country", "vat_id", "day", "category", "basis_points"),
    [
        ("FR", "", date(2026, 3, 31), VatCategory.STANDARD, 2000),
        ("FR", "FR40303265045", date(2026, 3, 31), VatCategory.STANDARD, 2000),
        ("MC", "", date(2026, 3, 31), VatCategory.STANDARD, 2000),
        ("FR", "", date(2013, 12, 31), VatCategory.STANDARD, 1960),
        ("FR", "", date(2014, 1, 1), VatCategory.STANDARD, 2000),
        ("DE", "DE123456789", date(2026, 3, 31), VatCategory.REVERSE_CHARGE, 0),
        ("DE", "", date(2026, 3, 31), VatCategory.STANDARD, 2000),
        ("CH", "CHE123", date(2026, 3, 31), VatCategory.OUTSIDE, 0),
    ],
)
def test_what_applies_to_whom(
    country: str, vat_id: str, day: date, category: VatCategory, basis_points: int
) -> None:
    found = treatment(country, vat_id, day)
    assert found == Treatment(category, basis_points)
    assert bool(found.reason) == (basis_points == 0)


def test_there_is_no_rate_before_the_table() -> None:
    with pytest.raises(StopIteration):
        standard_rate(date(1999, 1, 1))


@given(st.integers(1, 10**10), st.sampled_from([0, 550, 1000, 1960, 2000]))
def test_net_tax_and_rounding_make_the_price(gross: int, rate: int) -> None:
    net, tax, rounding = split(gross, rate)
    assert net + tax + rounding == gross
    assert abs(rounding) <= 1
    # The tax is the rate on the net, to the nearest cent.
    assert abs(tax * 10_000 - net * rate) <= 5_000
    assert rate or (net, tax, rounding) == (gross, 0, 0)


@pytest.mark.parametrize(
    ("gross", "parts"), [(120, (100, 20, 0)), (67, (56, 11, 0)), (3, (3, 1, -1)), (1, (1, 0, 0))]
)
def test_some_splits_by_hand(gross: int, parts: tuple[int, int, int]) -> None:
    assert split(gross, 2000) == parts


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**9), min_size=1, max_size=30))
def test_parts_add_up_and_are_at_most_a_cent_off(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


@given(st.integers(0, 10**12))
def test_a_charge_is_whole_cents_over_the_floor_and_leaves_the_rest(owed: int) -> None:
    amount = chargeable(owed)
    assert amount % MICROS == 0
    assert 0 <= amount <= owed
    assert amount == 0 or amount >= FLOOR
    if FLOOR <= owed <= 100_000 * 1_000_000:
        assert owed - amount < MICROS


def billed(amount: int, *, prepaid: bool = True, job: str = "job") -> Billed:
    return Billed(job, "Développeur", "APPLICATION_RECEIVED", 2, amount, amount if prepaid else 0)


def march(*items: Billed, carried_in: int = 0, buyer: Party = FRENCH) -> Invoice | None:
    return bill(
        invoice_id="i",
        company_id="c",
        cycle=CYCLE,
        issued_at=NOW,
        seller=SELLER,
        buyer=buyer,
        billed=items,
        carried_in=carried_in,
    )


@given(
    st.lists(st.tuples(st.integers(1, 10**8), st.booleans()), min_size=1, max_size=12),
    st.integers(0, 9999),
)
def test_an_invoice_accounts_for_every_micro_euro(
    items: list[tuple[int, bool]], carried: int
) -> None:
    made = march(*(billed(amount, prepaid=paid) for amount, paid in items), carried_in=carried)
    total = sum(amount for amount, _ in items) + carried
    if made is None:
        assert total < MICROS
        return
    assert made.amounts.gross * MICROS + made.carried_out == total
    assert sum(line.net for line in made.lines) == made.amounts.net
    assert 0 <= made.amounts.paid <= made.amounts.gross
    assert made.amounts.due == 0 or not all(paid for _, paid in items)


def test_a_buyer_abroad_pays_the_same_and_owes_the_tax_at_home() -> None:
    german = Party("Fiktive GmbH", country="DE", vat_id="DE123456789")
    made = march(billed(1_200_000, prepaid=False), buyer=german)
    assert made is not None
    assert (made.amounts.net, made.amounts.vat, made.amounts.gross) == (120, 0, 120)
    assert made.amounts.due == 120
    assert "Reverse charge" in made.vat.reason


def test_a_credit_note_takes_tax_back_at_the_rate_of_the_invoice() -> None:
    original = march(billed(12_000_000))
    assert original is not None
    original = numbered(original, series(NOW), 41)
    note = credit(original, credit_id="n", amount=120, reason="Erreur", issued_at=NOW)
    assert (note.kind, note.corrects, note.corrects_number) == (
        InvoiceKind.CREDIT_NOTE,
        "i",
        "WN-2026-000041",
    )
    assert (note.amounts.net, note.amounts.vat, note.amounts.gross) == (100, 20, 120)
    assert note.number == ""


def test_the_series_is_that_of_the_year_in_paris() -> None:
    assert series(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "WN-2027"
    assert series(datetime(2026, 12, 31, 22, 30, tzinfo=UTC)) == "WN-2026"


@pytest.mark.parametrize(
    ("country", "vat_id", "fits"),
    [
        ("FR", "FR40303265045", True),
        ("FR", "FR41303265045", False),
        ("FR", "FR40303265046", False),
        ("FR", "FRK7303265045", True),
        ("GR", "EL123456789", True),
        ("GR", "GR123456789", False),
        ("DE", "FR40303265045", False),
    ],
)
def test_vat_numbers_belong_to_their_country(country: str, vat_id: str, fits: bool) -> None:
    assert vat_id_fits(country, vat_id) is fits


def test_a_siren_has_a_check_digit() -> None:
    assert siren_fits("303265045")
    assert not siren_fits("303265046")
    assert not siren_fits("30326504")
