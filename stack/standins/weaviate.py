"""Stands in for a Weaviate server where there is none: REST and gRPC, in memory.

It answers what the service's port asks of the real one and refuses everything else, so that a wrong
request fails. Hybrid search is computed as documented: each signal stretched between its lowest and
highest value over the hits, weighed by alpha, added. Words count by how many of them are held, so
its order is no measure of Weaviate's BM25.
"""

from __future__ import annotations

import asyncio
import json
import math
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import grpc.aio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from weaviate.proto.v1 import (
    aggregate_pb2,
    batch_delete_pb2,
    batch_pb2,
    health_weaviate_pb2,
    search_get_pb2,
)

from stack import ports
from stack.standins.weaviate_filters import FilterRefused, passes

_VERSION = "1.34.0"
_RELATIVE = 2
_SIZE = 512
_SEARCHED = ["jobTitle", "experiences", "skills"]
Object = dict[str, Any]


class Weaviate:
    """The server's state and its answers. `searches` keeps what was asked."""

    def __init__(self) -> None:
        self.classes: dict[str, dict[str, Any]] = {}
        self.objects: dict[str, dict[str, Object]] = {}
        self.searches: list[Any] = []

    async def schema(self, request: Request) -> Response:
        """Create a collection, or tell whether there is one."""
        if request.method == "POST":
            told = json.loads(await request.body())
            self.classes[told["class"]] = told
            self.objects[told["class"]] = {}
            return JSONResponse(told)
        found = self.classes.get(request.path_params.get("name", ""))
        return JSONResponse(found) if found else JSONResponse({}, status_code=404)

    async def search(self, request: Any, context: Any) -> Any:
        """Answer a hybrid search."""
        self.searches.append(request)
        asked = request.hybrid_search
        if wrong := _wrong_search(request):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, wrong)
        stored = await self._passing(request, context)
        vector = _asked_vector(asked)
        target = asked.targets.target_vectors[0] if asked.targets.target_vectors else ""
        meaning = {key: _dot(vector, one["vectors"][target]) for key, one in stored.items()}
        words = {key: _held(asked.query, asked.properties, one) for key, one in stored.items()}
        meaning = _stretched(meaning)
        words = _stretched({key: value for key, value in words.items() if value})
        alpha = asked.alpha_param if asked.use_alpha_param else asked.alpha
        score = {key: (alpha * meaning[key], (1 - alpha) * words.get(key, 0.0)) for key in stored}
        order = sorted(score, key=lambda key: -sum(score[key]))[: request.limit]
        return search_get_pb2.SearchReply(
            results=[_result(key, stored[key], score[key]) for key in order]
        )

    async def put(self, request: Any, context: Any) -> Any:
        """Write objects; those with the same id are replaced."""
        for one in request.objects:
            properties = _properties(one.properties)
            vectors = {named.name: _floats(named.vector_bytes) for named in one.vectors}
            if wrong := self._wrong_object(one.collection, properties, vectors):
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, wrong)
            self.objects[one.collection][one.uuid] = {"properties": properties, "vectors": vectors}
        return batch_pb2.BatchObjectsReply()

    async def delete(self, request: Any, context: Any) -> Any:
        """Delete objects by their ids."""
        gone = list(request.filters.value_text_array.values)
        known = [key for key in gone if self.objects[request.collection].pop(key, None)]
        return batch_delete_pb2.BatchDeleteReply(matches=len(known), successful=len(known))

    async def aggregate(self, request: Any, context: Any) -> Any:
        """Count objects."""
        count = len(await self._passing(request, context))
        single = aggregate_pb2.AggregateReply.Single(objects_count=count)
        return aggregate_pb2.AggregateReply(single_result=single)

    async def _passing(self, request: Any, context: Any) -> dict[str, Object]:
        """The objects that the request's filter leaves."""
        stored = self.objects[request.collection]
        if not request.HasField("filters"):
            return stored
        known = self._property_names(request.collection)
        try:
            return {
                key: one
                for key, one in stored.items()
                if passes(request.filters, known, one["properties"])
            }
        except FilterRefused as refused:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(refused))
            raise

    def _property_names(self, collection: str) -> set[str]:
        return {told["name"] for told in self.classes[collection]["properties"]}

    def _wrong_object(self, collection: str, properties: Object, vectors: Object) -> str:
        """Why an object does not fit its collection; empty when it does."""
        if unknown := properties.keys() - self._property_names(collection):
            return f"unknown properties: {sorted(unknown)}"
        if not all(isinstance(properties.get(name), str) for name in _SEARCHED):
            return "title, experiences and skills are texts, each its own"
        if unknown := vectors.keys() - self.classes[collection]["vectorConfig"].keys():
            return f"unknown vectors: {sorted(unknown)}"
        if any(len(vector) != _SIZE for vector in vectors.values()):
            return "a vector of another size"
        return "" if "experiences" in vectors else "no vector of the experiences"


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Weaviate, str, str]]:
    """Serve on free ports; yield the state and the addresses of REST and gRPC."""
    state = Weaviate()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(_handlers(state))
    grpc_port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    rest_port = ports.choose()
    rest = uvicorn.Server(
        uvicorn.Config(_rest(state), host="127.0.0.1", port=rest_port, log_level="error")
    )
    task = asyncio.create_task(rest.serve())
    while not rest.started:
        await asyncio.sleep(0.01)
    try:
        yield state, f"http://127.0.0.1:{rest_port}", f"127.0.0.1:{grpc_port}"
    finally:
        rest.should_exit = True
        await task
        await server.stop(None)


