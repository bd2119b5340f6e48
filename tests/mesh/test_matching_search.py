"""The search on the mesh's Postgres: each test empties the index and is rolled back."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from services.kit.clock import SystemClock
from services.kit.db import Database, Query
from services.kit.ids import Uuid7Ids
from services.kit.work import UnitOfWork, UnitsOfWork
from services.matching.app.indexing import Indexing
from services.matching.app.ports import KnownJob, KnownProfile
from services.matching.app.stores import ProfileEntry, Search
from services.matching.domain.fusion import CLASSIC, fuse
from services.matching.domain.query import Terms, Vector
from services.matching.domain.scoring import facts
from services.matching.store.index import PostgresIndex

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


def search(words: str, limit: int = 50, alpha: int = 750, after: Any = None) -> Search:
    vector = "[" + ",".join(["1", *["0"] * 511]) + "]"
    return Search(vector, Terms(words, ""), alpha, limit, after)


async def test_sql_fuses_as_the_domain_does(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        await index.put_profiles(
            work,
            [
                entry(1, (1.0, 0.0), title="Boulanger"),
                entry(2, (0.6, 0.8), title="Boulangère", skills=("Pâtisserie",)),
                entry(3, (0.0, 1.0), title="Pâtissière"),
            ],
        )
        for alpha in (0, 250, 750, 1000):
            found, hits = await index.rank_profiles(work, search("patisserie", alpha=alpha))
            assert found.total == 3
            profile = dataclasses.replace(CLASSIC, alpha_permille=alpha)
            for hit in hits:
                fused = fuse(profile, hit.vector, hit.keyword, found.vectors, found.keywords)
                assert fused.rank == hit.rank
            assert [hit.rank for hit in hits] == sorted((hit.rank for hit in hits), reverse=True)
        first = {
            alpha: (await index.rank_profiles(work, search("patisserie", alpha=alpha)))[1][0]
            for alpha in (0, 1000)
        }
        assert first[1000].profile.facts.title == "Boulanger"
        assert first[0].profile.facts.title == "Boulangère"

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
        _, hits = await index.rank_profiles(work, search("boulangerie"))
        counted = {hit.profile.id[-1]: hit.keyword > 0 for hit in hits}
        assert counted == {"1": True, "2": True, "3": True, "4": False}

    await in_empty_index(database, run)


async def test_accents_and_endings_do_not_matter(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        await index.put_profiles(work, [entry(1, (1.0, 0.0), title="Électriciens confirmés")])
        _, hits = await index.rank_profiles(work, search("electricien"))
        assert hits[0].keyword > 0

    await in_empty_index(database, run)


async def test_fifty_of_sixty_and_then_ten(database: Database) -> None:
    async def run(work: UnitOfWork, index: PostgresIndex) -> None:
        await index.put_profiles(
            work, [entry(number, (1.0, 0.0), title="Soudeur") for number in range(60)]
        )
        found, first = await index.rank_profiles(work, search("soudeur", limit=50))
        after = (first[-1].rank, first[-1].profile.id)
        _, rest = await index.rank_profiles(work, search("soudeur", limit=50, after=after))
        assert (found.total, len(first), len(rest)) == (60, 50, 10)
        assert len({hit.profile.id for hit in (*first, *rest)}) == 60
        nothing, none = await index.rank_profiles(work, search("soudeur", after=(-1, after[1])))
        assert (nothing.total, none) == (60, [])

    await in_empty_index(database, run)


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
        assert (touched[0].facts.title, touched[1]) == ("Suivant", untouched[1])

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
            assert ports.encoded == ["Pain Levain", "Levain"]
            await indexing.refresh_jobs([job_id])
            told(2, open=False)
            await indexing.refresh_jobs([job_id])
            assert ports.encoded == ["Pain Levain", "Levain"]
            stored = await index.job(work, job_id)
            assert stored is not None
            assert (stored[0].version, stored[0].open) == (2, False)
            told(3, text="Pain et brioche")
            await indexing.refresh_jobs([job_id])
            assert ports.encoded[2:] == ["Pain et brioche Levain", "Levain"]
            told(2, text="Vieux")
            await indexing.refresh_jobs([job_id])
            stored = await index.job(work, job_id)
            assert stored is not None
            assert (stored[0].version, stored[0].facts.description) == (3, "Pain et brioche")
            raise RolledBack
