"""The gRPC server of one service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.kit.access import AccessCache
from services.kit.audit import AuditLog
from services.kit.certificates import Certificates
from services.kit.chain import Guard
from services.kit.chain.audit import audited, record_denial, resource
from services.kit.chain.edge import Edge
from services.kit.chain.idempotency import idempotent
from services.kit.chain.identity import identity
from services.kit.chain.limits import deadline, rate_limits
from services.kit.chain.maintenance import maintenance
from services.kit.chain.policy import BUILT_IN, policy
from services.kit.chain.preparation import preparing
from services.kit.chain.validation import validation
from services.kit.contract import (
    Access,
    Method,
    check_kinds,
    check_prepared,
    methods_of,
    reasons_of,
)
from services.kit.errors import Refused
from services.kit.problems import Problems
from services.kit.ratelimit import RateLimiter
from services.kit.service import Endpoint, Resources, Wiring
from services.kit.settings import Settings
from services.kit.tokens import TokenVerifier, Verifiers

log = logging.getLogger(__name__)

_MAX_MESSAGE = 4 * 1024 * 1024
# What a message may have beside the bytes that its method allows.
_ENVELOPE = 64 * 1024
_OPTIONS = [
    # Two servers on one port would each get half of the calls, silently.
    ("grpc.so_reuseport", 0),
    ("grpc.max_send_message_length", _MAX_MESSAGE),
    ("grpc.max_metadata_size", 48 * 1024),
    ("grpc.server.max_pending_requests", 4000),
    ("grpc.server.max_pending_requests_hard_limit", 8000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
]


class Server:
    """Builds the chain for each method and serves it."""

    def __init__(self, kit: Resources[Settings], wiring: Wiring, name: str) -> None:
        self._kit = kit
        self._wiring = wiring
        self._name = name
        self._health = health.aio.HealthServicer()
        largest = ("grpc.max_receive_message_length", largest_request(wiring))
        self._server = grpc.aio.server(options=[*_OPTIONS, largest])
        self._register()
        self.port = 0

    def _register(self) -> None:
        """Register every method; raise BrokenContract where one cannot be enforced."""
        builder = _Builder(self._kit, self._wiring, self._name)
        names = [
            reflection.SERVICE_NAME,
            health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
        ]
        for endpoint in self._wiring.endpoints:
            methods = methods_of(endpoint.descriptor)
            check_kinds(methods, {*BUILT_IN, *self._wiring.scopes}, self._wiring.rules)
            check_prepared(methods, endpoint.prepare)
            handlers = {m.name: builder.handler(m, endpoint) for m in methods}
            full_name = endpoint.descriptor.full_name
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(full_name, handlers),)
            )
            names.append(full_name)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if self._kit.settings.environment != "production":
            reflection.enable_server_reflection(names, self._server)

    async def start(self) -> None:
        """Bind and serve.

        Raises RuntimeError when the port is taken, CertificateUnusable without a certificate.
        """
        settings = self._kit.settings
        credentials = Certificates(settings.tls_dir).for_server()
        self.port = self._server.add_secure_port(f"{settings.host}:{settings.port}", credentials)
        await self._server.start()
        await self.set_serving(True)

    async def set_serving(self, serving: bool, name: str = "") -> None:
        """Say at the health service whether calls are wanted, or whether a store answers."""
        known = health_pb2.HealthCheckResponse
        await self._health.set(name, known.SERVING if serving else known.NOT_SERVING)

    async def drain(self) -> None:
        """Say "not serving", let the callers notice, finish what runs, close."""
        await self.set_serving(False)
        await asyncio.sleep(self._kit.settings.drain_seconds)
        await self._server.stop(grace=self._kit.settings.grace_seconds)


def largest_request(wiring: Wiring) -> int:
    """Return the bytes that the largest request of a service may have."""
    wanted = (
        method.policy.max_request_bytes + _ENVELOPE
        for endpoint in wiring.endpoints
        for method in methods_of(endpoint.descriptor)
    )
    return max(_MAX_MESSAGE, *wanted)


class _Builder:
    """Turns methods into handlers with the whole chain around them."""

    def __init__(self, kit: Resources[Settings], wiring: Wiring, name: str) -> None:
        settings = kit.settings
        self._kit = kit
        self._wiring = wiring
        self._audit = AuditLog(kit.clock, kit.ids)
        self._verifiers = _verifiers(settings)
        self._limiter = RateLimiter(kit.redis)
        self._edge = Edge(
            problems=Problems(name, reasons_of(*wiring.reasons)),
            ids=kit.ids,
            denied=self._denied,
        )

    async def _denied(self, method: Method, refused: Refused) -> None:
        await record_denial(method, refused, self._kit.work, self._audit)

    def handler(self, method: Method, endpoint: Endpoint) -> grpc.RpcMethodHandler[Any, Any]:
        """Return the gRPC handler of one method."""
        answer = getattr(endpoint.servicer, method.name)
        guards = self._guards(method)
        if method.streaming:
            return grpc.unary_stream_rpc_method_handler(self._edge.stream(method, guards, answer))
        answer = audited(method, answer, self._kit.work, self._audit)
        answer = idempotent(method, answer, self._kit.work)
        answer = preparing(endpoint.prepare.get(method.name), answer)
        return grpc.unary_unary_rpc_method_handler(self._edge.unary(method, guards, answer))

    def _guards(self, method: Method) -> Sequence[Guard]:
        kit, wiring = self._kit, self._wiring
        first = (
            deadline,
            maintenance(method, kit.maintenance),
            resource(method),
            identity(method, self._verifiers, kit.access, kit.admin_access),
        )
        guards = [guard for guard in first if guard is not None]
        guards += policy(method, wiring.scopes, wiring.rules, self._cache(method), kit.clock)
        guards += rate_limits(method, self._limiter)
        guards.append(validation(method))
        return guards

    def _cache(self, method: Method) -> AccessCache:
        staff = method.policy.access == Access.ACCESS_ADMIN
        return self._kit.admin_access if staff else self._kit.access


def _verifiers(settings: Settings) -> Verifiers:
    site = TokenVerifier(settings.jwks_file, settings.issuer, settings.audience)
    if settings.admin_jwks_file is None:
        return Verifiers(site, None)
    issuer, audience = settings.admin_issuer, settings.admin_audience
    return Verifiers(
        site, TokenVerifier(settings.admin_jwks_file, issuer, audience, access="admin")
    )
