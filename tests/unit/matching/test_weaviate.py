"""The engine "weaviate" against a server that speaks its protocol: WEAVIATE_URL, or a stand-in."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from services.matching.domain.fusion import CLASSIC, MEANING, WORDS
from services.matching.domain.scoring.facts import Language
from services.matching.domain.search.arrays import Floats
from services.matching.domain.search.entry import Entry, Sought
from services.matching.domain.search.facets import Facets, Filter
from services.matching.domain.search.search import Request
from services.matching.domain.search.texts import tokens
from services.matching.ports.weaviate import (
    VECTORS,
    WeaviateCollection,
    conditions,
    connect,
    explained,
)
from stack.standins.weaviate import Weaviate, serving


@pytest.fixture
async def server() -> AsyncIterator[tuple[Weaviate | None, WeaviateCollection]]:
    """A real server where its address is set."""
    name = f"Candidate{uuid4().hex[:8]}"
    if url := os.environ.get("WEAVIATE_URL"):
        client = await connect(url, os.environ["WEAVIATE_GRPC_URL"])
        yield None, WeaviateCollection(client, name)
        await client.collections.delete(name)
        await client.close()
        return
    async with serving() as (state, url, grpc):
        client = await connect(url, grpc)
        yield state, WeaviateCollection(client, name)
        await client.close()


def direction(angle: float) -> Floats:
    vector = np.zeros(512, np.float32)
    vector[0], vector[1] = np.cos(angle), np.sin(angle)
    return vector


def row(number: int, angle: float, title: str, *skills: str) -> tuple[Entry, str, Any]:
    vector = direction(angle)
    entry = Entry(str(UUID(int=number)), 3, "fr", (title,), skills, {}, vector, Facets(city="Lyon"))
    return entry, f"{title}.", dict.fromkeys(VECTORS, vector.tolist())


def request(words: str, **told: Any) -> Request:
    sought = Sought("", (), tokens([words]), direction(0))
    return Request(sought, CLASSIC, **told)


async def test_hybrid_search_is_asked_for_as_stated_and_its_answer_is_read(server: Any) -> None:
    state, collection = server
    await collection.ensure()
    await collection.ensure()
    await collection.put(
        [row(1, 0.0, "Boulanger"), row(2, 0.4, "Soudeur", "TIG"), row(3, 1.2, "Fleuriste")]
    )
    found = await collection.search(request("tig"), "tig")
    assert found.total == 3
    assert [UUID(hit.entry.id).int for hit in found.hits] == [2, 1, 3]
    assert found.hits[0].entry.version == 3
    best = found.hits[0].fused
    assert best.value(WORDS) == 1_000_000
    assert 0 < best.value(MEANING) < 1_000_000
    assert best.rank == pytest.approx(
        sum(part.value * part.weight for part in best.parts) // 1000, abs=2
    )
    if state is not None:
        asked = state.searches[0].hybrid_search
        assert asked.query == "tig"
        assert list(asked.properties) == ["jobTitle", "experiences", "skills"]
        assert list(asked.targets.target_vectors) == ["experiences"]
        assert pytest.approx(0.75) == (asked.alpha_param if asked.use_alpha_param else asked.alpha)
        assert state.searches[0].limit == 50


async def test_pages_join_and_objects_go(server: Any) -> None:
    _, collection = server
    await collection.ensure()
    await collection.put([row(number, number / 10, "Soudeur") for number in range(1, 8)])
    first = await collection.search(request("soudeur", limit=4), "soudeur")
    last = first.hits[-1]
    after = (last.fused.rank, last.entry.id)
    rest = await collection.search(request("soudeur", limit=4, after=after), "soudeur")
    assert [UUID(hit.entry.id).int for hit in (*first.hits, *rest.hits)] == list(range(1, 8))
    await collection.delete([first.hits[0].entry.id])
    assert (await collection.search(request("soudeur"), "soudeur")).total == 6


def test_the_parts_are_read_from_an_explanation() -> None:
    told = (
        "\nHybrid (Result Set keyword,bm25) Document 1: original score 0.55, normalized score: 0.25"
        " - \nHybrid (Result Set vector,hybridVector) Document 1: original score 0.9,"
        " normalized score: 0.375"
    )
    weights = {MEANING: 750, WORDS: 250}
    assert explained(told, weights) == {MEANING: 500_000, WORDS: 1_000_000}
    assert explained("", weights) == {}


def test_filters_become_conditions() -> None:
    assert conditions(Filter()) is None
    wanted = Filter(
        city="Lyon",
        radius=20,
        contracts=("CDI",),
        languages=(Language("en", "B2"),),
        skills=("Tests automatisés",),
        salary_at_most=40_000,
        groups=frozenset({"candidate"}),
    )
    found = leaves(conditions(wanted))
    assert found["languages"] == ["en:4"]
    assert found["contracts"] == ["CDI"]
    assert found["salary"] == 40_000
    assert found["groups"] == ["candidate"]
    assert found["city"] == "lyon"
    assert found["place"].distance == 20_000
    assert len(found["skillConcepts"]) == 1


def leaves(where: Any) -> dict[str, Any]:
    """The values of a condition by property."""
    if hasattr(where, "filters"):
        return {name: value for part in where.filters for name, value in leaves(part).items()}
    return {where.target: where.value}
