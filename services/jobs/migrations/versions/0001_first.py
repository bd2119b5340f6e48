"""Jobs, candidates, applications, and the kit's tables."""

from alembic import op

from services.jobs.store.tables import metadata
from services.kit.migrate import kit_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    kit_tables(op)
    metadata.create_all(op.get_bind())
