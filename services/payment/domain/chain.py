"""The hash chain over the journal: every action as it was written down, every posting.

Actions, transactions and their lines draw their numbers from one sequence, the
journal's. A block covers the numbers after those of the block before, up to its
`last_seq`; its hash covers the hash of the block before and everything inside,
so whoever changes a row changes all hashes from there on.

The chain is made after the commit, by one sealer, and not while posting: a chain
inside the posting would make all budgets wait for each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Part:
    """What a block holds of one table."""

    rows: int
    # SHA-256 over the rows as Postgres sends them in binary, in order.
    digest: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A link of the chain."""

    # 1, 2, ... without a gap.
    number: int
    last_seq: int
    # Rows of actions, transactions, entries.
    rows: tuple[int, ...]
    previous: bytes
    hash: bytes
    sealed_at: datetime


def seal(number: int, last_seq: int, previous: bytes, parts: Sequence[Part]) -> bytes:
    """Return the hash of a block: SHA-256 over its place, its parts and the hash before it."""
    digest = hashlib.sha256(previous)
    digest.update(number.to_bytes(8) + last_seq.to_bytes(8))
    for part in parts:
        digest.update(part.rows.to_bytes(8) + part.digest)
    return digest.digest()
