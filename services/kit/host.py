"""Runs services: one a process, or several together on one machine."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from services.kit import logs, telemetry
from services.kit.access import Access, AccessCache, RemoteAccess, RemoteAdminAccess
from services.kit.background import end
from services.kit.bus import Bus
from services.kit.channels import Channels
from services.kit.clock import SystemClock
from services.kit.consumer import ConsumerLoop
from services.kit.db import Database
from services.kit.errors import DependencyDown
from services.kit.health import NATS, POSTGRES, VALKEY, Look, StoreHealth
from services.kit.housekeeping import housekeeping, run_periodic
from services.kit.ids import Uuid7Ids
from services.kit.maintenance import Maintenance, RemoteMaintenance
from services.kit.outbox import Relay
from services.kit.redis import connect
from services.kit.server import Server
from services.kit.service import Resources, Service, Wiring
from services.kit.settings import Settings
from services.kit.store_tls import trusting
from services.kit.work import UnitsOfWork

log = logging.getLogger(__name__)


class RunningService:
    """A service with everything that runs for it."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service = service
        self._settings = settings
        self._tls = trusting(settings.stores_ca_file)
        self._tasks: list[asyncio.Task[None]] = []
        self._bus: Bus | None = None
        self._bus_opened = asyncio.Event()

    async def start(self) -> None:
        """Wire, check the contract, and serve. Raises BrokenContract and RuntimeError."""
        settings = self._settings
        clock = SystemClock()
        ids = Uuid7Ids(clock)
        database = await Database.connect(
            settings.database_url, settings.reader_url, settings.database_pool, self._tls
        )
        self._kit = Resources(
            settings=settings,
            clock=clock,
            ids=ids,
            database=database,
            reader=database.reader,
            work=UnitsOfWork(database, clock, ids),
            redis=connect(settings.redis_url, settings.stores_ca_file),
            channels=Channels(settings.addresses, settings.tls_dir),
            access=AccessCache(_Unwired()),
            admin_access=AccessCache(_Unwired()),
            maintenance=Maintenance(_Unwired()),
        )
        self._wiring = await self._service.wire(self._kit)
        self._name_sources()
        self._server = Server(self._kit, self._wiring, self._service.name)
        await self._server.start()
        self._spawn(self._store_health().run, "health")
        self._spawn(self._with_bus, "bus")
        for periodic in (*self._wiring.periodic, housekeeping(database)):
            self._spawn(partial(run_periodic, periodic, database), periodic.name)
        for background in self._wiring.background:
            self._spawn(background, "background")
        log.info("serving", extra={"service": self._service.name, "port": self._server.port})

    def _name_sources(self) -> None:
        kit, wiring = self._kit, self._wiring
        kit.access.source = wiring.access or RemoteAccess(kit.channels.to("auth"))
        kit.admin_access.source = wiring.admin_access or RemoteAdminAccess(kit.channels.to("auth"))
        kit.maintenance.source = wiring.maintenance or RemoteMaintenance(kit.channels.to("auth"))

    def _store_health(self) -> StoreHealth:
        looks: dict[str, Look] = {
            POSTGRES: self._kit.database.ping,
            VALKEY: self._ping_valkey,
            NATS: self._ping_nats,
        }
        return StoreHealth(looks, lambda name, up: self._server.set_serving(up, name))

    async def _ping_valkey(self) -> None:
        await self._kit.redis.ping()

    async def _ping_nats(self) -> None:
        await self._bus_opened.wait()
        if self._bus is None or not self._bus.client.is_connected:
            raise DependencyDown(dependency=NATS)

    async def _with_bus(self) -> None:
        self._bus = await Bus.connect(self._settings.nats_url, self._service.name, self._tls)
        self._bus_opened.set()
        relay = Relay(self._kit.database, self._bus, self._kit.clock)
        self._kit.work.wake = relay.wake
        self._spawn(relay.run, "relay")
        for consumer in self._wiring.consumers:
            self._spawn(ConsumerLoop(consumer, self._bus, self._kit.work).run, consumer.name)

    def _spawn(self, run: Callable[[], Awaitable[None]], name: str) -> None:
        async def guarded() -> None:
            try:
                await run()
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("Background task failed", extra={"task": name})

        self._tasks.append(asyncio.create_task(guarded(), name=f"{self._service.name}:{name}"))

    async def stop(self) -> None:
        """Drain, then end everything."""
        await self._server.drain()
        await end(self._tasks)
        if self._wiring.close is not None:
            await self._wiring.close()
        if self._bus is not None:
            with contextlib.suppress(Exception):
                await self._bus.close()
        await self._kit.channels.close()
        await self._kit.redis.aclose()
        await self._kit.database.close()


class _Unwired:
    async def access(self, user_id: str, session_id: str) -> Access:
        raise RuntimeError("the wiring has not named its access source yet")

    async def is_on(self) -> bool:
        raise RuntimeError("the wiring has not named its maintenance source yet")


def run(services: Sequence[Service]) -> None:
    """Run `services` until SIGTERM or SIGINT."""
    asyncio.run(serve(services))


async def serve(services: Sequence[Service], stop: asyncio.Event | None = None) -> None:
    """Run `services` until `stop` is set or a signal comes."""
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = [RunningService(s, s.settings.load(s.name)) for s in services]
    first = running[0]._settings
    logs.configure(first.log_level)
    telemetry.configure("+".join(s.name for s in services), first.otlp_endpoint)
    await asyncio.gather(*(service.start() for service in running))
    # What lives now lives for good: collections need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    await stop.wait()
    await asyncio.gather(*(service.stop() for service in running))


__all__ = ["RunningService", "Wiring", "run", "serve"]
