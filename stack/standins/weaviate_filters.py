"""Filters of a search as Weaviate's protocol writes them, looked at as its documentation says."""

from __future__ import annotations

import math
from typing import Any

from weaviate.proto.v1 import base_pb2

_EARTH_METRES = 6_371_000
Properties = dict[str, Any]


class FilterRefused(Exception):
    """A filter that the port does not send, or on a property that the collection does not have."""


def passes(where: Any, known: set[str], stored: Properties) -> bool:
    """Whether an object passes a filter; raise FilterRefused for one that is wrong."""
    name = base_pb2.Filters.Operator.Name(where.operator).removeprefix("OPERATOR_")
    if name in ("AND", "OR"):
        parts = [passes(part, known, stored) for part in where.filters]
        return all(parts) if name == "AND" else any(parts)
    target = where.target.property
    if target not in known:
        raise FilterRefused(f"no property {target!r}")
    return _compared(name, where, stored.get(target))


def _compared(name: str, where: Any, held: Any) -> bool:
    if name == "WITHIN_GEO_RANGE":
        return held is not None and _metres(where.value_geo, held) <= where.value_geo.distance
    if name in ("CONTAINS_ANY", "CONTAINS_ALL"):
        wanted, has = set(where.value_text_array.values), set(held or ())
        return wanted <= has if name == "CONTAINS_ALL" else bool(wanted & has)
    if name == "EQUAL" and where.HasField("value_text"):
        return bool(held == where.value_text)
    if name == "LESS_THAN_EQUAL" and where.HasField("value_int"):
        return held is not None and held <= where.value_int
    if name == "GREATER_THAN_EQUAL" and where.HasField("value_int"):
        return held is not None and held >= where.value_int
    raise FilterRefused(f"not a filter of the port: {name}")


def _metres(one: Any, other: Any) -> float:
    """Great-circle distance (haversine)."""
    north, south = math.radians(one.latitude), math.radians(other["latitude"])
    width = math.radians(other["longitude"] - one.longitude)
    half = (
        math.sin((south - north) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin(width / 2) ** 2
    )
    return 2 * _EARTH_METRES * math.asin(math.sqrt(half))
