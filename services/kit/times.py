"""Timestamps on the wire."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400


def to_timestamp(moment: datetime) -> Timestamp:
    """Return `moment` (aware) as a Timestamp; by integers, half the price of FromDatetime."""
    delta = moment - _EPOCH
    return Timestamp(seconds=delta.days * _DAY + delta.seconds, nanos=delta.microseconds * 1000)


def write_timestamp(target: Timestamp, moment: datetime) -> None:
    """Write `moment` (aware) into a field in place."""
    delta = moment - _EPOCH
    target.seconds = delta.days * _DAY + delta.seconds
    target.nanos = delta.microseconds * 1000


def to_datetime(timestamp: Timestamp) -> datetime:
    """Return `timestamp` as an aware datetime in UTC."""
    return timestamp.ToDatetime(tzinfo=UTC)


def to_micros(moment: datetime) -> int:
    """Return `moment` as whole microseconds since 1970, for page tokens."""
    delta = moment - _EPOCH
    return (delta.days * _DAY + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(micros: int) -> datetime:
    """Return the moment that `to_micros` counted."""
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
