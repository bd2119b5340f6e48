"""The engine "weaviate": hybrid search by a Weaviate server, through its own client.

Serves the profile "classic" as Weaviate computes it: `hybrid` with relative score fusion, alpha of
the profile, target vector `experiences`, words in jobTitle, experiences and skills alone. Vectors
are ours; the query's is moved towards its skills before it is sent (force 1.0), which is what a
server with a vectorizer of its own does for `move_to`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import weaviate
from weaviate.classes.config import Configure, DataType, Property, Tokenization
from weaviate.classes.data import DataObject, GeoCoordinate
from weaviate.classes.query import Filter as Where
from weaviate.classes.query import HybridFusion, MetadataQuery

from services.matching.domain.fusion import MEANING, MILLION, WORDS, Fused, Part, shares
from services.matching.domain.scoring.concepts import skill_of
from services.matching.domain.scoring.facts import CONTRACTS
from services.matching.domain.scoring.text import fold
from services.matching.domain.search.entry import Entry, Texts
from services.matching.domain.search.facets import Facets, Filter, level_number
from services.matching.domain.search.places import place_of
from services.matching.domain.search.search import Hit, Request, Result

VECTORS = ("title", "experiences", "skills")
SEARCHED = ("jobTitle", "experiences", "skills")
_DEEPEST = 1000
"""Weaviate has no keyset for hybrid search: pages are cut from this many hits."""
_METRES = 1000
_NO_VECTOR = np.zeros(0, np.float32)
_TEXTS = ("city", "contracts", "languages", "groups", "skillConcepts")
_WHOLES = ("salary", "available", "entryVersion")
_NORMALISED = re.compile(r"Result Set (\w+),.*?normalized score: ([0-9.eE+-]+)", re.DOTALL)


class WeaviateCollection:
    """One collection of the server: entries are put, deleted and searched."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    async def ensure(self) -> None:
        """Create the collection with its named vectors, unless it is there."""
        if await self._client.collections.exists(self._name):
            return
        named = [Configure.Vectors.self_provided(name=name) for name in VECTORS]
        await self._client.collections.create(
            self._name, vector_config=named, properties=_properties()
        )

    async def put(self, rows: Sequence[tuple[Entry, Texts, dict[str, list[float]]]]) -> None:
        """Write entries with their texts and their vectors, by name."""
        objects = [
            DataObject(uuid=entry.id, properties=_stored(entry, texts), vector=vectors)
            for entry, texts, vectors in rows
        ]
        answer = await self._client.collections.get(self._name).data.insert_many(objects)
        if answer.has_errors:
            raise RuntimeError(f"Weaviate refused {len(answer.errors)} objects")

    async def delete(self, ids: Sequence[str]) -> None:
        """Delete entries; ids that are not there are passed over."""
        await self._client.collections.get(self._name).data.delete_many(
            where=Where.by_id().contains_any(list(ids))
        )

    async def search(self, request: Request) -> Result:
        """Search by what is sought, its vector and its text; return the page and the total."""
        collection = self._client.collections.get(self._name)
        where = conditions(request.wanted)
        weights = shares(request.profile, _present(request))
        vector = request.sought.vector
        answer = await collection.query.hybrid(
            query=request.sought.text,
            vector=None if vector is None else vector.tolist(),
            alpha=weights.get(MEANING, 0) / 1000,
            fusion_type=HybridFusion.RELATIVE_SCORE,
            query_properties=list(SEARCHED),
            target_vector="experiences",
            limit=request.limit if request.after is None else _DEEPEST,
            filters=where,
            return_metadata=MetadataQuery(score=True, explain_score=True),
            return_properties=["entryVersion"],
        )
        total = await collection.aggregate.over_all(total_count=True, filters=where)
        hits = sorted(
            (_hit(one, weights) for one in answer.objects),
            key=lambda hit: (-hit.fused.rank, hit.entry.id),
        )
        if request.after is not None:
            reached = (-request.after[0], request.after[1])
            hits = [hit for hit in hits if (-hit.fused.rank, hit.entry.id) > reached]
        return Result(hits[: request.limit], int(total.total_count or 0))


async def connect(url: str, grpc_url: str) -> Any:
    """Open the client: `url` of REST, `grpc_url` ("host:port" or with a scheme) of gRPC."""
    rest, grpc = urlsplit(url), urlsplit(grpc_url if "//" in grpc_url else f"//{grpc_url}")
    if not (rest.hostname and rest.port and grpc.hostname and grpc.port):
        raise ValueError("addresses of Weaviate have a host and a port")
    client = weaviate.use_async_with_custom(
        http_host=rest.hostname,
        http_port=rest.port,
        http_secure=rest.scheme == "https",
        grpc_host=grpc.hostname,
        grpc_port=grpc.port,
        grpc_secure=grpc.scheme == "https",
    )
    await client.connect()
    return client


