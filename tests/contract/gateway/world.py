"""A gateway in front of a tiny backend: certificates, tokens, servicers, Envoy."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from joserfc import jwt
from joserfc.jwk import OKPKey
from weneeds.auth.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    directory_service_pb2,
    directory_service_pb2_grpc,
    user_pb2,
)
from weneeds.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc
from weneeds.messaging.v1 import stream_service_pb2, stream_service_pb2_grpc

from gateway.render import render, secrets
from gateway.topology import GatewayTopology, Limits

ROOT = Path(__file__).resolve().parents[3]
ENVOY = Path(sys.executable).parent / "envoy"
ISSUER, AUDIENCE = "https://weneeds.example", "weneeds-site"
ORIGIN = "http://console.example"
SERVICES = ("auth", "jobs", "matching", "payment", "messaging")
# Matching answers with a certificate that is not its own.
TRUSTED = ("auth", "jobs", "payment", "messaging")


def descriptors() -> bytes:
    """The contract as `make gen` compiled it."""
    return (ROOT / "gen/descriptors.binpb").read_bytes()


def topology(folder: Path, **changes: Any) -> GatewayTopology:
    """A topology whose files are in `folder`; nothing listens at its addresses."""
    standard: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "services": {name: [("127.0.0.1", 1)] for name in SERVICES},
        "tls_dir": folder,
        "secrets_dir": folder,
        "jwks_file": folder / "jwks.json",
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "cors_origins": [ORIGIN],
        "access_log": folder / "access.log",
    }
    return GatewayTopology(**(standard | changes))


class Certificates:
    """A throw-away certificate authority."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test ca")])
        ca = x509.BasicConstraints(ca=True, path_length=0)
        builder = self._builder(self._name, self._key).add_extension(ca, critical=True)
        self.ca = _pem(builder.sign(self._key, hashes.SHA256()))

    def issue(self, *services: str) -> tuple[bytes, bytes]:
        """A certificate for the services' names, and its key, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, services[0])])
        names: list[x509.GeneralName] = [
            x509.UniformResourceIdentifier(f"spiffe://weneeds/{service}") for service in services
        ]
        names += [x509.DNSName(f"{service}.weneeds.internal") for service in services]
        builder = self._builder(subject, key).add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return _pem(builder.sign(self._key, hashes.SHA256())), secret

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
        )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


class Tokens:
    """Signs access tokens, good and bad."""

    def __init__(self, kid: str = "one") -> None:
        self._kid = kid
        self._key = OKPKey.generate_key("Ed25519", {"kid": kid, "alg": "EdDSA", "use": "sig"})

    def jwks(self) -> str:
        """The public key as a JWKS document."""
        return json.dumps({"keys": [self._key.as_dict(private=False)]})

    def sign(self, *, lives: int = 600, **claims: Any) -> str:
        """A token that is good unless a claim says otherwise. `lives` in seconds."""
        now = int(time.time())
        standard = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u", "iat": now, "exp": now + lives}
        header = {"alg": "EdDSA", "kid": self._kid}
        return jwt.encode(header, standard | claims, self._key, algorithms=["EdDSA"])


@dataclass
class Backend(
    account_service_pb2_grpc.AccountServiceServicer,
    directory_service_pb2_grpc.DirectoryServiceServicer,
    job_service_pb2_grpc.JobServiceServicer,
    stream_service_pb2_grpc.StreamServiceServicer,
):
    """Answers a few methods and remembers what it was told."""

    metadata: dict[str, str] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    # Who comes with which token, and what auth was asked.
    visitors: dict[str, int] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)
    maintenance: bool = False

    def _note(self, request: Any, context: Any) -> None:
        self.requests.append(request)
        self.metadata = {key: str(value) for key, value in context.invocation_metadata()}

    async def Register(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        return account_service_pb2.RegisterResponse(user=user_pb2.User(email=request.email))

    async def GetMe(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        return account_service_pb2.GetMeResponse(user=user_pb2.User(id="me"))

    async def GetVisitor(self, request: Any, context: Any) -> Any:
        """Judge by the tables above; a token that is not there has no session."""
        self.visits.append(request.token)
        if request.token == "down":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_DOWN")
        visitor = self.visitors.get(request.token, directory_service_pb2.VISITOR_STRANGER)
        if self.maintenance:
            visitor = directory_service_pb2.VISITOR_UNDER_MAINTENANCE
        return directory_service_pb2.GetVisitorResponse(visitor=visitor)

    async def CreateJob(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        return job_service_pb2.CreateJobResponse(job=request.job)

    async def UpdateJob(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        return job_service_pb2.UpdateJobResponse(job=request.job)

    async def PublishJob(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        return job_service_pb2.PublishJobResponse(job=job_pb2.Job(id=request.job_id))

    async def GetJob(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        await context.abort(grpc.StatusCode.NOT_FOUND, "There is no such job.")

    async def CloseJob(self, request: Any, context: Any) -> Any:
        """Never answers."""
        self._note(request, context)
        await asyncio.Event().wait()

    async def ListJobs(self, request: Any, context: Any) -> Any:
        self._note(request, context)
        return job_service_pb2.ListJobsResponse()

    async def Subscribe(self, request: Any, context: Any) -> Any:
        """One notice, then silence until the test has seen it."""
        self._note(request, context)
        yield _notice("first")
        await self.go_on.wait()
        yield _notice("second")


def _notice(cursor: str) -> Any:
    notice = stream_service_pb2.Notice(cursor=cursor)
    return stream_service_pb2.SubscribeResponse(notice=notice)


@dataclass
class World:
    """Everything a test needs to call the gateway."""

    base: str
    target: str
    http: httpx.AsyncClient
    tokens: Tokens
    backend: Backend
    access_log: Path
    backend_port: int

    def bearer(self, **claims: Any) -> dict[str, str]:
        """The authorization header of a signed-in caller."""
        return {"authorization": f"Bearer {self.tokens.sign(**claims)}"}


async def start_backend(
    backend: Backend, certificates: Certificates, port: int = 0
) -> tuple[grpc.aio.Server, int]:
    """The backend with mTLS, on a free port unless one is named."""
    certificate, key = certificates.issue(*TRUSTED)
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    account_service_pb2_grpc.add_AccountServiceServicer_to_server(backend, server)
    directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server(backend, server)
    job_service_pb2_grpc.add_JobServiceServicer_to_server(backend, server)
    stream_service_pb2_grpc.add_StreamServiceServicer_to_server(backend, server)
    health = health_aio.HealthServicer()
    await health.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    credentials = grpc.ssl_server_credentials(
        [(key, certificate)], root_certificates=certificates.ca, require_client_auth=True
    )
    port = server.add_secure_port(f"127.0.0.1:{port}", credentials)
    await server.start()
    return server, port


def write_files(folder: Path, certificates: Certificates, tokens: Tokens) -> None:
    """What the rendered configuration points to."""
    certificate, key = certificates.issue("gateway")
    (folder / "ca.pem").write_bytes(certificates.ca)
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    (folder / "jwks.json").write_text(tokens.jwks())


def write_config(bootstrap: Path, setup: GatewayTopology) -> None:
    """The bootstrap, and the files that it points to."""
    for name, content in secrets(setup).items():
        (setup.secrets_dir / name).write_text(json.dumps(content))
    bootstrap.write_text(json.dumps(render(setup, descriptors())))


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start_envoy(
    folder: Path, port: int, backend_port: int, limits: Limits, **changes: Any
) -> asyncio.subprocess.Process:
    """Envoy, once it answers; `changes` are those of the topology.

    Raises:
        RuntimeError: when it ends instead; the message is its log.
    """
    services = {name: [("127.0.0.1", backend_port)] for name in SERVICES}
    setup = topology(folder, port=port, services=services, limits=limits, **changes)
    bootstrap = folder / "envoy.json"
    write_config(bootstrap, setup)
    with (folder / "envoy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            str(ENVOY), "-c", str(bootstrap), "--use-dynamic-base-id", "--concurrency", "1",
            "--log-level", "warning", stdout=log, stderr=log,
        )  # fmt: skip
    await until_healthy(process, port, folder / "envoy.log")
    return process


async def until_healthy(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    """Wait until a gateway answers; raise RuntimeError with its log when it ends instead."""
    async with httpx.AsyncClient() as client:
        while process.returncode is None:
            try:
                await client.get(f"http://127.0.0.1:{port}/healthz")
            except httpx.TransportError:
                await asyncio.sleep(0.02)
                continue
            return
    raise RuntimeError(_text(log))


def _text(file: Path) -> str:
    return file.read_text()
