"""Where the gateway listens, what stands behind it and what it tolerates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request and of one client. Times in seconds, sizes in bytes."""

    body_bytes: int = 1024 * 1024
    response_bytes: int = 8 * 1024 * 1024
    header_kib: int = 32
    unary_timeout: float = 15.0
    stream_idle_timeout: float = 60.0
    # A token bucket for each client address.
    requests_per_second: int = 200
    request_burst: int = 400
    tracked_addresses: int = 10_000
    connections: int = 10_000
    # Calls in flight to one service before the gateway answers 503 by itself.
    pending_per_service: int = 1024
    # The list of JSON keys that goes along with a call, as gRPC metadata. gRPC
    # servers drop calls at random above 8 KiB of metadata, so this stays below.
    json_paths: int = 400
    json_path_bytes: int = 6 * 1024
    json_depth: int = 32
    # Values and escapes in one JSON body: bounds the time that reading it takes.
    json_steps: int = 50_000


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Who signs one kind of access token, and the public keys as a JWKS file."""

    issuer: str
    audience: str
    jwks_file: Path


@dataclass(frozen=True, slots=True)
class Pages:
    """The site's pages: who serves the HTML, and what anybody may see.

    A prefix is a path with what stands below it: "/login" and "/login/x", not "/loginx".
    """

    upstreams: Sequence[Address]
    # Without signing in. The last three are where mails lead.
    public: Sequence[str] = (
        "/login",
        "/register",
        "/coming-soon",
        "/verify-email",
        "/reset-password",
        "/invitation",
    )
    # Files that pages are made of: served always, nobody is asked about them.
    files: Sequence[str] = ("/assets", "/favicon.ico", "/robots.txt")


@dataclass(frozen=True, slots=True)
class GatewayTopology:
    """One gateway and its surroundings; everything that the contract cannot know.

    `services` maps a service's name to the addresses of its replicas. `tls_dir` holds ca.pem,
    cert.pem and key.pem of the identity "gateway"; `secrets_dir` is where the caller puts the
    files of `render.secrets`. `access_log` is a file, stdout when None.
    `trusted_hops` counts the proxies in front that append to x-forwarded-for; with 0 the peer's
    address is the client's and what a client says about itself is dropped.
    """

    host: str
    port: int
    services: Mapping[str, Sequence[Address]]
    tls_dir: Path
    secrets_dir: Path
    jwks_file: Path
    issuer: str
    audience: str
    cors_origins: Sequence[str] = ()
    admin_port: int | None = None
    portal: Address | None = None
    # None: the gateway serves the API alone.
    pages: Pages | None = None
    access_log: Path | None = None
    otlp: Address | None = None
    trace_percent: float = 100.0
    admin_tokens: TokenIssuer | None = None
    trusted_hops: int = 0
    trust_domain: str = "weneeds"
    limits: Limits = field(default_factory=Limits)

    @property
    def site_tokens(self) -> TokenIssuer:
        """The issuer of the tokens of candidates and recruiters."""
        return TokenIssuer(self.issuer, self.audience, self.jwks_file)
