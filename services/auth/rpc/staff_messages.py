"""From the domain of staff to the contract and back."""

from __future__ import annotations

from weneeds.auth.v1 import admin_pb2
from weneeds.options.v1 import role_pb2

from services.auth.domain.admins import Admin, AdminRole
from services.auth.rpc.messages import timestamp

ADMIN_ROLES = {
    AdminRole.ADMIN: role_pb2.ADMIN_ROLE_ADMIN,
    AdminRole.SUPER_ADMIN: role_pb2.ADMIN_ROLE_SUPER_ADMIN,
}
ADMIN_ROLE_OF = {number: role for role, number in ADMIN_ROLES.items()}


def admin(person: Admin) -> admin_pb2.Admin:
    """Return a member of staff as a message."""
    return admin_pb2.Admin(
        id=person.id,
        email=person.email,
        name=person.name,
        role=ADMIN_ROLES[person.role],
        created_at=timestamp(person.created_at),
        # Nobody is created without one.
        totp=True,
    )
