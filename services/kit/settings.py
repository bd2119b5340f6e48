"""Configuration from the environment.

A service named jobs reads WENEEDS_JOBS_<NAME>, then WENEEDS_<NAME>, then the
default. A missing or malformed value stops the start with its name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.store_tls import is_local

_PREFIX = "WENEEDS_"


class Settings(BaseSettings):
    """What every service needs to know of its surroundings."""

    model_config = SettingsConfigDict(env_prefix="WENEEDS_UNUSED_", extra="ignore", frozen=True)

    # "production" switches stand-ins and server reflection off.
    environment: str = "local"
    host: str = "127.0.0.1"
    port: int = 0
    database_url: str
    # A replica for reads outside a unit of work; the writer when empty.
    reader_url: str = ""
    database_pool: int = 8
    nats_url: str = "nats://127.0.0.1:4222"
    redis_url: str = "redis://127.0.0.1:6379/0"
    # The authority of the stores' certificates, as PEM. With it Postgres, NATS
    # (handshake_first) and Valkey are reached by TLS and no other way; production
    # wants it for every store that is not on its own loopback.
    stores_ca_file: Path | None = None
    # Holds ca.pem, cert.pem and key.pem.
    tls_dir: Path
    # The public keys of user access tokens (RFC 7517).
    jwks_file: Path
    issuer: str = "https://weneeds.fr"
    audience: str = "weneeds-site"
    # The same for the access tokens of staff. Without them methods of staff
    # refuse every token.
    admin_jwks_file: Path | None = None
    admin_issuer: str = ""
    admin_audience: str = ""
    # Service name to host:port.
    addresses: dict[str, str] = {}
    # How long a stopping service answers "not serving" before it closes.
    drain_seconds: float = 3.0
    # How long calls in flight may take after that.
    grace_seconds: float = 10.0
    log_level: str = "INFO"
    # An OTLP/gRPC collector; empty: no traces and metrics leave the process.
    otlp_endpoint: str = ""

    @model_validator(mode="after")
    def _no_plain_text(self) -> Self:
        if self.environment != "production" or self.stores_ca_file is not None:
            return self
        urls = {
            "database_url": self.database_url,
            "reader_url": self.reader_url,
            "nats_url": self.nats_url,
            "redis_url": self.redis_url,
        }
        for name, url in urls.items():
            if url and not is_local(url):
                raise ValueError(f"{name}: production reaches stores by TLS; set stores_ca_file")
        return self

    @classmethod
    def load(cls, service: str, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings of `service`; raise pydantic.ValidationError when they are wrong."""
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for name, field in cls.model_fields.items():
            text = source.get(f"{_PREFIX}{service.upper()}_{name.upper()}")
            if text is None:
                text = source.get(f"{_PREFIX}{name.upper()}")
            if text is not None:
                structured = field.annotation not in (str, int, float, bool, Path, Path | None)
                values[name] = json.loads(text) if structured else text
        return cls(**values)
