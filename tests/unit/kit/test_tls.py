"""Which TLS a service speaks with those who call it."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from services.kit.certificates import Certificates
from stack import certs

_ANY = ssl.TLSVersion.MINIMUM_SUPPORTED


@pytest.fixture(scope="module")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """The port of a server with the credentials of a service."""
    folder = tmp_path_factory.mktemp("tls")
    certs.ensure(folder, ["auth", "gateway"])
    server = grpc.aio.server()
    port = server.add_secure_port("127.0.0.1:0", Certificates(folder / "auth").for_server())
    await server.start()
    _FOLDERS[port] = folder
    yield port
    await server.stop(None)


_FOLDERS: dict[int, Path] = {}


async def handshake(port: int, newest: ssl.TLSVersion, ciphers: str = "") -> tuple[str, str]:
    """Version and cipher of a connection whose client knows nothing newer than `newest`."""
    own = _FOLDERS[port] / "gateway"
    context = ssl.create_default_context(cafile=str(own / "ca.pem"))
    context.load_cert_chain(own / "cert.pem", own / "key.pem")
    context.set_alpn_protocols(["h2"])
    if ciphers:
        context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        # Old versions are deprecated: that is what is tested.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _ANY
        context.maximum_version = newest
    opening = asyncio.open_connection("127.0.0.1", port, ssl=context)
    _, writer = await asyncio.wait_for(opening, timeout=10)
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    version, cipher = tls.version(), tls.cipher()
    writer.transport.abort()
    assert version is not None
    assert cipher is not None
    return version, cipher[0]


async def test_the_newest_version_is_spoken(port: int) -> None:
    version, cipher = await handshake(port, ssl.TLSVersion.TLSv1_3)
    assert version == "TLSv1.3"
    assert cipher.startswith("TLS_")


@pytest.mark.parametrize("old", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_outdated_versions_are_refused_by_the_server(port: int, old: ssl.TLSVersion) -> None:
    # Level 0 lets this client offer what it would not by itself. The server hangs up; a client
    # that could not even offer it would fail with an SSLError.
    with pytest.raises(ConnectionError):
        await handshake(port, old, "ALL:@SECLEVEL=0")


async def test_with_the_version_before_keys_are_ephemeral_and_data_is_authenticated(
    port: int,
) -> None:
    version, cipher = await handshake(port, ssl.TLSVersion.TLSv1_2)
    assert version == "TLSv1.2"
    assert cipher.startswith("ECDHE-")
    assert "GCM" in cipher or "POLY1305" in cipher


@pytest.mark.parametrize("weak", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"])
async def test_weak_ciphers_are_refused(port: int, weak: str) -> None:
    with pytest.raises(ConnectionError):
        await handshake(port, ssl.TLSVersion.TLSv1_2, f"{weak}:@SECLEVEL=0")
