"""A service's own certificate: three files that change under a running process.

Whoever renews them (the local authority, cert-manager) replaces all of them in
one step. A set that does not fit together is passed over: the last good one
stays until the files are whole again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

log = logging.getLogger(__name__)

_FILES = ("ca.pem", "cert.pem", "key.pem")
_TRIES = 5

# What tells one content of the three files from another.
Stamp = tuple[tuple[int, int, int], ...]


class CertificateUnusable(Exception):
    """A file is missing or malformed, or the key is not the certificate's."""


@dataclass(frozen=True)
class Certificate:
    """One consistent set, as PEM. `authority` may hold several certificates."""

    authority: bytes
    chain: bytes
    key: bytes
    stamp: Stamp


class Certificates:
    """The set that lies in a folder now. Looking costs three calls of stat."""

    def __init__(self, folder: Path) -> None:
        """Read the folder; raise CertificateUnusable when there is no good set in it."""
        self._folder = folder
        self._now = _read_whole(folder)
        self._passed_over: Stamp | None = None

    @property
    def current(self) -> Certificate:
        """The newest good set."""
        try:
            stamp = _stamp(self._folder)
        except OSError:
            return self._now
        if stamp in (self._now.stamp, self._passed_over):
            return self._now
        try:
            self._now = _read_whole(self._folder)
        except CertificateUnusable as error:
            self._passed_over = stamp
            log.warning("Certificate not taken over", extra={"error": str(error)})
        else:
            log.info("Certificate reloaded")
        return self._now

    def for_server(self) -> grpc.ServerCredentials:
        """Credentials that look at the files for each new connection, and want the caller's."""
        shown = self._now

        def newer() -> grpc.ServerCertificateConfiguration | None:
            nonlocal shown
            current = self.current
            if current is shown:
                return None
            shown = current
            return _configuration(current)

        # The stubs do not know that None means: no change.
        fetch = cast("Callable[[], grpc.ServerCertificateConfiguration]", newer)
        return grpc.dynamic_ssl_server_credentials(
            _configuration(shown), fetch, require_client_authentication=True
        )

    def for_channel(self) -> grpc.ChannelCredentials:
        """Credentials of this moment."""
        current = self.current
        return grpc.ssl_channel_credentials(current.authority, current.key, current.chain)


def _configuration(certificate: Certificate) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(certificate.key, certificate.chain)], root_certificates=certificate.authority
    )


def _stamp(folder: Path) -> Stamp:
    facts = [(folder / name).stat() for name in _FILES]
    return tuple((fact.st_mtime_ns, fact.st_ino, fact.st_size) for fact in facts)


def _read_whole(folder: Path) -> Certificate:
    """Read until nothing changed meanwhile."""
    failure: Exception | None = None
    for _ in range(_TRIES):
        try:
            before = _stamp(folder)
            authority, chain, key = ((folder / name).read_bytes() for name in _FILES)
            if _stamp(folder) != before:
                continue
            _check(authority, chain, key)
        except (OSError, ValueError, TypeError) as error:
            failure = error
            continue
        return Certificate(authority, chain, key, before)
    raise CertificateUnusable(f"no whole certificate in {folder}: {failure}") from failure


def _check(authority: bytes, chain: bytes, key: bytes) -> None:
    """Raise ValueError unless the key is the certificate's and an authority is there."""
    x509.load_pem_x509_certificates(authority)
    shown = x509.load_pem_x509_certificates(chain)[0].public_key()
    own = serialization.load_pem_private_key(key, None).public_key()
    if _encoded(shown) != _encoded(own):
        raise ValueError("the key is not the certificate's")


def _encoded(key: PublicKeyTypes) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.DER, form)
