"""Codes of links in mails: made from the link's id when they are needed, stored nowhere.

A code is `id (16 bytes) | HMAC-SHA-256 over purpose and id (32)` in base64url. Without the
server's secret nobody makes one, with read access to the table either; whether it was used
is the table's business.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from uuid import UUID

from services.auth.domain.links import Purpose

_ID = 16
_MAC = 32
_PAGES = {
    Purpose.EMAIL_VERIFICATION: "verify-email",
    Purpose.PASSWORD_RESET: "reset-password",
    Purpose.INVITATION: "invitation",
}


class SealedLinkCodes:
    """Makes and recognises codes under a key drawn from the server's secret."""

    def __init__(self, secret: bytes, site_url: str) -> None:
        # A key of its own: a code must never pass for anything else under the same secret.
        self._key = hmac.digest(secret, b"links in mails", "sha256")
        self._site_url = site_url.rstrip("/")

    def link(self, purpose: Purpose, link_id: str) -> str:
        """Return the address of the page that uses the code; "" for what opens nothing.

        The code stands in the fragment: it reaches no server's log and no Referer header.
        """
        page = _PAGES.get(purpose)
        return f"{self._site_url}/{page}#code={self.code(purpose, link_id)}" if page else ""

    def code(self, purpose: Purpose, link_id: str) -> str:
        """Return the code of a link."""
        raw = UUID(link_id).bytes
        return base64.urlsafe_b64encode(raw + self._mac(purpose, raw)).decode()

    def parse(self, purpose: Purpose, code: str) -> str | None:
        """Return the id in a code; None unless it was made here and for this purpose."""
        try:
            raw = base64.b64decode(code.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            return None
        if len(raw) != _ID + _MAC:
            return None
        if not hmac.compare_digest(raw[_ID:], self._mac(purpose, raw[:_ID])):
            return None
        return str(UUID(bytes=raw[:_ID]))

    def _mac(self, purpose: Purpose, raw: bytes) -> bytes:
        return hmac.digest(self._key, purpose.value.encode() + b"\0" + raw, "sha256")
