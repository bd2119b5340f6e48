"""List statements: a page and the count over all pages, in one round trip."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from services.kit.db import Query, Reader, Row
from services.kit.paging import Listing, Page
from services.kit.times import from_micros

_AFTER = "(x.created_at, x.id) < (:after_at, cast(:after_id as uuid))"


class PagedQuery:
    """A newest-first list over one table, with optional filters.

    The statement for each combination of filters is compiled when the module
    is imported. The count stands beside the page as a scalar subquery and
    looks at no joined table; the row is there even when the page is empty.
    """

    def __init__(
        self, table: str, select: str, joins: str, fixed: str, optional: dict[str, str]
    ) -> None:
        self._queries = {
            (frozenset(names), after): Query.text(
                _sql(table, select, joins, [fixed, *(optional[name] for name in names)], after)
            )
            for count in range(len(optional) + 1)
            for names in combinations(sorted(optional), count)
            for after in (False, True)
        }

    async def fetch(self, reader: Reader, page: Page, **filters: object) -> Listing[Row]:
        """Return the page. Filters that are None are left out."""
        given = {name: value for name, value in filters.items() if value is not None}
        optional = frozenset(given) & _names(self._queries)
        query = self._queries[optional, page.after is not None]
        if page.after is not None:
            given["after_at"], given["after_id"] = from_micros(page.after[0]), page.after[1]
        rows = await reader.fetch(query, **given, n=page.fetch, skip=page.skip)
        total: int = rows[0]["total"]
        return Listing(rows if rows[0]["id"] is not None else [], total)


def _names(keys: Iterable[tuple[frozenset[str], bool]]) -> frozenset[str]:
    return frozenset().union(*(names for names, _ in keys))


def _sql(table: str, select: str, joins: str, filters: list[str], after: bool) -> str:
    where = " and ".join(f for f in filters if f) or "true"
    paged = f"{where} and {_AFTER}" if after else where
    return f"""
    select (select count(*) from {table} x where {where}) as total, page.*
    from (values (1)) one(row)
    left join lateral (
        select {select}
        from (
            select * from {table} x where {paged}
            order by x.created_at desc, x.id desc limit :n offset :skip
        ) x {joins}
        order by x.created_at desc, x.id desc
    ) page on true
    """  # noqa: S608 - every part is a constant of this package
