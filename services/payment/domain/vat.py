"""Value added tax on what the platform bills from France. Integers only: cents, basis points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_WHOLE = 10_000
_SIREN = 9
_KEY_MODULUS = 97
_FRENCH = ("FR", "MC")
_EU = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
# Greece writes its numbers with another prefix than its country code.
_PREFIXES = {"GR": "EL", "MC": "FR"}


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate and the day from which it holds."""

    since: date
    basis_points: int


# The standard rate of France, rising in time. Source: Code général des impôts, article 278, in
# its wordings from 1 April 2000 (19.6 %) and from 1 January 2014 (20 %).
STANDARD_RATES = (Rate(date(2000, 4, 1), 1960), Rate(date(2014, 1, 1), 2000))


class VatCategory(StrEnum):
    """How the tax applies; the codes of UNCL 5305 that EN 16931 allows."""

    STANDARD = "S"
    # The buyer owes the tax, in another country of the EU.
    REVERSE_CHARGE = "AE"
    # The service is not taxed in France.
    OUTSIDE = "O"


_REASONS = {
    VatCategory.STANDARD: "",
    VatCategory.REVERSE_CHARGE: (
        "Autoliquidation : TVA due par le preneur (articles 283-2 du CGI et 196 de la directive "
        "2006/112/CE). Reverse charge."
    ),
    VatCategory.OUTSIDE: "TVA non applicable : preneur établi hors de l'UE (article 259-1 du CGI).",
}


@dataclass(frozen=True, slots=True)
class Treatment:
    """What applies to one invoice."""

    category: VatCategory
    basis_points: int

    @property
    def reason(self) -> str:
        """Why there is no tax; empty when there is."""
        return _REASONS[self.category]


def treatment(country: str, vat_id: str, day: date) -> Treatment:
    """Return what applies to a buyer in `country` (ISO 3166-1) on `day`.

    French buyers pay the French rate, and so do buyers in the EU who show no
    VAT number. Buyers in the EU who show one owe the tax at home.
    """
    if country in _FRENCH:
        return Treatment(VatCategory.STANDARD, standard_rate(day))
    if country not in _EU:
        return Treatment(VatCategory.OUTSIDE, 0)
    if vat_id:
        return Treatment(VatCategory.REVERSE_CHARGE, 0)
    return Treatment(VatCategory.STANDARD, standard_rate(day))


def standard_rate(day: date) -> int:
    """Return the standard rate of France on `day`, in basis points."""
    return next(rate.basis_points for rate in reversed(STANDARD_RATES) if rate.since <= day)


def split(gross: int, basis_points: int) -> tuple[int, int, int]:
    """Part a price that includes the tax; return net, tax and rounding, in cents.

    The net is the price less its tax, rounded half up; the tax is the rate on
    that net, rounded half up, as EN 16931 wants it for each rate (BR-CO-17).
    Where the two miss the price, the rounding (BT-114) is the one cent missing.
    """
    net = _half_up(gross * _WHOLE, _WHOLE + basis_points)
    tax = _half_up(net * basis_points, _WHOLE)
    return net, tax, gross - net - tax


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Part `total` by `weights` so that the parts add up to it: largest remainder first."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda at: (-(total * weights[at] % whole), at))
    for at in by_rest[: total - sum(parts)]:
        parts[at] += 1
    return parts


def vat_id_fits(country: str, vat_id: str) -> bool:
    """Whether a VAT number belongs to a country; a French one has a key that is checked."""
    prefix = _PREFIXES.get(country, country)
    if not vat_id.startswith(prefix):
        return False
    rest = vat_id.removeprefix("FR")
    if prefix != "FR" or not rest.isdigit():
        return True
    key, siren = rest[:2], rest[2:]
    return siren_fits(siren) and int(key) == (12 + 3 * (int(siren) % _KEY_MODULUS)) % _KEY_MODULUS


def siren_fits(siren: str) -> bool:
    """Whether a SIREN's check digit holds (Luhn)."""
    if len(siren) != _SIREN or not siren.isdigit():
        return False
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(siren))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
