"""Channels to other services: mTLS, deadlines, the user's token, retries.

A call gets the time its own caller has left, less a margin, and at most
`_MAX_SECONDS`. The access token, the language, the correlation id and the
trace context travel along. Calls that are safe to repeat are retried by gRPC
itself on UNAVAILABLE, within the deadline.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from grpc.aio import ClientCallDetails, Metadata

from services.kit.call import current_call
from services.kit.errors import DeadlineTooShort
from services.kit.telemetry import carry

_MARGIN_SECONDS = 0.020
_MAX_SECONDS = 10.0
_RETRIES = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "0.5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
}


class Channels:
    """The channels of one service, one for each peer, opened when first asked for."""

    def __init__(self, addresses: Mapping[str, str], tls_dir: Path) -> None:
        self._addresses = addresses
        self._tls_dir = tls_dir
        self._open: dict[str, grpc.aio.Channel] = {}

    def to(self, service: str) -> grpc.aio.Channel:
        """Return the channel to `service`; raise KeyError when its address is not configured."""
        if service not in self._open:
            self._open[service] = self._connect(service)
        return self._open[service]

    def _connect(self, service: str) -> grpc.aio.Channel:
        credentials = grpc.ssl_channel_credentials(
            root_certificates=(self._tls_dir / "ca.pem").read_bytes(),
            private_key=(self._tls_dir / "key.pem").read_bytes(),
            certificate_chain=(self._tls_dir / "cert.pem").read_bytes(),
        )
        return grpc.aio.secure_channel(
            self._addresses[service],
            credentials,
            options=[
                ("grpc.ssl_target_name_override", f"{service}.weneeds.internal"),
                ("grpc.service_config", json.dumps(_RETRIES)),
                ("grpc.keepalive_time_ms", 30_000),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.max_reconnect_backoff_ms", 2_000),
            ],
            interceptors=[_Context()],
        )

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._open.values():
            await channel.close()


class _Context(grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        metadata = Metadata(*(client_call_details.metadata or ()))
        for name, value in _passed_on().items():
            metadata.add(name, value)
        details = ClientCallDetails(
            method=client_call_details.method,
            timeout=_seconds_left(client_call_details.timeout),
            metadata=metadata,
            credentials=client_call_details.credentials,
            wait_for_ready=client_call_details.wait_for_ready,
        )
        return await continuation(details, request)


def _passed_on() -> dict[str, str]:
    headers = carry()
    call = current_call()
    if call is None:
        return headers
    headers["x-request-id"] = call.correlation_id
    headers["accept-language"] = call.locale
    if call.token:
        headers["authorization"] = f"Bearer {call.token}"
    return headers


def _seconds_left(asked: float | None) -> float:
    seconds = _MAX_SECONDS if asked is None else asked
    call = current_call()
    if call is not None and call.deadline is not None:
        seconds = min(seconds, call.deadline - time.monotonic() - _MARGIN_SECONDS)
    if seconds <= 0:
        raise DeadlineTooShort
    return seconds
