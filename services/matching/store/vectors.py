"""Vectors between Postgres and arrays."""

from __future__ import annotations

import numpy as np

from services.matching.domain.query import Vector
from services.matching.domain.search.arrays import Floats

_HEADER = 4
"""Bytes before the numbers in what `vector_send` writes: how many there are, and two unused."""


def from_bytes(sent: bytes) -> Floats:
    """Read what pgvector's `vector_send` wrote."""
    return np.frombuffer(sent, ">f4", offset=_HEADER).astype(np.float32)


def to_text(vector: Vector | None) -> str:
    """Write a vector as pgvector reads it; "" for none."""
    if vector is None:
        return ""
    return "[" + ",".join(f"{value:.7f}" for value in vector) + "]"
