"""What a service is to the kit: a name, its wiring, its migrations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from google.protobuf.descriptor import EnumDescriptor, ServiceDescriptor
from redis.asyncio import Redis

from services.kit.access import AccessCache, AccessSource
from services.kit.chain.policy import PolicyFunction, ScopeResolver
from services.kit.channels import Channels
from services.kit.clock import Clock
from services.kit.consumer import Consumer
from services.kit.db import Database, Reader
from services.kit.ids import Ids
from services.kit.maintenance import Maintenance, MaintenanceSource
from services.kit.settings import Settings
from services.kit.work import UnitsOfWork

S = TypeVar("S", bound=Settings)


@dataclass
class Resources(Generic[S]):
    """What the kit hands to a service's wiring."""

    settings: S
    clock: Clock
    ids: Ids
    database: Database
    reader: Reader
    work: UnitsOfWork
    redis: Redis
    channels: Channels
    # What sessions of users and of staff may do, and the maintenance switch.
    # Filled once the wiring has named its sources.
    access: AccessCache
    admin_access: AccessCache
    maintenance: Maintenance


@dataclass(frozen=True)
class Endpoint:
    """A gRPC service and what answers it."""

    descriptor: ServiceDescriptor
    servicer: Any
    # By name of a method: what is slow and changes nothing, such as a hash. It is done before the
    # unit of work of a request_id opens; the method finds the result with `prepared()`. A
    # repeated call does it once more.
    prepare: Mapping[str, Callable[[Any], Awaitable[Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Periodic:
    """A task that runs every `every_seconds`, on one replica at a time."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Wiring:
    """What a service gives back."""

    endpoints: Sequence[Endpoint]
    # The service's own error_reason enum.
    reasons: Sequence[EnumDescriptor] = ()
    consumers: Sequence[Consumer] = ()
    periodic: Sequence[Periodic] = ()
    scopes: Mapping[int, ScopeResolver] = field(default_factory=dict)
    rules: Mapping[str, PolicyFunction] = field(default_factory=dict)
    # Only auth has these itself; the others ask auth.
    access: AccessSource | None = None
    admin_access: AccessSource | None = None
    maintenance: MaintenanceSource | None = None
    # Runs for as long as the service does.
    background: Sequence[Callable[[], Awaitable[None]]] = ()
    close: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Service:
    """One service of the mesh."""

    name: str
    wire: Callable[[Any], Awaitable[Wiring]]
    migrations: Path
    settings: type[Settings] = Settings
