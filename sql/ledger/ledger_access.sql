-- name: ledger_access :value
-- title: Whether the ledger may be written
-- True when the tables of the ledger are there and the login may write them; null when they are not.

select
  bool_and(
    has_schema_privilege(namespace.oid, 'usage')
    and has_table_privilege(relation.oid, 'select, insert')
  ) as may_write
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where namespace.nspname = 'sqlwright'
  and relation.relname in ('load', 'load_reject');
