"""The search on the mesh's Postgres: each test empties the index and is rolled back."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import numpy as np
import pytest

from services.kit.clock import SystemClock
from services.kit.db import Database, Query
from services.kit.ids import Uuid7Ids
from services.kit.work import UnitOfWork, UnitsOfWork
from services.matching.app.indexing import Indexing
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.app.stores import JobEntry, ProfileEntry
from services.matching.domain.fusion import MEANING, WORDS, RankingProfile
from services.matching.domain.query import Vector
from services.matching.domain.scoring import facts
from services.matching.domain.search.entry import Sought
from services.matching.domain.search.facets import CANDIDATE, Filter
from services.matching.domain.search.search import Request
from services.matching.domain.search.texts import tokens
from services.matching.ports.weaviate import WeaviateCollection, connect
from services.matching.store.board import Board
from services.matching.store.index import PostgresIndex
from services.matching.store.mirror import Mirror
from stack.standins.weaviate import serving

pytestmark = pytest.mark.mesh


class RolledBack(Exception):
    """Ends a unit of work without a trace."""


@pytest.fixture
async def database(mesh: Any) -> AsyncIterator[Database]:
    database = await Database.connect(mesh.topology.database_url("matching"))
    yield database
    await database.close()


async def in_empty_index(
    database: Database, run: Callable[[UnitOfWork, PostgresIndex], Awaitable[None]]
) -> None:
    clock = SystemClock()
    with pytest.raises(RolledBack):
        async with UnitsOfWork(database, clock, Uuid7Ids(clock))() as work:
            await work.execute(Query.text("delete from indexed_profiles"))
            await run(work, PostgresIndex())
            raise RolledBack


class TwoPorts:
    """The jobs service and the encoder, as the test wants them; counts what is encoded."""

    def __init__(self) -> None:
        self.told: dict[str, KnownJob] = {}
        self.encoded: list[str] = []

    async def jobs(self, ids: Sequence[str]) -> list[KnownJob]:
        return [self.told[key] for key in ids if key in self.told]

    async def profiles(self, ids: Sequence[str]) -> list[KnownProfile]:
        return []

    async def company_of(self, job_id: str) -> str | None:
        return None

    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        self.encoded += texts
        return [[1.0, *[0.0] * 511] for _ in texts]


def entry(number: int, angle: tuple[float, float], **told: Any) -> ProfileEntry:
    profile = KnownProfile(
        id=f"00000000-0000-7000-8000-{number:012d}",
        version=told.pop("version", 1),
        city=told.pop("city", ""),
        facts=facts.ProfileFacts(**told),
    )
    return ProfileEntry("hash", "", [*angle, *[0.0] * 510], profile)


def request(
    words: str,
    limit: int = 50,
    alpha: int = 750,
    after: Any = None,
    groups: frozenset[str] = frozenset({CANDIDATE}),
) -> Request:
    profile = RankingProfile("test", 1, ((MEANING, alpha), (WORDS, 1000 - alpha)))
    vector = np.asarray([1.0, *[0.0] * 511], np.float32)
    wanted = Filter(groups=groups)
    return Request(
        Sought("", (), tokens([words]), vector, text=words),
        profile,
        {},
        wanted,
        limit=limit,
        after=after,
    )


def board() -> Board:
    return Board(PostgresIndex(), SystemClock())


async def test_meaning_and_words_are_weighed(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        await index.put_profiles(
            work,
            [
                entry(1, (1.0, 0.0), title="Boulanger"),
                entry(2, (0.6, 0.8), title="Boulangère", skills=("Pâtisserie",)),
                entry(3, (0.0, 1.0), title="Pâtissière"),
            ],
        )
        found = await board().profiles(work, request("patisserie"))
        assert found.total == 3
        # 1.0, 0.6 and 0.0 lie at 1, 0.6 and 0 of the way; only the skill is the word itself.
        meanings = {hit.entry.id[-1]: hit.fused.value(MEANING) for hit in found.hits}
        assert meanings == {"1": 1_000_000, "2": 600_000, "3": 0}
        first = {
            alpha: (await board().profiles(work, request("patisserie", alpha=alpha))).hits[0]
            for alpha in (0, 1000)
        }
        assert (first[1000].entry.id[-1], first[0].entry.id[-1]) == ("1", "2")

    await in_empty_index(database, run)


async def test_words_count_in_title_skills_and_experiences_alone(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        held = (facts.Experience("Poste", description="Boulangerie"),)
        await index.put_profiles(
            work,
            [
                entry(1, (1.0, 0.0), title="Boulangerie"),
                entry(2, (1.0, 0.0), title="Autre", skills=("Boulangerie",)),
                entry(3, (1.0, 0.0), title="Autre", experiences=held),
                entry(4, (1.0, 0.0), title="Autre", city="Boulangerie"),
            ],
        )
        found = await board().profiles(work, request("boulangerie"))
        counted = {hit.entry.id[-1]: hit.fused.value(WORDS) > 0 for hit in found.hits}
        assert counted == {"1": True, "2": True, "3": True, "4": False}

    await in_empty_index(database, run)


async def test_accents_and_endings_do_not_matter(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        await index.put_profiles(work, [entry(1, (1.0, 0.0), title="Électriciens confirmés")])
        found = await board().profiles(work, request("electricien"))
        assert found.hits[0].fused.value(WORDS) > 0

    await in_empty_index(database, run)


async def test_fifty_of_sixty_and_then_ten(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        await index.put_profiles(
            work, [entry(number, (1.0, 0.0), title="Soudeur") for number in range(60)]
        )
        engine = board()
        first = await engine.profiles(work, request("soudeur", limit=50))
        after = (first.hits[-1].fused.rank, first.hits[-1].entry.id)
        rest = await engine.profiles(work, request("soudeur", limit=50, after=after))
        assert (first.total, len(first.hits), len(rest.hits)) == (60, 50, 10)
        assert len({hit.entry.id for hit in (*first.hits, *rest.hits)}) == 60
        none = await engine.profiles(work, request("soudeur", after=(-1, after[1])))
        assert (none.total, none.hits) == (60, [])

    await in_empty_index(database, run)


async def test_the_board_follows_its_tables(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        engine = board()
        assert (await engine.profiles(work, request("soudeur"))).total == 0
        await index.put_profiles(work, [entry(1, (1.0, 0.0), title="Soudeur")])
        assert (await engine.profiles(work, request("soudeur"))).total == 1
        await index.put_profiles(work, [entry(1, (1.0, 0.0), title="Fleuriste", version=2)])
        found = await engine.profiles(work, request("soudeur"))
        assert (found.total, found.hits[0].fused.value(WORDS)) == (1, 0)
        await index.erase_profile(work, entry(1, (1.0, 0.0)).profile.id)
        assert (await engine.profiles(work, request("soudeur"))).total == 0

    await in_empty_index(database, run)


async def test_a_search_server_follows_the_tables_too(database: Database) -> None:
    """Against the stand-in: what is written, changed and erased reaches the server."""

    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        async with serving() as (_, url, grpc):
            client = await connect(url, grpc)
            engine = Mirror(
                index,
                SystemClock(),
                WeaviateCollection(client, "Candidate"),
                WeaviateCollection(client, "Job"),
            )
            asked = request("soudeur")
            await index.put_profiles(
                work,
                [
                    entry(1, (1.0, 0.0), title="Fleuriste"),
                    entry(2, (0.9, 0.4), title="Soudeur"),
                    entry(3, (0.0, 1.0), title="Autre"),
                ],
            )
            found = await engine.profiles(work, asked)
            assert [hit.entry.id[-1] for hit in found.hits] == ["2", "1", "3"]
            await index.put_profiles(work, [entry(2, (0.0, 1.0), title="Autre", version=2)])
            found = await engine.profiles(work, asked)
            assert [hit.entry.version for hit in found.hits if hit.entry.id[-1] == "2"] == [2]
            assert found.hits[0].entry.id[-1] == "1"
            await index.erase_profile(work, entry(2, (1.0, 0.0)).profile.id)
            assert (await engine.profiles(work, asked)).total == 2
            await client.close()

    await in_empty_index(database, run)


async def test_what_a_slow_transaction_wrote_is_found_once_it_commits(database: Database) -> None:
    """A row may be written before, and committed after, rows that were read already."""
    clock = SystemClock()
    units, engine = UnitsOfWork(database, clock, Uuid7Ids(clock)), board()
    index, company = PostgresIndex(), Uuid7Ids(clock).new()
    slow, fast = (Uuid7Ids(clock).new() for _ in range(2))

    def job(key: str) -> JobEntry:
        known = KnownJob(key, 1, company, True, "", facts.JobFacts("Soudeur"))
        return JobEntry("hash", "", [1.0, *[0.0] * 511], known)

    seen = []
    ours = request("soudeur", groups=frozenset({company}))
    written, committed = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        async with units() as work:
            await index.put_jobs(work, [job(slow)])
            written.set()
            await committed.wait()

    task = asyncio.create_task(slowly())
    await written.wait()
    async with units() as work:
        await index.put_jobs(work, [job(fast)])
    async with units() as work:
        seen.append((await engine.jobs(work, ours)).total)
    committed.set()
    await task
    async with units() as work:
        seen.append((await engine.jobs(work, ours)).total)
        await work.execute(
            Query.text("delete from indexed_jobs where company_id = :company"), company=company
        )
    assert seen == [1, 2]


async def test_an_older_version_changes_nothing(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        key = entry(1, (1.0, 0.0)).profile.id
        await index.put_profiles(work, [entry(1, (1.0, 0.0), title="Neuf", version=5)])
        await index.put_profiles(work, [entry(1, (0.0, 1.0), title="Vieux", version=4)])
        untouched = await index.profile(work, key)
        assert untouched is not None
        assert (untouched[0].version, untouched[0].facts.title) == (5, "Neuf")
        later = dataclasses.replace(entry(1, (0, 0), title="Suivant", version=6), vector=None)
        await index.put_profiles(work, [later])
        touched = await index.profile(work, key)
        assert touched is not None
        assert touched[0].facts.title == "Suivant"
        assert list(touched[1]) == list(untouched[1])

    await in_empty_index(database, run)


async def test_only_new_text_is_encoded_and_only_newer_facts_are_written(
    database: Database,
) -> None:
    clock = SystemClock()
    units, ports, index = UnitsOfWork(database, clock, Uuid7Ids(clock)), TwoPorts(), PostgresIndex()
    indexing = Indexing(units, index, ports, ports)
    ids = Uuid7Ids(clock)
    job_id, company_id = ids.new(), ids.new()

    def told(version: int, *, open: bool = True, text: str = "Pain") -> None:  # noqa: A002
        job = facts.JobFacts("Boulanger", text, ("Levain",))
        ports.told[job_id] = KnownJob(job_id, version, company_id, open, "", job)

    with pytest.raises(RolledBack):
        async with units() as work:
            told(1)
            await indexing.refresh_jobs([job_id, job_id, ids.new()])
            assert ports.encoded == ["Pain Levain", "Levain", "Boulanger", "Levain"]
            await indexing.refresh_jobs([job_id])
            told(2, open=False)
            await indexing.refresh_jobs([job_id])
            assert ports.encoded == ["Pain Levain", "Levain", "Boulanger", "Levain"]
            stored = await index.job(work, job_id)
            assert stored is not None
            assert (stored[0].version, stored[0].open) == (2, False)
            told(3, text="Pain et brioche")
            await indexing.refresh_jobs([job_id])
            assert ports.encoded[4:] == ["Pain et brioche Levain", "Levain"]
            told(2, text="Vieux")
            await indexing.refresh_jobs([job_id])
            stored = await index.job(work, job_id)
            assert stored is not None
            assert (stored[0].version, stored[0].facts.description) == (3, "Pain et brioche")
            raise RolledBack
