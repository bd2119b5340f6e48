"""What an id_token must say, once its signature holds (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Literal

from services.auth.domain.providers import ProviderAnswerInvalid

# The signatures that are believed, whatever else a provider offers.
Algorithm = Literal["RS256", "ES256", "EdDSA"]
ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA")
# Between the provider's clock and this one.
LEEWAY_SECONDS = 60
# An id_token is made for the sign-in at hand; a sign-in lasts ten minutes.
AGE_SECONDS = 600
_SUBJECT_LONGEST = 255
# Stands in an issuer for the tenant that the token names in `tid`.
TENANT = "{tenantid}"
_TENANT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HASHES = {"RS256": hashlib.sha256, "ES256": hashlib.sha256, "EdDSA": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must fit."""

    # May hold TENANT.
    issuer: str
    client_id: str
    # None when the provider is known not to repeat it.
    nonce: str | None
    # Seconds since the epoch.
    now: float


def check_id_token(claims: dict[str, object], expected: Expected) -> str:
    """Return the token's subject; raise ProviderAnswerInvalid unless every claim fits."""
    _require(claims.get("iss") == _issuer(expected.issuer, claims.get("tid")))
    _check_audience(claims, expected.client_id)
    _check_times(claims, expected.now)
    if expected.nonce is not None:
        nonce = claims.get("nonce")
        _require(isinstance(nonce, str) and _same(str(nonce), expected.nonce))
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_LONGEST:
        raise ProviderAnswerInvalid
    _require(subject.isascii() and subject.isprintable())
    return subject


def check_answering_issuer(iss: str, issuer: str, *, promised: bool) -> None:
    """Raise ProviderAnswerInvalid when another provider sent the code (RFC 9207).

    `issuer` may hold TENANT. A provider that `promised` to name itself does.
    """
    if not iss:
        _require(not promised)
        return
    pattern = re.escape(issuer).replace(re.escape(TENANT), _TENANT_ID.pattern)
    _require(re.fullmatch(pattern, iss) is not None)


def check_access_token_hash(claims: dict[str, object], access_token: str, algorithm: str) -> None:
    """Raise ProviderAnswerInvalid when the token names another access token (at_hash)."""
    if "at_hash" not in claims:
        return
    digest = _HASHES[algorithm](access_token.encode()).digest()
    half = urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    said = claims["at_hash"]
    _require(isinstance(said, str) and _same(str(said), half))


def believed(offered: object) -> list[Algorithm]:
    """Return the algorithms of ALGORITHMS that a provider says to use."""
    named = offered if isinstance(offered, list) else []
    return [name for name in ALGORITHMS if name in named]


def _issuer(issuer: str, tenant: object) -> str:
    if TENANT not in issuer:
        return issuer
    _require(isinstance(tenant, str) and _TENANT_ID.fullmatch(tenant) is not None)
    return issuer.replace(TENANT, str(tenant))


def _check_audience(claims: dict[str, object], client_id: str) -> None:
    said = claims.get("aud")
    audiences = said if isinstance(said, list) else [said]
    _require(client_id in audiences)
    # Made for others too: then it must say that this client asked for it.
    if len(audiences) > 1 or "azp" in claims:
        _require(claims.get("azp") == client_id)


def _check_times(claims: dict[str, object], now: float) -> None:
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    _require(expires > now - LEEWAY_SECONDS)
    _require(now - AGE_SECONDS - LEEWAY_SECONDS < issued < now + LEEWAY_SECONDS)
    if "nbf" in claims:
        _require(_seconds(claims, "nbf") < now + LEEWAY_SECONDS)


def _seconds(claims: dict[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProviderAnswerInvalid
    return value


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode())


def _require(holds: bool) -> None:
    if not holds:
        raise ProviderAnswerInvalid