def _rest(state: Weaviate) -> Starlette:
    async def meta(_: Request) -> Response:
        return JSONResponse({"hostname": "stand-in", "version": _VERSION, "modules": {}})

    async def nothing(_: Request) -> Response:
        return JSONResponse({}, status_code=404)

    return Starlette(
        routes=[
            Route("/v1/meta", meta),
            Route("/v1/.well-known/openid-configuration", nothing),
            Route("/v1/schema", state.schema, methods=["POST"]),
            Route("/v1/schema/{name}", state.schema),
        ]
    )


def _handlers(state: Weaviate) -> tuple[grpc.GenericRpcHandler, ...]:
    def unary(answer: Any, request: Any, response: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(
            answer, request.FromString, response.SerializeToString
        )

    async def healthy(_: Any, __: Any) -> Any:
        reply = health_weaviate_pb2.WeaviateHealthCheckResponse
        return reply(status=reply.SERVING)

    methods = {
        "Search": unary(state.search, search_get_pb2.SearchRequest, search_get_pb2.SearchReply),
        "BatchObjects": unary(
            state.put, batch_pb2.BatchObjectsRequest, batch_pb2.BatchObjectsReply
        ),
        "BatchDelete": unary(
            state.delete, batch_delete_pb2.BatchDeleteRequest, batch_delete_pb2.BatchDeleteReply
        ),
        "Aggregate": unary(
            state.aggregate, aggregate_pb2.AggregateRequest, aggregate_pb2.AggregateReply
        ),
    }
    health = unary(
        healthy,
        health_weaviate_pb2.WeaviateHealthCheckRequest,
        health_weaviate_pb2.WeaviateHealthCheckResponse,
    )
    return (
        grpc.method_handlers_generic_handler("weaviate.v1.Weaviate", methods),
        grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": health}),
    )


def _result(key: str, one: Object, score: tuple[float, float]) -> Any:
    told = (
        f"\nHybrid (Result Set vector,hybridVector) Document {key}: original score 0,"
        f" normalized score: {score[0]} - \n"
        f"Hybrid (Result Set keyword,bm25) Document {key}: original score 0,"
        f" normalized score: {score[1]}"
    )
    result = search_get_pb2.SearchResult()
    result.metadata.id, result.metadata.id_as_bytes = key, UUID(key).bytes
    result.metadata.score, result.metadata.score_present = sum(score), True
    result.metadata.explain_score, result.metadata.explain_score_present = told, True
    version = int(one["properties"].get("entryVersion", 0))
    result.properties.non_ref_props.fields["entryVersion"].int_value = version
    return result


def _wrong_search(request: Any) -> str:
    """Why a search is not one of the port; empty when it is."""
    asked = request.hybrid_search
    if asked.fusion_type != _RELATIVE or not request.metadata.explain_score:
        return "relative score fusion, explained, is the port's"
    if list(asked.properties) != _SEARCHED:
        return "words are looked for in title, experiences and skills alone"
    if list(asked.targets.target_vectors) != ["experiences"]:
        return "the target is the vector of the experiences"
    return "" if len(_asked_vector(asked)) == _SIZE else "a vector of another size"


def _properties(sent: Any) -> Object:
    """The properties of an object, from the several places where the protocol keeps them."""
    found: Object = dict(sent.non_ref_properties.items())
    found |= {listed.prop_name: list(listed.values) for listed in sent.text_array_properties}
    return found | {name: [] for name in sent.empty_list_props}


def _asked_vector(asked: Any) -> list[float]:
    if asked.vectors:
        return _floats(asked.vectors[0].vector_bytes)
    if asked.near_vector.vector_bytes:
        return _floats(asked.near_vector.vector_bytes)
    return _floats(asked.vector_bytes)


def _floats(sent: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(sent) // 4}f", sent))


def _dot(left: list[float], right: list[float]) -> float:
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


def _held(query: str, properties: Any, one: Object) -> float:
    texts = " ".join(str(one["properties"].get(name, "")) for name in properties)
    held = set(texts.lower().split())
    return float(sum(word in held for word in set(query.lower().split())))


def _stretched(values: dict[str, float]) -> dict[str, float]:
    if not values:
        return {}
    low, high = min(values.values()), max(values.values())
    if high == low:
        return dict.fromkeys(values, 1.0)
    return {key: (value - low) / (high - low) for key, value in values.items()}
