"""The engine "weaviate" against a server that speaks its protocol: WEAVIATE_URL, or a stand-in."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from weaviate.classes.data import DataObject
from weaviate.classes.query import HybridFusion, MetadataQuery
from weaviate.exceptions import WeaviateBaseError

from services.matching.domain.fusion import CLASSIC, MEANING, WORDS
from services.matching.domain.scoring.facts import JobFacts, Language
from services.matching.domain.search.arrays import Floats
from services.matching.domain.search.entry import Entry, Sought, Texts, sought_by_job
from services.matching.domain.search.facets import Facets, Filter
from services.matching.domain.search.search import Request
from services.matching.domain.search.texts import tokens
from services.matching.ports.weaviate import (
    SEARCHED,
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


def row(
    number: int, angle: float, title: str, *skills: str, done: str = "", **facets: Any
) -> tuple[Entry, Texts, Any]:
    vector = direction(angle)
    told = Facets(**{"city": "Lyon", **facets})
    entry = Entry(str(UUID(int=number)), 3, "fr", (title,), skills, {}, vector, told)
    texts = Texts(title, done, " ".join(skills))
    return entry, texts, dict.fromkeys(VECTORS, vector.tolist())


def request(words: str, **told: Any) -> Request:
    sought = Sought("", (), tokens([words]), direction(0), text=words)
    return Request(sought, CLASSIC, **told)


async def test_hybrid_search_is_asked_for_as_stated_and_its_answer_is_read(server: Any) -> None:
    state, collection = server
    await collection.ensure()
    await collection.ensure()
    await collection.put(
        [row(1, 0.0, "Boulanger"), row(2, 0.4, "Soudeur", "TIG"), row(3, 1.2, "Fleuriste")]
    )
    found = await collection.search(request("tig"))
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
    first = await collection.search(request("soudeur", limit=4))
    last = first.hits[-1]
    after = (last.fused.rank, last.entry.id)
    rest = await collection.search(request("soudeur", limit=4, after=after))
    assert [UUID(hit.entry.id).int for hit in (*first.hits, *rest.hits)] == list(range(1, 8))
    await collection.delete([first.hits[0].entry.id])
    assert (await collection.search(request("soudeur"))).total == 6


async def test_the_query_is_the_description_and_the_skills_and_texts_stay_apart(
    server: Any,
) -> None:
    state, collection = server
    await collection.ensure()
    await collection.put([row(1, 0.0, "Soudeuse", "TIG", "Plans", done="Soude des cuves.")])
    job = JobFacts(
        title="Soudeur", description="Souder à l'atelier.", skills=("TIG", "Lecture de plans")
    )
    await collection.search(Request(sought_by_job(job, direction(0)), CLASSIC))
    if state is not None:
        asked = state.searches[0].hybrid_search
        assert asked.query == "Souder à l'atelier. TIG Lecture de plans"
        (kept,) = state.objects[state.searches[0].collection].values()
        texts = [kept["properties"][name] for name in ("jobTitle", "experiences", "skills")]
        assert texts == ["Soudeuse", "Soude des cuves.", "TIG Plans"]
        assert kept["vectors"].keys() == set(VECTORS)


async def test_vectors_of_other_names_do_not_count(server: Any) -> None:
    _, collection = server
    await collection.ensure()
    near, far = row(1, 0.2, "Soudeur"), row(2, 0.9, "Soudeur")
    # By title and skills the second one would be nearer.
    far[2]["title"] = far[2]["skills"] = direction(0).tolist()
    near[2]["title"] = near[2]["skills"] = direction(1.5).tolist()
    await collection.put([near, far])
    found = await collection.search(request("fleuriste"))
    assert [UUID(hit.entry.id).int for hit in found.hits] == [1, 2]


async def test_filters_are_sent_and_leave_what_passes(server: Any) -> None:
    _, collection = server
    await collection.ensure()
    await collection.put(
        [
            row(1, 0.0, "Soudeur", "TIG", languages=(Language("en", "C1"),), contracts=("CDI",)),
            row(2, 0.1, "Soudeur", "TIG", city="Villeurbanne", salary=50_000),
            row(3, 0.2, "Soudeur", "Vernis", city="Paris", groups=frozenset({"candidate"})),
        ]
    )

    async def found(**told: Any) -> set[int]:
        hits = await collection.search(request("soudeur", wanted=Filter(**told)))
        assert hits.total == len(hits.hits)
        return {UUID(hit.entry.id).int for hit in hits.hits}

    assert await found(city="Lyon") == {1}
    assert await found(city="Lyon", radius=20) == {1, 2}
    assert await found(languages=(Language("en", "B2"),)) == {1}
    assert await found(languages=(Language("en", "C2"),)) == set()
    assert await found(contracts=("CDD",)) == {2, 3}
    assert await found(skills=("TIG",)) == {1, 2}
    assert await found(salary_at_most=40_000) == {1, 3}
    assert await found(groups=frozenset({"candidate"})) == {3}


@pytest.mark.parametrize("spoilt", ["words", "target", "size", "texts", "property"])
async def test_the_stand_in_refuses_other_shapes(spoilt: str) -> None:
    async with serving() as (_, url, grpc):
        client = await connect(url, grpc)
        ours = WeaviateCollection(client, "Candidate")
        await ours.ensure()
        there = client.collections.get("Candidate")
        vector = direction(0).tolist()
        asked = {
            "query": "x",
            "vector": vector[:3] if spoilt == "size" else vector,
            "target_vector": "skills" if spoilt == "target" else "experiences",
            "query_properties": ["city"] if spoilt == "words" else list(SEARCHED),
            "fusion_type": HybridFusion.RELATIVE_SCORE,
            "return_metadata": MetadataQuery(score=True, explain_score=True),
        }
        texts = {"jobTitle": "a", "experiences": "b", "skills": "c"}
        try:
            with pytest.raises(WeaviateBaseError):
                if spoilt in ("texts", "property"):
                    told = {"jobTitle": "a b c"} if spoilt == "texts" else {**texts, "other": "d"}
                    await there.data.insert_many([DataObject(properties=told, vector={})])
                else:
                    await there.query.hybrid(**asked)
        finally:
            await client.close()


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
