"""The mesh's own certificate authority and one leaf certificate a member.

Names are SPIFFE-like (`spiffe://weneeds/<name>`): the URI says who calls, the DNS names and
127.0.0.1 let ordinary TLS clients check whom they reached.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stack.paths import write_private

_CA_DAYS = 3650
_LEAF_DAYS = 90
# A certificate with less than this left is replaced at the next start.
_RENEW_DAYS = 30


def ensure(folder: Path, names: Iterable[str], now: dt.datetime | None = None) -> None:
    """Make `<folder>/<name>/{ca,cert,key}.pem` for each name; keep what lasts a month."""
    now = now or dt.datetime.now(dt.UTC)
    authority, key = _authority(folder / "ca", now)
    for name in names:
        if not _is_good(folder / name, authority, now):
            _issue(folder / name, name, authority, key, now)


def renew(folder: Path, names: Iterable[str], now: dt.datetime | None = None) -> None:
    """Replace the leaf of each name, in use or not: running members take the new one over."""
    now = now or dt.datetime.now(dt.UTC)
    authority, key = _authority(folder / "ca", now)
    for name in names:
        _issue(folder / name, name, authority, key, now)


def expires_at(folder: Path) -> dt.datetime | None:
    """When the leaf in `folder` ends; None without one."""
    certificate = _read(folder / "cert.pem")
    return None if certificate is None else certificate.not_valid_after_utc


def _authority(
    folder: Path, now: dt.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate = _read(folder / "cert.pem")
    if certificate is not None and _lasts(certificate, now, days=_LEAF_DAYS):
        key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject("WeNeeds local CA")
    certificate = (
        _builder(subject, subject, key.public_key(), now, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / "key.pem", _private(key))
    write_private(folder / "cert.pem", certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _issue(
    folder: Path,
    name: str,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer_key = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    names = x509.SubjectAlternativeName(
        [
            x509.UniformResourceIdentifier(f"spiffe://weneeds/{name}"),
            x509.DNSName(f"{name}.weneeds.internal"),
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")),
        ]
    )
    both_ends = x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    certificate = (
        _builder(_subject(name), authority.subject, key.public_key(), now, _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(both_ends, critical=False)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    _publish(
        folder,
        {
            "ca.pem": authority.public_bytes(serialization.Encoding.PEM),
            "cert.pem": certificate.public_bytes(serialization.Encoding.PEM),
            "key.pem": _private(key),
        },
    )


def _publish(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace all files of a folder in one step.

    As Kubernetes does for a mounted secret: the files lie in a folder of their version, `..data`
    points to it, and whoever watches the folder sees one move.
    """
    version = f"..{secrets.token_hex(8)}"
    for name, content in files.items():
        write_private(folder / version / name, content)
    former = _target(folder / "..data")
    _point(folder / "..data", version)
    for name in files:
        _point(folder / name, f"..data/{name}")
    if former is not None:
        shutil.rmtree(folder / former, ignore_errors=True)


def _target(link: Path) -> Path | None:
    return link.readlink() if link.is_symlink() else None


def _point(link: Path, target: str) -> None:
    if _target(link) == Path(target):
        return
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # A clock that is a little behind must not refuse a certificate made just now.
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "WeNeeds"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _is_good(folder: Path, authority: x509.Certificate, now: dt.datetime) -> bool:
    certificate = _read(folder / "cert.pem")
    if certificate is None or _read(folder / "ca.pem") != authority:
        return False
    return (folder / "key.pem").exists() and _lasts(certificate, now, days=_RENEW_DAYS)


def _lasts(certificate: x509.Certificate, now: dt.datetime, days: int) -> bool:
    return certificate.not_valid_after_utc - now > dt.timedelta(days=days)


def _read(path: Path) -> x509.Certificate | None:
    if not path.exists():
        return None
    return x509.load_pem_x509_certificate(path.read_bytes())


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
