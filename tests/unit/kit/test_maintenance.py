"""The maintenance switch: seen within five minutes, looked at once in five."""

from __future__ import annotations

import asyncio

import pytest
from weneeds.auth.v1 import account_service_pb2, admin_service_pb2, directory_service_pb2

from services.kit.call import Call
from services.kit.chain.maintenance import maintenance
from services.kit.contract import Method, methods_of
from services.kit.errors import DependencyDown, UnderMaintenance
from services.kit.maintenance import FRESH_SECONDS, RETRY_SECONDS, Maintenance


class Source:
    """The switch in auth, and how often it was asked."""

    def __init__(self) -> None:
        self.on = False
        self.down = False
        self.asked = 0

    async def is_on(self) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise DependencyDown(dependency="auth")
        return self.on


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def switch(source: Source, time: Time) -> Maintenance:
    return Maintenance(source, time)


async def test_a_turn_is_seen_after_at_most_five_minutes(
    switch: Maintenance, source: Source, time: Time
) -> None:
    assert FRESH_SECONDS == 300
    assert not await switch.is_on()
    source.on = True
    time.now = 299.9
    assert not await switch.is_on()
    time.now = 300.0
    assert await switch.is_on()
    source.on = False
    time.now = 600.0
    assert not await switch.is_on()


async def test_there_is_one_lookup_in_five_minutes_under_load(
    switch: Maintenance, source: Source, time: Time
) -> None:
    for second in range(0, 900, 10):
        time.now = float(second)
        await asyncio.gather(*(switch.is_on() for _ in range(50)))
    assert source.asked == 3


async def test_a_caller_who_gives_up_takes_nothing_from_the_others(
    switch: Maintenance, source: Source
) -> None:
    source.on = True
    calls = [asyncio.create_task(switch.is_on()) for _ in range(3)]
    await asyncio.sleep(0)
    calls[0].cancel()
    assert await asyncio.gather(*calls[1:]) == [True, True]
    assert source.asked == 1


async def test_a_lookup_that_fails_keeps_what_was_known(
    switch: Maintenance, source: Source, time: Time
) -> None:
    source.on = True
    assert await switch.is_on()
    source.on, source.down = False, True
    time.now = FRESH_SECONDS
    assert await switch.is_on()
    assert await switch.is_on()
    assert source.asked == 2
    source.down = False
    time.now += RETRY_SECONDS
    assert not await switch.is_on()


async def test_who_turned_it_knows_at_once(switch: Maintenance, source: Source) -> None:
    assert not await switch.is_on()
    switch.switched(True)
    assert await switch.is_on()
    assert source.asked == 1


def _method(module: object, service: str, name: str) -> Method:
    descriptor = module.DESCRIPTOR.services_by_name[service]  # type: ignore[attr-defined]
    return next(method for method in methods_of(descriptor) if method.name == name)


async def test_users_are_refused_before_anybody_asks_who_they_are(
    switch: Maintenance, source: Source
) -> None:
    source.on = True
    for name in ("GetMe", "Register"):
        method = _method(account_service_pb2, "AccountService", name)
        guard = maintenance(method, switch)
        assert guard is not None
        with pytest.raises(UnderMaintenance):
            pending = guard(Call(method, "id"), method.request())
            assert pending is not None
            await pending
        # What was learnt just now needs no second look.
        with pytest.raises(UnderMaintenance):
            guard(Call(method, "id"), method.request())


@pytest.mark.parametrize(
    ("module", "service", "name"),
    [
        (admin_service_pb2, "MaintenanceService", "GetMaintenance"),
        (admin_service_pb2, "MaintenanceService", "SetMaintenance"),
        (admin_service_pb2, "AdminSessionService", "SignInAdmin"),
        (admin_service_pb2, "AdminSessionService", "RefreshAdmin"),
        (admin_service_pb2, "AdminUserService", "ListUsers"),
        (directory_service_pb2, "DirectoryService", "GetAccess"),
    ],
)
def test_staff_and_the_mesh_go_on(
    switch: Maintenance, module: object, service: str, name: str
) -> None:
    assert maintenance(_method(module, service, name), switch) is None
