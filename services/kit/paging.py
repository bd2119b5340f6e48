"""Keyset pages (AIP-158): opaque tokens bound to the list they came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from services.kit.call import current_call
from services.kit.errors import PageTokenInvalid
from services.kit.ids import is_uuid

_HASH_BYTES = 9
# The last microsecond of the year 9999: no sort key counts further.
_MAX_NUMBER = 253_402_300_799_999_999
_PAGING = ("page_size", "page_token", "skip")


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of rows and how many there are over all pages."""

    # One more than the page holds when there is a next page.
    rows: Sequence[T]
    total: int


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list are wanted."""

    size: int
    # The sort key of the last row before this page; None on the first.
    after: tuple[Any, ...] | None
    skip: int
    # Stands for the list's filters.
    binding: str

    @classmethod
    def of(cls, request: Message, *, default: int = 20, keys: Sequence[type] = (str, str)) -> Page:
        """Read the paging fields of `request`.

        `keys` are the types of the sort key's parts: int for a number or a
        moment in microseconds, str for an id. Raises PageTokenInvalid for a
        token that is malformed or belongs to other filters or callers.
        """
        binding = _binding(request)
        fields: Any = request
        token: str = fields.page_token
        return cls(
            size=fields.page_size or default,
            after=_decode(token, binding, keys) if token else None,
            skip=getattr(fields, "skip", 0),
            binding=binding,
        )

    @property
    def fetch(self) -> int:
        """How many rows to ask for: one more tells whether there is a next page."""
        return self.size + 1

    def next_token(self, rows: Sequence[Any], key: Sequence[Any]) -> str:
        """Return the token after `key`, the sort key of the page's last row.

        `rows` are what `fetch` brought; "" when there are no more.
        """
        if len(rows) <= self.size:
            return ""
        text = json.dumps([self.binding, *key], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _binding(request: Message) -> str:
    bare = type(request)()
    bare.CopyFrom(request)
    for name in _PAGING:
        if name in request.DESCRIPTOR.fields_by_name:
            bare.ClearField(name)
    call = current_call()
    caller = call.user.id if call is not None and call.user is not None else ""
    material = request.DESCRIPTOR.full_name.encode() + b"\0" + caller.encode() + b"\0"
    digest = hashlib.sha256(material + bare.SerializeToString(deterministic=True)).digest()
    return base64.urlsafe_b64encode(digest[:_HASH_BYTES]).decode()


def _decode(token: str, binding: str, keys: Sequence[type]) -> tuple[Any, ...]:
    try:
        padded = token + "=" * (-len(token) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise PageTokenInvalid(field="page_token") from error
    if not isinstance(found, list) or len(found) != len(keys) + 1 or found[0] != binding:
        raise PageTokenInvalid(field="page_token")
    values = found[1:]
    if not all(_fits(value, kind) for value, kind in zip(values, keys, strict=True)):
        raise PageTokenInvalid(field="page_token")
    return tuple(values)


def _fits(value: Any, kind: type) -> bool:
    """Whether a store could compare with `value`. Tokens are opaque, but not sealed."""
    if kind is str:
        return isinstance(value, str) and is_uuid(value)
    return type(value) is int and 0 <= value <= _MAX_NUMBER
