"""Every port, address and credential of a mesh on one machine."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from stack import ports
from stack.paths import write_private
from stack.ports import PortTaken

HOST = "127.0.0.1"
PUBLIC_PORT = 8080
SERVICES = ("auth", "jobs", "matching", "payment", "messaging")
STORES = ("postgres", "nats", "valkey")
ISSUER = "https://auth.weneeds.internal"
AUDIENCE = "weneeds-site"
ADMIN_ISSUER = "https://staff.weneeds.internal"
ADMIN_AUDIENCE = "weneeds-admin"
DATABASE = "weneeds"
ADMIN_ROLE = "postgres"

# What listens apart from the public gateway.
_PRIVATE = (*STORES, "nats-monitor", "gateway-admin", "portal", "smtp", "stripe", *SERVICES)
_SECRETS = (ADMIN_ROLE, "nats", "valkey", "stripe-webhook", *SERVICES)


@dataclass(frozen=True)
class Topology:
    """One mesh: its folder, its ports, its passwords; kept in `<state>/topology.json`."""

    state: Path
    public_port: int
    ports: Mapping[str, int]
    passwords: Mapping[str, str]

    @classmethod
    def create(cls, state: Path, public_port: int | None = None) -> Topology:
        """The topology remembered in `state`, or a new one on free ports.

        `public_port` 0 takes any free port; None keeps the remembered one, else 8080.
        """
        state = state.absolute()
        known = _read(state)
        private: dict[str, int] = dict(known.get("ports", {}))
        for name in _PRIVATE:
            private.setdefault(name, ports.choose(avoid=private.values()))
        passwords: dict[str, str] = dict(known.get("passwords", {}))
        for name in _SECRETS:
            passwords.setdefault(name, secrets.token_urlsafe(24))
        public = known.get("public_port", PUBLIC_PORT) if public_port is None else public_port
        topology = cls(state, public or ports.choose(private.values()), private, passwords)
        topology.save()
        return topology

    @classmethod
    def load(cls, state: Path) -> Topology | None:
        """The topology remembered in `state`; None before the first start."""
        state = state.absolute()
        known = _read(state)
        if not known:
            return None
        return cls(state, known["public_port"], known["ports"], known["passwords"])

    def save(self) -> None:
        """Remember this topology in its state folder."""
        self.state.mkdir(parents=True, exist_ok=True)
        kept = {
            "public_port": self.public_port,
            "ports": dict(self.ports),
            "passwords": dict(self.passwords),
        }
        write_private(self._file, json.dumps(kept, indent=2) + "\n")

    def on_free_ports(self) -> Topology:
        """The same mesh with every taken private port replaced by a free one.

        Raises PortTaken for the public port: someone has to decide about that one.
        """
        if not ports.is_free(self.public_port):
            mend = "choose another one: `make up PORT=8090` or `weneeds up --port 8090`"
            raise PortTaken(self.public_port, "the public gateway", mend)
        moved = dict(self.ports)
        for name, port in self.ports.items():
            if not ports.is_free(port):
                moved[name] = ports.choose(avoid=[*moved.values(), self.public_port])
        if moved == self.ports:
            return self
        topology = replace(self, ports=moved)
        topology.save()
        return topology

    @property
    def _file(self) -> Path:
        return self.state / "topology.json"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def mailbox(self) -> Path:
        """Where the local SMTP stand-in keeps mails, one .eml each."""
        return self.state / "mailbox"

    @property
    def stripe(self) -> Path:
        """Where the stand-in of the card processor keeps its objects."""
        return self.state / "stripe" / "objects.sqlite"

    @property
    def stripe_webhook(self) -> str:
        """Where the card processor tells what happened."""
        return f"http://{self.gateway}/api/v1/payments/webhooks/stripe"

    @property
    def gate(self) -> Path:
        """Exists while the stores serve the newest schema; services wait for it."""
        return self.state / "stores-ready"

    @property
    def signing_keys(self) -> Path:
        return self.state / "keys" / "site"

    @property
    def jwks(self) -> Path:
        return self.state / "keys" / "jwks.json"

    @property
    def admin_signing_keys(self) -> Path:
        """What signs the tokens of staff."""
        return self.state / "keys" / "admin"

    @property
    def admin_jwks(self) -> Path:
        return self.state / "keys" / "admin_jwks.json"

    @property
    def refresh_secret(self) -> Path:
        """What seals refresh tokens."""
        return self.state / "keys" / "refresh.secret"

    @property
    def factor_secret(self) -> Path:
        """What seals the secrets of second factors."""
        return self.state / "keys" / "factor.secret"

    @property
    def receipt_keys(self) -> Path:
        """What signs the receipts of scores."""
        return self.state / "keys" / "receipts"

    @property
    def receipt_jwks(self) -> Path:
        return self.state / "keys" / "receipt_jwks.json"

    def tls(self, name: str) -> Path:
        """The folder with ca.pem, cert.pem and key.pem of a service or of "gateway"."""
        return self.state / "tls" / name

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    @property
    def gateway(self) -> str:
        """Where clients reach the mesh, as host:port."""
        return f"{HOST}:{self.public_port}"

    def address(self, name: str) -> str:
        """host:port of a store, a service or another private program."""
        return f"{HOST}:{self.ports[name]}"

    @property
    def service_addresses(self) -> dict[str, str]:
        return {name: self.address(name) for name in SERVICES}

    @property
    def admin_url(self) -> str:
        """The database as its superuser: for migrations only."""
        return self._database_url(ADMIN_ROLE, ADMIN_ROLE)

    def database_url(self, service: str) -> str:
        """The database as the service's own role."""
        return self._database_url(f"weneeds_{service}", service)

    def _database_url(self, role: str, secret: str) -> str:
        password = self.passwords[secret]
        return f"postgresql://{role}:{password}@{self.address('postgres')}/{DATABASE}"

    @property
    def nats_url(self) -> str:
        return f"nats://weneeds:{self.passwords['nats']}@{self.address('nats')}"

    @property
    def redis_url(self) -> str:
        return f"redis://:{self.passwords['valkey']}@{self.address('valkey')}/0"

    @cached_property
    def role_passwords(self) -> dict[str, str]:
        """The password of each service's database role, by service."""
        return {service: self.passwords[service] for service in SERVICES}

    def environment(self) -> dict[str, str]:
        """The settings of every service, as `python -m services.run` reads them."""
        shared = {
            "WENEEDS_ENVIRONMENT": "local",
            "WENEEDS_HOST": HOST,
            # The gateway stops before the services do: nobody has to be told that they go.
            "WENEEDS_DRAIN_SECONDS": "0.3",
            "WENEEDS_NATS_URL": self.nats_url,
            "WENEEDS_REDIS_URL": self.redis_url,
            "WENEEDS_JWKS_FILE": str(self.jwks),
            "WENEEDS_ISSUER": ISSUER,
            "WENEEDS_AUDIENCE": AUDIENCE,
            "WENEEDS_ADMIN_JWKS_FILE": str(self.admin_jwks),
            "WENEEDS_ADMIN_ISSUER": ADMIN_ISSUER,
            "WENEEDS_ADMIN_AUDIENCE": ADMIN_AUDIENCE,
            "WENEEDS_ADDRESSES": json.dumps(self.service_addresses),
            "WENEEDS_AUTH_SIGNING_KEYS_DIR": str(self.signing_keys),
            "WENEEDS_AUTH_REFRESH_SECRET_FILE": str(self.refresh_secret),
            # Browsers want passkeys bound to a name, not to an address.
            "WENEEDS_AUTH_PASSKEY_ORIGINS": json.dumps([f"http://localhost:{self.public_port}"]),
            "WENEEDS_AUTH_ADMIN_SIGNING_KEYS_DIR": str(self.admin_signing_keys),
            "WENEEDS_AUTH_FACTOR_SECRET_FILE": str(self.factor_secret),
            "WENEEDS_AUTH_SITE_URL": f"http://localhost:{self.public_port}",
            "WENEEDS_MATCHING_RECEIPT_KEYS_DIR": str(self.receipt_keys),
            "WENEEDS_MESSAGING_SMTP_HOST": HOST,
            "WENEEDS_MESSAGING_SMTP_PORT": str(self.ports["smtp"]),
            "WENEEDS_PAYMENT_SITE_URL": f"http://localhost:{self.public_port}",
            **self._stripe_settings(),
        }
        return shared | {
            key: value for service in SERVICES for key, value in self._settings_of(service).items()
        }

    def _stripe_settings(self) -> dict[str, str]:
        """The stand-in; the real one where STRIPE_API_KEY is set."""
        prefix = "WENEEDS_PAYMENT_STRIPE"
        if key := os.environ.get("STRIPE_API_KEY"):
            secret = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
            return {f"{prefix}_API_KEY": key, f"{prefix}_WEBHOOK_SECRET": secret}
        return {
            f"{prefix}_API_BASE": f"http://{self.address('stripe')}",
            f"{prefix}_API_KEY": "sk_test_standin",
            f"{prefix}_WEBHOOK_SECRET": self.passwords["stripe-webhook"],
        }

    def _settings_of(self, service: str) -> dict[str, str]:
        prefix = f"WENEEDS_{service.upper()}"
        return {
            f"{prefix}_PORT": str(self.ports[service]),
            f"{prefix}_DATABASE_URL": self.database_url(service),
            f"{prefix}_TLS_DIR": str(self.tls(service)),
        }


def _read(state: Path) -> dict[str, Any]:
    file = state / "topology.json"
    if not file.exists():
        return {}
    known: dict[str, Any] = json.loads(file.read_text())
    return known
