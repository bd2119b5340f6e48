"""Hybrid search in one statement: exact meaning, words, relative score fusion, one page.

Both signals become whole billionths and the fusion is done in whole numbers, so that
`domain.fusion` comes to the same rank for each hit. Every entry takes part in the bounds: a hit's
rank does not depend on the page it is on.
"""

from __future__ import annotations

from services.kit.db import Query

# The vectors have length 1, so the negative inner product is the cosine with its sign turned.
# Rank 1 divides by the logarithm of the length, so that long texts do not win by length.
_TEMPLATE = """
with scored as materialized (
    select {key} as id,
           cast(-(experiences <#> cast(cast(:vector as text) as vector)) * 1e9 as bigint) as vector,
           case when words @@ (to_tsquery('matching_words', :words)
                               || to_tsquery('simple', :concepts))
                then cast(ts_rank(words, to_tsquery('matching_words', :words)
                                         || to_tsquery('simple', :concepts), 1) * 1e9 as bigint)
                else 0 end as keyword
    from {table}
    where {condition}
),
bounds as (
    select count(*) as total,
           coalesce(min(vector), 0) as vector_low, coalesce(max(vector), 0) as vector_high,
           coalesce(min(keyword), 0) as keyword_low, coalesce(max(keyword), 0) as keyword_high
    from scored
),
stretched as (
    select id, vector, keyword,
           case when vector_high > vector_low
                then (vector - vector_low) * 1000000 / (vector_high - vector_low)
                when vector > 0 then 1000000 else 0 end as meaning,
           case when keyword_high > keyword_low
                then (keyword - keyword_low) * 1000000 / (keyword_high - keyword_low)
                when keyword > 0 then 1000000 else 0 end as said
    from scored, bounds
),
fused as (
    select id, vector, keyword,
           (cast(:alpha as bigint) * meaning + (1000 - cast(:alpha as bigint)) * said) / 1000
           as rank
    from stretched
),
page as (
    select * from fused
    where cast(:after_rank as bigint) is null
       or rank < cast(:after_rank as bigint)
       or (rank = cast(:after_rank as bigint) and id > cast(:after_id as uuid))
    order by rank desc, id
    limit cast(:limit as bigint)
)
select b.*, p.vector, p.keyword, p.rank, t.*
from bounds b
left join (page p join {table} t on t.{key} = p.id) on true
order by p.rank desc, p.id
"""


def hybrid(table: str, key: str, columns: str, condition: str = "true") -> Query:
    """Return the search over a table. All four are names and SQL of this package, never input."""
    sql = _TEMPLATE.format(table=table, key=key, condition=condition)
    named = ", ".join(f"t.{column}" for column in columns.split())
    return Query.text(sql.replace("t.*", named))
