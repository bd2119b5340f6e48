"""Charging as a SQLAlchemy model layer has it, by the book: load, change, add, commit.

Two statements and a commit for each charge. No double entry, no journal, no events, no replay:
it does a fraction of what it is compared with.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence

import asyncpg
from sqlalchemy import BigInteger, ForeignKey, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_SCHEMA = """
drop schema if exists naive cascade;
create schema naive;
create table naive.budgets (id uuid primary key, balance bigint not null check (balance >= 0));
create table naive.charges (
    id uuid primary key, action text not null unique,
    budget_id uuid not null references naive.budgets (id), amount bigint not null);
"""


class Base(DeclarativeBase):
    """Of all mapped classes."""


class NaiveBudget(Base):
    __tablename__ = "budgets"
    __table_args__ = {"schema": "naive"}  # noqa: RUF012 - as the library asks for it
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger)


class NaiveCharge(Base):
    __tablename__ = "charges"
    __table_args__ = {"schema": "naive"}  # noqa: RUF012 - as the library asks for it
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    action: Mapped[str]
    budget_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("naive.budgets.id"))
    amount: Mapped[int] = mapped_column(BigInteger)


class NaiveCharges:
    """The peer."""

    def __init__(self, admin_url: str, width: int = 8) -> None:
        self._url = admin_url
        self._width = width
        url = admin_url.replace("postgresql://", "postgresql+asyncpg://", 1)
        self._engine = create_async_engine(url, pool_size=width)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def prepare(self, budgets: int) -> list[uuid.UUID]:
        """Create the tables and so many budgets."""
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(_SCHEMA)
        finally:
            await connection.close()
        ids = [uuid.uuid4() for _ in range(budgets)]
        async with self._sessions() as session:
            session.add_all(NaiveBudget(id=one, balance=10**15) for one in ids)
            await session.commit()
        return ids

    async def charge(self, budgets: Sequence[uuid.UUID], count: int) -> tuple[float, list[float]]:
        """Make `count` charges; return the seconds, and each one's milliseconds."""
        took: list[float] = []
        left = count

        async def caller() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                started = time.perf_counter()
                async with self._sessions() as session:
                    await _one(session, budgets[left % len(budgets)])
                took.append((time.perf_counter() - started) * 1000)

        started = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(self._width)))
        return time.perf_counter() - started, took

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()


async def _one(session: AsyncSession, budget_id: uuid.UUID) -> None:
    debit = (
        update(NaiveBudget)
        .where(NaiveBudget.id == budget_id, NaiveBudget.balance >= 800_000)
        .values(balance=NaiveBudget.balance - 800_000)
    )
    await session.execute(debit)
    session.add(
        NaiveCharge(id=uuid.uuid4(), action=str(uuid.uuid4()), budget_id=budget_id, amount=800_000)
    )
    await session.commit()
