"""Certificates and signing keys of a mesh over time: made, renewed, rotated, retired.

Everybody who uses them follows the files, so nothing here restarts anything.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from stack import certs, keys
from stack.topology import SERVICES, Topology

_log = logging.getLogger(__name__)

MEMBERS = (*SERVICES, "gateway")
_EVERY_SECONDS = 60.0


def ensure(topology: Topology) -> None:
    """Make what is missing, renew what ends within a month, retire keys that are over."""
    certs.ensure(topology.state / "tls", MEMBERS)
    for signing_keys, jwks in _key_sets(topology):
        keys.ensure(signing_keys, jwks)
        keys.retire(signing_keys, jwks, time.time())
    # Never retired: a receipt is checked years after it was signed.
    keys.ensure(topology.receipt_keys, topology.receipt_jwks)


async def keep(topology: Topology) -> None:
    """`ensure` again every minute, until cancelled."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await asyncio.to_thread(ensure, topology)
        except (OSError, ValueError):
            _log.exception("certificates and keys could not be looked after")


def renew_certificates(topology: Topology) -> None:
    """Give every member a new certificate now."""
    certs.renew(topology.state / "tls", MEMBERS)


def rotate_keys(topology: Topology) -> list[str]:
    """Add a signing key for users and one for staff; return their kids."""
    return [keys.rotate(signing_keys, jwks) for signing_keys, jwks in _key_sets(topology)]


def rotate_receipt_key(topology: Topology) -> str:
    """Add a key that signs receipts from now on; return its kid. Those before it stay."""
    return keys.rotate(topology.receipt_keys, topology.receipt_jwks)


def _key_sets(topology: Topology) -> list[tuple[Path, Path]]:
    return [
        (topology.signing_keys, topology.jwks),
        (topology.admin_signing_keys, topology.admin_jwks),
    ]
