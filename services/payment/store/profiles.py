"""Whom a company's invoices are addressed to."""

from __future__ import annotations

from datetime import datetime

from services.kit.db import Query, Reader
from services.kit.errors import VersionConflict
from services.kit.work import UnitOfWork
from services.payment.domain.invoices import Party

_FIND = Query.text(
    """
    select profile.*, company.name as company_name, company.city as company_city
    from (values (1)) as always
    left join billing_profiles profile on profile.company_id = :company_id
    left join company_refs company on company.company_id = :company
    """
)
_SAVE = Query.text(
    """
    insert into billing_profiles (company_id, legal_name, street, postal_code, city, country,
                                  vat_id, siren, version, updated_at)
    values (:company_id, :legal_name, :street, :postal_code, :city, :country, :vat_id, :siren,
            1, :now)
    on conflict (company_id) do update set
        legal_name = excluded.legal_name, street = excluded.street,
        postal_code = excluded.postal_code, city = excluded.city, country = excluded.country,
        vat_id = excluded.vat_id, siren = excluded.siren, updated_at = excluded.updated_at,
        version = billing_profiles.version + 1
    where cast(:before as bigint) is null or billing_profiles.version = :before
    returning version
    """
)
_COMPANY = Query.text(
    """
    insert into company_refs (company_id, name, city) values (:company_id, :name, :city)
    on conflict (company_id) do update set name = excluded.name, city = excluded.city
    """
)


class ProfileTables:
    """`billing_profiles`, and `company_refs` for who has none."""

    async def find(self, reader: Reader | UnitOfWork, company_id: str) -> tuple[Party, int]:
        """Return the address and its version: 0 for one that is made of what auth told."""
        row = await reader.fetch_one(_FIND, company_id=company_id, company=company_id)
        if row is None or row["version"] is None:
            name = row["company_name"] if row else None
            return Party(name or company_id, city=(row["company_city"] if row else "") or ""), 0
        party = Party(
            legal_name=row["legal_name"],
            street=row["street"],
            postal_code=row["postal_code"],
            city=row["city"],
            country=row["country"],
            vat_id=row["vat_id"],
            siren=row["siren"],
        )
        return party, row["version"]

    async def save(
        self, work: UnitOfWork, company_id: str, party: Party, version: int | None, now: datetime
    ) -> int:
        """Write an address over `version`, None over any; return the new version.

        Raises VersionConflict.
        """
        row = await work.fetch_one(
            _SAVE,
            company_id=company_id,
            legal_name=party.legal_name,
            street=party.street,
            postal_code=party.postal_code,
            city=party.city,
            country=party.country,
            vat_id=party.vat_id,
            siren=party.siren,
            before=version,
            now=now,
        )
        saved = int(row["version"]) if row else 0
        if not saved or (version and saved != version + 1):
            raise VersionConflict
        return saved

    async def company(self, work: UnitOfWork, company_id: str, name: str, city: str) -> None:
        """Keep what auth tells of a company."""
        await work.execute(_COMPANY, company_id=company_id, name=name, city=city)
