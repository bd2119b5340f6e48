"""The tables. The role's search_path decides the schema."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR, UUID
from sqlalchemy.types import UserDefinedType

DIMENSIONS = 512


class Vector(UserDefinedType[str]):
    """pgvector's type; values come and go as text."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type as Postgres writes it."""
        return f"vector({DIMENSIONS})"


class TransactionId(UserDefinedType[str]):
    """Postgres's xid8: which transaction wrote a row last; a trigger fills it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type as Postgres writes it."""
        return "xid8"


metadata = MetaData()

indexed_jobs = Table(
    "indexed_jobs",
    metadata,
    Column("job_id", UUID(as_uuid=False), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("company_id", UUID(as_uuid=False), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("city", Text, nullable=False),
    # The job as the score sees it.
    Column("facts", JSONB, nullable=False),
    # SHA-256 of the text behind the vector: what did not change is not embedded again.
    Column("text_hash", Text, nullable=False),
    # What the job looks for, moved towards its skills; length 1.
    Column("experiences", Vector, nullable=False),
    # Title (A), skills (B), description (C).
    Column("words", TSVECTOR, nullable=False),
    # ISO 639-1; empty when not known.
    Column("locale", Text, nullable=False),
    # The most that is offered, in whole euros a year; 0 when not told.
    Column("salary", Integer, nullable=False),
    Column("changed", TransactionId, nullable=False),
    Index("indexed_jobs_by_words", "words", postgresql_using="gin"),
    Index("indexed_jobs_by_change", "changed"),
)

indexed_profiles = Table(
    "indexed_profiles",
    metadata,
    Column("candidate_id", UUID(as_uuid=False), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    # The profile as the score sees it.
    Column("facts", JSONB, nullable=False),
    Column("text_hash", Text, nullable=False),
    # The meaning of the experiences; length 1.
    Column("experiences", Vector, nullable=False),
    # Title (A), skills (B), experiences (C), and nothing else.
    Column("words", TSVECTOR, nullable=False),
    Column("locale", Text, nullable=False),
    Column("changed", TransactionId, nullable=False),
    Index("indexed_profiles_by_words", "words", postgresql_using="gin"),
    Index("indexed_profiles_by_change", "changed"),
)

# Ids of people who are gone: a profile that comes late is not indexed again.
erased_profiles = Table(
    "erased_profiles",
    metadata,
    Column("candidate_id", UUID(as_uuid=False), primary_key=True),
    Column("changed", TransactionId, nullable=False),
    Index("erased_profiles_by_change", "changed"),
)

# Vectors of titles, skills and names of occupations: each is embedded once.
name_vectors = Table(
    "name_vectors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("vector", Vector, nullable=False),
)

# People that a company found itself; what became of them is `candidate_id`.
prospects = Table(
    "prospects",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("company_id", UUID(as_uuid=False), nullable=False),
    Column("candidate_id", UUID(as_uuid=False)),
    Column("reference", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("salary", Integer, nullable=False),
    Column("available", Integer, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # Null until the encoder has had its turn.
    Column("experiences", Vector),
    Column("changed", TransactionId, nullable=False),
    Index("prospects_by_company", "company_id", "id"),
    Index("prospects_by_candidate", "candidate_id"),
    Index("prospects_by_change", "changed"),
)

# The latest that was told of a candidate for a job.
matches = Table(
    "matches",
    metadata,
    Column("job_id", UUID(as_uuid=False), primary_key=True),
    Column("candidate_id", UUID(as_uuid=False), primary_key=True),
    Column("job_version", BigInteger, nullable=False),
    Column("profile_version", BigInteger, nullable=False),
    Column("final_score", SmallInteger, nullable=False),
    Column("dimensions", JSONB, nullable=False),
    Column("reliability", Text, nullable=False),
    Column("reasons", JSONB, nullable=False),
    # Profile, place and signals; null when never ranked.
    Column("ranking", JSONB),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("matches_by_score", "job_id", "final_score", "candidate_id"),
    Index("matches_by_candidate", "candidate_id"),
)

# The latest CV of each candidate: what was read in it, never the file.
cvs = Table(
    "cvs",
    metadata,
    Column("candidate_id", UUID(as_uuid=False), primary_key=True),
    Column("id", UUID(as_uuid=False), nullable=False),
    # SHA-256 of the file, in hex.
    Column("file_hash", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("truncated", Boolean, nullable=False),
    # Facts with the words and pages that prove them: personal data.
    Column("facts", JSONB, nullable=False),
    Column("flags", JSONB, nullable=False),
    Column("generated_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

# Append-only: a trigger refuses deletions and every update but one, which blanks inputs, reasons
# and evidence once the candidate's account was deleted.
receipts = Table(
    "receipts",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("application_id", UUID(as_uuid=False), nullable=False),
    Column("company_id", UUID(as_uuid=False), nullable=False),
    Column("job_id", UUID(as_uuid=False), nullable=False),
    Column("job_version", BigInteger, nullable=False),
    Column("candidate_id", UUID(as_uuid=False), nullable=False),
    Column("profile_version", BigInteger, nullable=False),
    Column("engine_version", Text, nullable=False),
    Column("engine_hash", Text, nullable=False),
    # Text, not jsonb: the hash is over these very bytes.
    Column("inputs", Text, nullable=False),
    Column("inputs_hash", Text, nullable=False),
    Column("final_score", SmallInteger, nullable=False),
    Column("dimensions", JSONB, nullable=False),
    Column("reliability", Text, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # The notice about scoring in force; empty on receipts from before there was one.
    Column("notice_id", Text, nullable=False),
    # Quotations of the CV as canonical JSON; blanked with the inputs.
    Column("evidence", Text, nullable=False),
    Column("evidence_hash", Text, nullable=False),
    # What was signed, to the byte, by which key, and the signature; empty on unsigned receipts.
    Column("statement", Text, nullable=False),
    Column("kid", Text, nullable=False),
    Column("signature", Text, nullable=False),
    UniqueConstraint("application_id", name="receipts_application"),
    CheckConstraint("final_score between 0 and 100", name="receipts_final_score"),
    Index("receipts_by_candidate", "candidate_id"),
)
