"""Channels to other services: mTLS, deadlines, the user's token, retries.

A call gets the time its own caller has left, less a margin, and at most
`_MAX_SECONDS`. The access token, the language, the correlation id and the
trace context travel along. Calls that are safe to repeat are retried by gRPC
itself on UNAVAILABLE, within the deadline. When the service's own certificate
is renewed, new calls go over a new connection that shows the new one.
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
from services.kit.certificates import Certificates
from services.kit.errors import DeadlineTooShort
from services.kit.renewal import RenewedChannel
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
    """The channels of one service, one for each peer, opened when first asked for.

    A channel follows the service's certificate: stubs made from it stay good.
    """

    def __init__(self, addresses: Mapping[str, str], tls_dir: Path) -> None:
        """Raise CertificateUnusable when `tls_dir` holds no good certificate."""
        self._addresses = addresses
        self._certificates = Certificates(tls_dir)
        self._open: dict[str, RenewedChannel] = {}

    def to(self, service: str) -> grpc.aio.Channel:
        """Return the channel to `service`; raise KeyError when its address is not configured."""
        if service not in self._open:
            address = self._addresses[service]
            self._open[service] = RenewedChannel(
                lambda: self._connect(service, address),
                lambda: self._certificates.current.stamp,
                # Calls end by themselves within their longest time.
                grace_seconds=_MAX_SECONDS,
            )
        return self._open[service]

    def _connect(self, service: str, address: str) -> grpc.aio.Channel:
        return grpc.aio.secure_channel(
            address,
            self._certificates.for_channel(),
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
