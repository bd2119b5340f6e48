"""The local certificate authority."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from stack import certs

_NOW = dt.datetime.now(dt.UTC)


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_leaf_names_the_member_and_the_loopback(tmp_path: Path) -> None:
    certs.ensure(tmp_path, ["jobs"], _NOW)
    names = _certificate(tmp_path / "jobs" / "cert.pem").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [
        "spiffe://weneeds/jobs"
    ]
    assert set(names.value.get_values_for_type(x509.DNSName)) == {
        "jobs.weneeds.internal",
        "localhost",
    }
    assert [str(ip) for ip in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_only_the_owner_reads_keys(tmp_path: Path) -> None:
    certs.ensure(tmp_path, ["jobs", "gateway"], _NOW)
    keys = sorted(tmp_path.glob("*/key.pem"))
    assert len(keys) == 3
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_good_certificates_are_kept(tmp_path: Path) -> None:
    certs.ensure(tmp_path, ["jobs"], _NOW)
    first = (tmp_path / "jobs" / "cert.pem").read_bytes()
    certs.ensure(tmp_path, ["jobs"], _NOW + dt.timedelta(days=50))
    assert (tmp_path / "jobs" / "cert.pem").read_bytes() == first


def test_certificates_near_their_end_are_renewed_by_the_same_authority(tmp_path: Path) -> None:
    certs.ensure(tmp_path, ["jobs"], _NOW)
    first = _certificate(tmp_path / "jobs" / "cert.pem")
    authority = (tmp_path / "ca" / "cert.pem").read_bytes()
    certs.ensure(tmp_path, ["jobs"], _NOW + dt.timedelta(days=61))
    second = _certificate(tmp_path / "jobs" / "cert.pem")
    assert second.not_valid_after_utc - first.not_valid_after_utc == dt.timedelta(days=61)
    assert (tmp_path / "ca" / "cert.pem").read_bytes() == authority


def test_a_new_authority_replaces_every_leaf(tmp_path: Path) -> None:
    certs.ensure(tmp_path, ["jobs"], _NOW)
    first = (tmp_path / "jobs" / "cert.pem").read_bytes()
    (tmp_path / "ca" / "cert.pem").unlink()
    certs.ensure(tmp_path, ["jobs"], _NOW)
    assert (tmp_path / "jobs" / "cert.pem").read_bytes() != first
    assert (tmp_path / "jobs" / "ca.pem").read_bytes() == (
        tmp_path / "ca" / "cert.pem"
    ).read_bytes()


def test_two_members_shake_hands_over_mutual_tls(tmp_path: Path) -> None:
    certs.ensure(tmp_path, ["jobs", "gateway"], _NOW)
    assert _peer_of_a_handshake(tmp_path, client="gateway", server="jobs") == {
        "URI": "spiffe://weneeds/gateway"
    }


def test_a_stranger_is_refused(tmp_path: Path) -> None:
    certs.ensure(tmp_path / "ours", ["jobs"], _NOW)
    certs.ensure(tmp_path / "theirs", ["gateway"], _NOW)
    (tmp_path / "theirs" / "gateway" / "ca.pem").write_bytes(
        (tmp_path / "ours" / "jobs" / "ca.pem").read_bytes()
    )
    (tmp_path / "theirs" / "gateway").rename(tmp_path / "ours" / "gateway")
    with pytest.raises(ssl.SSLError):
        _peer_of_a_handshake(tmp_path / "ours", client="gateway", server="jobs")


def _context(folder: Path, purpose: ssl.Purpose) -> ssl.SSLContext:
    context = ssl.create_default_context(purpose, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def _peer_of_a_handshake(folder: Path, *, client: str, server: str) -> dict[str, str]:
    """Connect the two over a socket pair; what the server then knows of the client."""
    near, far = socket.socketpair()
    near.settimeout(10)
    far.settimeout(10)
    caller = _context(folder / client, ssl.Purpose.SERVER_AUTH)
    thread = threading.Thread(target=_call, args=(caller, near))
    thread.start()
    try:
        answering = _context(folder / server, ssl.Purpose.CLIENT_AUTH)
        with answering.wrap_socket(far, server_side=True) as connection:
            certificate = connection.getpeercert() or {}
            connection.sendall(b"!")
    finally:
        far.close()
        thread.join()
    names: tuple[tuple[str, str], ...] = certificate["subjectAltName"]  # type: ignore[assignment]
    return {kind: name for kind, name in names if kind == "URI"}


def _call(context: ssl.SSLContext, near: socket.socket) -> None:
    try:
        with context.wrap_socket(near, server_hostname="127.0.0.1") as connection:
            connection.recv(1)
    except (ssl.SSLError, OSError):
        near.close()


def test_renewal_replaces_all_three_files_in_one_step(tmp_path: Path) -> None:
    certs.ensure(tmp_path, ["jobs"], _NOW)
    folder = tmp_path / "jobs"
    before = (folder / "cert.pem").read_bytes(), (folder / "..data").readlink()
    certs.renew(tmp_path, ["jobs"], _NOW)
    after = (folder / "cert.pem").read_bytes(), (folder / "..data").readlink()
    assert before[0] != after[0]
    assert before[1] != after[1]
    for name in ("ca.pem", "cert.pem", "key.pem"):
        assert (folder / name).readlink() == Path("..data") / name
    assert [path.name for path in folder.glob("..*") if path.is_dir()].count(after[1].name) == 1
    assert not (folder / before[1]).exists()


def test_files_of_an_earlier_layout_are_taken_over(tmp_path: Path) -> None:
    certs.ensure(tmp_path, ["jobs"], _NOW)
    folder = tmp_path / "jobs"
    for name in ("ca.pem", "cert.pem", "key.pem"):
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / name).write_bytes(content)
    certs.renew(tmp_path, ["jobs"], _NOW)
    assert all((folder / name).is_symlink() for name in ("ca.pem", "cert.pem", "key.pem"))
