"""The event whose way from the outbox to its effect is measured, and the tables for it."""

from __future__ import annotations

from typing import Any

import asyncpg
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message_factory import GetMessageClass
from weneeds.options.v1 import event_pb2

from services.kit import schema

SCHEMA = "bench"
CONSUMER = "bench-effects"
_FILE = "weneeds/bench/v1/events.proto"


def effect_due() -> Any:
    """The class of the event message: no service knows it, so no service consumes it."""
    file = descriptor_pb2.FileDescriptorProto(
        name=_FILE,
        package="weneeds.bench.v1",
        syntax="proto3",
        dependency=["weneeds/options/v1/event.proto"],
    )
    message = file.message_type.add(name="EffectDue")
    message.field.add(name="aggregate_id", number=1, type=9, label=1)
    message.field.add(name="number", number=2, type=3, label=1)
    message.field.add(name="note", number=3, type=9, label=1)
    option = message.options.Extensions[event_pb2.event]
    option.subject, option.key = "bench.effect.due", "aggregate_id"
    pool = descriptor_pool.Default()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("weneeds.bench.v1.EffectDue"))


async def create_tables(admin_url: str) -> None:
    """A schema with the kit's own tables and one for the effects."""
    connection = await asyncpg.connect(f"{admin_url}?search_path={SCHEMA}")
    try:
        await connection.execute(f"drop schema if exists {SCHEMA} cascade; create schema {SCHEMA}")
        await connection.execute(schema.FIRST)
        await connection.execute(
            "create table effects (number bigint primary key, aggregate_id text not null)"
        )
    finally:
        await connection.close()
