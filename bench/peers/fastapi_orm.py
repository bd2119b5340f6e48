"""ListApplications as FastAPI and the SQLAlchemy ORM would have it, by the book.

Mapped classes, one joined eager load with only the columns that are shown, a count, response
models. No TLS, no tokens, no roles, no limits and no telemetry: it does less than what it is
compared with. Run as `python -m bench.peers.fastapi_orm PORT DATABASE_URL`.
"""

# No postponed annotations: FastAPI has to see the dependency that is a local name.

import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship


class Base(DeclarativeBase):
    """Of all mapped classes."""


class Company(Base):
    __tablename__ = "companies"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class Person(Base):
    __tablename__ = "people"
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    first_name: Mapped[str]


class Job(Base):
    __tablename__ = "jobs"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    title: Mapped[str]


class Candidate(Base):
    __tablename__ = "candidates"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    city: Mapped[str]


class Meeting(Base):
    __tablename__ = "meetings"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    application_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("applications.id"))
    starts_at: Mapped[datetime]
    duration_minutes: Mapped[int]
    place: Mapped[str]


class Application(Base):
    __tablename__ = "applications"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id"))
    company_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("companies.id"))
    candidate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("candidates.id"))
    status: Mapped[int]
    matching_score: Mapped[int | None]
    receipt_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime]
    job: Mapped[Job] = relationship()
    company: Mapped[Company | None] = relationship()
    candidate: Mapped[Candidate] = relationship()
    person: Mapped[Person | None] = relationship(
        primaryjoin=lambda: Application.candidate_id == Person.user_id,
        foreign_keys=lambda: Application.candidate_id,
        viewonly=True,
    )
    meeting: Mapped[Meeting | None] = relationship()


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CompanyOut(_Out):
    name: str


class JobOut(_Out):
    id: uuid.UUID
    title: str


class CandidateOut(_Out):
    id: uuid.UUID
    city: str


class PersonOut(_Out):
    first_name: str
    email: str


class MeetingOut(_Out):
    id: uuid.UUID
    starts_at: datetime
    duration_minutes: int
    place: str


class ApplicationOut(_Out):
    id: uuid.UUID
    status: int
    matching_score: int | None
    receipt_id: uuid.UUID | None
    created_at: datetime
    job: JobOut
    company: CompanyOut | None
    candidate: CandidateOut
    person: PersonOut | None
    meeting: MeetingOut | None


class ApplicationPage(BaseModel):
    applications: list[ApplicationOut]
    total_size: int


_EVERYTHING = (
    joinedload(Application.job),
    joinedload(Application.company),
    joinedload(Application.candidate),
    joinedload(Application.person),
    joinedload(Application.meeting),
)


def create_app(database_url: str) -> FastAPI:
    """The application on one database."""
    url = database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, pool_size=8, max_overflow=8)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    app = FastAPI(lifespan=lifespan)

    @app.get("/applications")
    async def list_applications(
        company_id: uuid.UUID,
        db: Annotated[AsyncSession, Depends(session)],
        page_size: Annotated[int, Query(ge=1, le=100)] = 20,
        skip: Annotated[int, Query(ge=0, le=10_000)] = 0,
    ) -> ApplicationPage:
        of_company = Application.company_id == company_id
        page = (
            select(Application)
            .where(of_company)
            .options(*_EVERYTHING)
            .order_by(Application.created_at.desc(), Application.id.desc())
            .limit(page_size)
            .offset(skip)
        )
        rows = (await db.scalars(page)).all()
        total = await db.scalar(select(func.count()).select_from(Application).where(of_company))
        return ApplicationPage(
            applications=[ApplicationOut.model_validate(row) for row in rows],
            total_size=total or 0,
        )

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
    )
