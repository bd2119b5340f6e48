"""Opening the connection, for both clients."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
import grpc.aio

import weneeds

_OPTIONS: Sequence[tuple[str, int | str]] = (
    ("grpc.primary_user_agent", f"weneeds-python/{weneeds.__version__}"),
    # A gateway that restarts is found again soon, not after gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A dead connection under a quiet stream is noticed within 40 seconds.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # The client retries by itself, with the server's own delays.
    ("grpc.enable_retries", 0),
)

Tls = bool | bytes | grpc.ChannelCredentials
"""True: the usual certificate authorities. Bytes: a PEM bundle to trust
instead. Credentials: as made by gRPC, for client certificates. False: plain
text, for a gateway on this machine."""


def channel(target: str, tls: Tls) -> grpc.Channel:
    """Return a blocking channel to `target`, "host:port"."""
    credentials = _credentials(tls)
    if credentials is None:
        return grpc.insecure_channel(target, options=_OPTIONS)
    return grpc.secure_channel(target, credentials, options=_OPTIONS)


def aio_channel(target: str, tls: Tls) -> grpc.aio.Channel:
    """Return an asynchronous channel to `target`, "host:port"."""
    credentials = _credentials(tls)
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    return grpc.aio.secure_channel(target, credentials, options=_OPTIONS)


def _credentials(tls: Tls) -> grpc.ChannelCredentials | None:
    if tls is False:
        return None
    if tls is True:
        return grpc.ssl_channel_credentials()
    if isinstance(tls, bytes):
        return grpc.ssl_channel_credentials(root_certificates=tls)
    return tls