def conditions(wanted: Filter) -> Any:
    """Return a filter in Weaviate's terms; None where it lets everything through."""
    parts: list[Any] = []
    if wanted.city:
        parts.append(_near(wanted))
    if wanted.contracts:
        parts.append(Where.by_property("contracts").contains_any(list(wanted.contracts)))
    parts += [
        Where.by_property("languages").contains_any([f"{one.code}:{level_number(one)}"])
        for one in wanted.languages
    ]
    if wanted.skills:
        concepts = [skill_of(name) for name in wanted.skills]
        parts.append(Where.by_property("skillConcepts").contains_all(concepts))
    if wanted.salary_at_most:
        parts.append(Where.by_property("salary").less_or_equal(wanted.salary_at_most))
    if wanted.salary_at_least:
        parts.append(Where.by_property("salary").greater_or_equal(wanted.salary_at_least))
    if wanted.available_by:
        parts.append(Where.by_property("available").less_or_equal(wanted.available_by))
    if wanted.groups:
        parts.append(Where.by_property("groups").contains_all(sorted(wanted.groups)))
    return Where.all_of(parts) if parts else None


def explained(told: str, weights: dict[str, int]) -> dict[str, int]:
    """Read the stretched signals, in millionths, out of an `explain_score`."""
    found: dict[str, int] = {}
    for kind, score in _NORMALISED.findall(told):
        signal = WORDS if kind == "keyword" else MEANING
        weight = weights.get(signal, 0)
        if weight:
            # What Weaviate calls normalised is weighed already.
            found[signal] = min(round(float(score) * 1000 / weight * MILLION), MILLION)
    return found


def _near(wanted: Filter) -> Any:
    same = Where.by_property("city").equal(fold(wanted.city).strip())
    place = place_of(wanted.city)
    if not wanted.radius or place is None:
        return same
    around = Where.by_property("place").within_geo_range(
        coordinate=GeoCoordinate(latitude=place.latitude, longitude=place.longitude),
        distance=wanted.radius * _METRES,
    )
    return Where.any_of([same, around])


def _present(request: Request) -> dict[str, bool]:
    present = {MEANING: request.sought.vector is not None, WORDS: bool(request.sought.text)}
    return {name: True for name, there in present.items() if there}


def _hit(found: Any, weights: dict[str, int]) -> Hit:
    values = explained(found.metadata.explain_score or "", weights)
    parts = tuple(Part(name, values.get(name, 0), weight) for name, weight in weights.items())
    version = int(found.properties.get("entryVersion") or 0)
    entry = Entry(str(found.uuid), version, "", (), (), {}, _NO_VECTOR)
    return Hit(entry, Fused(parts, round((found.metadata.score or 0.0) * MILLION)))


def _properties() -> list[Property]:
    texts = [
        Property(name=name, data_type=DataType.TEXT, tokenization=Tokenization.WORD)
        for name in SEARCHED
    ]
    lists = [
        Property(
            name=name,
            data_type=DataType.TEXT if name == "city" else DataType.TEXT_ARRAY,
            tokenization=Tokenization.FIELD,
            index_searchable=False,
        )
        for name in _TEXTS
    ]
    wholes = [Property(name=name, data_type=DataType.INT) for name in _WHOLES]
    return [*texts, *lists, *wholes, Property(name="place", data_type=DataType.GEO_COORDINATES)]


def _stored(entry: Entry, texts: Texts) -> dict[str, Any]:
    facets = entry.facets
    stored: dict[str, Any] = {
        "jobTitle": texts.title,
        "experiences": texts.experiences,
        "skills": texts.skills,
        "city": fold(facets.city).strip(),
        "contracts": list(facets.contracts or CONTRACTS),
        "languages": _levels(facets),
        "groups": sorted(facets.groups),
        "skillConcepts": sorted({skill_of(name) for name in entry.skills}),
        "salary": facets.salary,
        "available": facets.available,
        "entryVersion": entry.version,
    }
    place = place_of(facets.city)
    if place is not None:
        stored["place"] = GeoCoordinate(latitude=place.latitude, longitude=place.longitude)
    return stored


def _levels(facets: Facets) -> list[str]:
    """Each language with every level up to the one that is spoken."""
    return [
        f"{one.code}:{level}"
        for one in facets.languages
        for level in range(1, level_number(one) + 1)
    ]
