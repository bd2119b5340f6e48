"""Second factors in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam as bind
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.auth.app.stores import Source
from services.auth.domain.factors import Factors, Passkey, Totp
from services.auth.store.tables import authenticators, passkeys, recovery_codes
from services.kit.db import Query, Row
from services.kit.work import UnitOfWork

# One row a passkey, or one without: the rest stands in each.
_OF_USER = Query.text(
    """
    select f.*, p.id, p.name, p.credential_id, p.public_key, p.sign_count,
           p.created_at, p.last_used_at
    from (
        select exists (
                   select 1 from authenticators
                   where user_id = :user_id and confirmed_at is not null
               ) as totp,
               (
                   select count(*) from recovery_codes
                   where user_id = :user_id and used_at is null
               ) as codes
    ) f
    left join passkeys p on p.user_id = :user_id
    order by p.created_at, p.id
    """
)
_BEGIN_TOTP = Query.text(
    """
    insert into authenticators (user_id, secret, created_at)
    values (:user_id, :secret, :at)
    on conflict (user_id) do update set secret = excluded.secret, created_at = excluded.created_at
    where authenticators.confirmed_at is null
    """
)
_TOTP = Query(select(authenticators).where(authenticators.c.user_id == bind("user_id")))
# Of two who give the same code one finds the step that both have read.
_SPEND_STEP = Query.text(
    """
    update authenticators
    set last_step = :step, confirmed_at = coalesce(confirmed_at, :at)
    where user_id = :user_id and secret = :secret
      and last_step is not distinct from cast(:last_step as bigint)
    """
)
_REMOVE_TOTP = Query(delete(authenticators).where(authenticators.c.user_id == bind("user_id")))
_DROP_CODES = Query(delete(recovery_codes).where(recovery_codes.c.user_id == bind("user_id")))
_ADD_CODE = Query(
    insert(recovery_codes).values(
        user_id=bind("user_id"), digest=bind("digest"), created_at=bind("created_at")
    )
)
_SPEND_CODE = Query.text(
    """
    update recovery_codes set used_at = :at
    where user_id = :user_id and digest = :digest and used_at is null
    """
)
_ADD_PASSKEY = Query(upsert(passkeys).on_conflict_do_nothing(constraint="passkeys_credential"))
_USE_PASSKEY = Query.text(
    """
    update passkeys set sign_count = :sign_count, last_used_at = :at
    where id = :id and sign_count = :former
    """
)
_REMOVE_PASSKEY = Query(
    delete(passkeys).where(passkeys.c.user_id == bind("user_id"), passkeys.c.id == bind("id"))
)


class PostgresFactors:
    """Keeps second factors in Postgres."""

    async def of_user(self, source: Source, user_id: str) -> Factors:
        """Return an account's second factors, those that count, in one statement."""
        rows = await source.fetch(_OF_USER, user_id=user_id)
        held = tuple(_passkey(row) for row in rows if row["id"] is not None)
        return Factors(rows[0]["totp"], rows[0]["codes"], held)

    async def begin_totp(self, work: UnitOfWork, user_id: str, sealed: bytes, at: datetime) -> bool:
        """Keep an app that waits for its first code; False when one is confirmed already."""
        return await work.execute(_BEGIN_TOTP, user_id=user_id, secret=sealed, at=at) == 1

    async def totp(self, source: Source, user_id: str) -> Totp | None:
        """Return an account's app, confirmed or not."""
        row = await source.fetch_one(_TOTP, user_id=user_id)
        if row is None:
            return None
        return Totp(row["secret"], row["created_at"], row["confirmed_at"], row["last_step"])

    async def spend_step(
        self, work: UnitOfWork, user_id: str, totp: Totp, step: int, at: datetime
    ) -> bool:
        """Confirm an app, or spend the code of one; False when it changed since it was read."""
        spent = await work.execute(
            _SPEND_STEP,
            user_id=user_id,
            secret=totp.sealed,
            last_step=totp.last_step,
            step=step,
            at=at,
        )
        return spent == 1

    async def remove_totp(self, work: UnitOfWork, user_id: str) -> None:
        """Delete an account's app."""
        await work.execute(_REMOVE_TOTP, user_id=user_id)

    async def replace_codes(
        self, work: UnitOfWork, user_id: str, digests: Sequence[bytes], at: datetime
    ) -> None:
        """Put new recovery codes in the place of all others; none deletes them."""
        await work.execute(_DROP_CODES, user_id=user_id)
        if digests:
            rows = [{"user_id": user_id, "digest": one, "created_at": at} for one in digests]
            await work.execute_many(_ADD_CODE, rows)

    async def spend_code(self, work: UnitOfWork, user_id: str, digest: bytes, at: datetime) -> bool:
        """Use a recovery code up; False when it is unknown or used."""
        return await work.execute(_SPEND_CODE, user_id=user_id, digest=digest, at=at) == 1

    async def add_passkey(self, work: UnitOfWork, user_id: str, passkey: Passkey) -> bool:
        """Add a passkey; False when an account has it already."""
        added = await work.execute(
            _ADD_PASSKEY,
            id=passkey.id,
            user_id=user_id,
            name=passkey.name,
            credential_id=passkey.credential_id,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            created_at=passkey.created_at,
            last_used_at=passkey.last_used_at,
        )
        return added == 1

    async def use_passkey(
        self, work: UnitOfWork, passkey: Passkey, sign_count: int, at: datetime
    ) -> bool:
        """Write down a use; False when the passkey was used or removed since it was read."""
        used = await work.execute(
            _USE_PASSKEY, id=passkey.id, former=passkey.sign_count, sign_count=sign_count, at=at
        )
        return used == 1

    async def remove_passkey(self, work: UnitOfWork, user_id: str, passkey_id: str) -> None:
        """Delete an account's passkey; succeeds when there is none."""
        await work.execute(_REMOVE_PASSKEY, user_id=user_id, id=passkey_id)


def _passkey(row: Row) -> Passkey:
    return Passkey(
        id=row["id"],
        name=row["name"],
        credential_id=row["credential_id"],
        public_key=row["public_key"],
        sign_count=row["sign_count"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
    )
