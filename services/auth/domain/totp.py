"""Time-based one-time passwords: RFC 6238 with HMAC-SHA1, 30 seconds, six digits."""

from __future__ import annotations

import base64
import hmac
import struct
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
# RFC 4226 recommends 160 bits.
SECRET_BYTES = 20
# A phone's clock may be one step early or late.
_WINDOW = (0, -1, 1)


def step_at(unix_seconds: float) -> int:
    """Return the number of the time step that holds a moment."""
    return int(unix_seconds // STEP_SECONDS)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of one time step, six digits."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 0x0F
    (number,) = struct.unpack_from(">I", digest, offset)
    return str((number & 0x7FFFFFFF) % 10**DIGITS).zfill(DIGITS)


def accepted_step(
    secret: bytes, code: str, unix_seconds: float, last_step: int | None
) -> int | None:
    """Return the time step whose code `code` is, or None when it does not fit.

    `last_step` is the step of the last code that was accepted: codes of it and
    of earlier steps are spent (RFC 6238, 5.2). Keep the returned step in its
    place, and refuse when another sign-in kept it first. The comparison takes
    the same time for every code.
    """
    now = step_at(unix_seconds)
    accepted: int | None = None
    for offset in _WINDOW:
        step = now + offset
        if step < 0:
            continue
        fits = hmac.compare_digest(code_at(secret, step).encode(), code.encode())
        spent = last_step is not None and step <= last_step
        if fits and not spent and accepted is None:
            accepted = step
    return accepted


def to_base32(secret: bytes) -> str:
    """Return the secret as authenticator apps take it by hand: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def provisioning_uri(secret: bytes, account: str, issuer: str) -> str:
    """Return the `otpauth://` address that an authenticator app reads from a QR code."""
    label = quote(f"{issuer}:{account}", safe="")
    query = urlencode(
        {
            "secret": to_base32(secret),
            "issuer": issuer,
            "algorithm": "SHA1",
            "digits": DIGITS,
            "period": STEP_SECONDS,
        },
        quote_via=quote,
    )
    return f"otpauth://totp/{label}?{query}"
