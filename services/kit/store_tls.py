"""TLS to the stores: one authority for Postgres, NATS and Valkey.

Production reaches a store in plain text over its own loopback only, where a
proxy on the same machine ends TLS.
"""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from urllib.parse import urlsplit


def trusting(authority: Path | None) -> ssl.SSLContext | None:
    """Return a context that takes certificates of `authority` for the store's own name alone.

    None without an authority. Raises OSError when the file cannot be used.
    """
    if authority is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=authority)
    return context


def is_local(url: str) -> bool:
    """Whether the address in `url` never leaves this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
