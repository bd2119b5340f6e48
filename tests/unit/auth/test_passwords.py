"""The argon2id port."""

from __future__ import annotations

import asyncio
import time

from services.auth.ports.passwords import Argon2Passwords, Cost
from services.kit.errors import RateLimited
from tests.unit.auth.conftest import CHEAP, PASSWORD


async def test_verifies_what_it_hashed_and_nothing_else() -> None:
    passwords = Argon2Passwords(CHEAP)
    encoded = await passwords.hash(PASSWORD)
    assert await passwords.verify(encoded, PASSWORD)
    assert not await passwords.verify(encoded, PASSWORD + "x")
    assert not await passwords.verify(None, PASSWORD)
    assert not await passwords.verify("not a hash", PASSWORD)


async def test_the_decoy_lets_nobody_in() -> None:
    assert not await Argon2Passwords(CHEAP).verify(None, "the password of nobody")


async def test_uses_argon2id_with_the_parameters_of_the_house() -> None:
    encoded = await Argon2Passwords().hash(PASSWORD)
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_each_hash_has_its_own_salt() -> None:
    passwords = Argon2Passwords(CHEAP)
    assert await passwords.hash(PASSWORD) != await passwords.hash(PASSWORD)


async def test_knows_a_hash_of_other_parameters() -> None:
    old = await Argon2Passwords(CHEAP).hash(PASSWORD)
    dearer = Argon2Passwords(Cost(memory_kib=128, passes=1))
    assert dearer.outdated(old)
    assert not dearer.outdated(await dearer.hash(PASSWORD))


async def test_refuses_what_does_not_fit_and_recovers() -> None:
    passwords = Argon2Passwords(CHEAP, threads=1, queue=2)
    answers = await asyncio.gather(
        *(passwords.hash(PASSWORD) for _ in range(5)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, RateLimited)]
    assert [one.retry_after for one in refused] == [1, 1]
    assert await passwords.verify(await passwords.hash(PASSWORD), PASSWORD)


async def test_an_unknown_account_takes_as_long_as_a_known_one() -> None:
    passwords = Argon2Passwords()
    encoded = await passwords.hash(PASSWORD)

    async def fastest(stored: str | None) -> float:
        times = []
        for _ in range(4):
            begin = time.perf_counter()
            await passwords.verify(stored, "wrong")
            times.append(time.perf_counter() - begin)
        return min(times)

    ratio = await fastest(None) / await fastest(encoded)
    assert 0.5 < ratio < 2
