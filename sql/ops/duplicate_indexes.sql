-- name: duplicate_indexes :many
-- title: Duplicate indexes
-- Indexes that another index of the same table makes needless, the largest first: "same" has the same
-- columns, order and condition, "prefix" is the beginning of the other, as (a) is of (a, b). Those that hold
-- a rule or identify rows for replication are named only when the other holds the same rule.
--
-- @param max = 50          How many pairs to return    {minimum: 1, maximum: 500}
-- @param schema?           Only indexes of tables in this schema    {minLength: 1, maxLength: 63}
-- @column schema!          Schema of the table
-- @column table!           Name of the table
-- @column index!           The index that is not needed
-- @column kept_index!      The index that does its work
-- @column reason!          same or prefix
-- @column scans!           How often the needless one was scanned; its work goes to the other
-- @column size_bytes!      Bytes of the needless one, as of the last VACUUM
-- @column size!            The same for people
-- @column definition       Statement of the needless one; null while the table is locked exclusively
-- @column kept_definition  Statement of the other
-- @column to_drop!         The statement that drops the needless one
-- @example usual    {max: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0

with used as materialized (
  select
    held.conindid,
    bool_or(held.contype in ('p', 'u', 'x')) as is_constraint,
    bool_or(held.contype = 'f') as is_referenced
  from pg_catalog.pg_constraint as held
  where held.conindid <> 0
  group by held.conindid
),
-- PostgreSQL would wait for such a lock before it tells a definition.
locked as materialized (
  select held.relation as oid
  from pg_catalog.pg_locks as held
  where held.locktype = 'relation'
    and held.mode = 'AccessExclusiveLock'
),
candidate as materialized (
  select
    index.indrelid,
    index.indexrelid,
    index.indisunique,
    index.indisprimary,
    index.indisreplident,
    index.indimmediate,
    index.indnatts,
    index.indnkeyatts,
    index.indnullsnotdistinct,
    index.indkey[0] as first_column,
    index.indkey::smallint[] as columns,
    index.indclass::oid[] as classes,
    index.indcollation::oid[] as collations,
    index.indoption::smallint[] as options,
    -- The stored trees say also where in its text each expression stood, which differs.
    coalesce(regexp_replace(index.indexprs::text, ':location -?\d+', '', 'g'), '') as expressions,
    coalesce(regexp_replace(index.indpred::text, ':location -?\d+', '', 'g'), '') as predicate,
    relation.relam as method,
    relation.relname as name,
    relation.relpages,
    owner.relname as table_name,
    namespace.nspname as schema_name,
    coalesce(used.is_constraint, false) as is_constraint,
    coalesce(used.is_referenced, false) as is_referenced
  from pg_catalog.pg_index as index
  join pg_catalog.pg_class as relation on relation.oid = index.indexrelid
  join pg_catalog.pg_class as owner on owner.oid = index.indrelid
  join pg_catalog.pg_namespace as namespace on namespace.oid = owner.relnamespace
  left join used on used.conindid = index.indexrelid
  where index.indisvalid
    and not index.indisexclusion
    and owner.relpersistence <> 't'
    and namespace.nspname !~ '^pg_'
    and namespace.nspname <> 'information_schema'
    and (:schema::text is null or namespace.nspname = :schema)
    -- A part of a partitioned index lives and dies with it.
    and not relation.relispartition
),
pair as (
  select
    needless.schema_name,
    needless.table_name,
    needless.indrelid,
    needless.indexrelid,
    needless.name,
    needless.relpages,
    needless.is_constraint,
    kept.indexrelid as kept_indexrelid,
    kept_relation.relname as kept_name,
    case when needless.columns = other.columns then 'same' else 'prefix' end as reason
  from candidate as needless
  -- Not the candidates again: these are found through an index of the catalogue.
  join pg_catalog.pg_index as kept
    on kept.indrelid = needless.indrelid
    and kept.indexrelid <> needless.indexrelid
    and kept.indkey[0] = needless.first_column
    and kept.indisvalid
    and not kept.indisexclusion
  join pg_catalog.pg_class as kept_relation
    on kept_relation.oid = kept.indexrelid
    and kept_relation.relam = needless.method
  left join used as kept_used on kept_used.conindid = kept.indexrelid
  cross join lateral (
    select
      kept.indkey::smallint[] as columns,
      kept.indclass::oid[] as classes,
      kept.indcollation::oid[] as collations,
      kept.indoption::smallint[] as options,
      coalesce(regexp_replace(kept.indexprs::text, ':location -?\d+', '', 'g'), '') as expressions,
      coalesce(regexp_replace(kept.indpred::text, ':location -?\d+', '', 'g'), '') as predicate
  ) as other
  where not needless.indisreplident
    and not needless.is_referenced
    and needless.predicate = other.predicate
    and (
      (
        needless.columns = other.columns
        and needless.indnkeyatts = kept.indnkeyatts
        and needless.classes = other.classes
        and needless.collations = other.collations
        and needless.options = other.options
        and needless.expressions = other.expressions
        and (
          not needless.indisunique
          or (
            kept.indisunique
            and kept.indimmediate = needless.indimmediate
            and kept.indnullsnotdistinct = needless.indnullsnotdistinct
          )
        )
        -- Of two alike one is kept: what holds the stronger rule, else the older.
        and (
          kept.indisprimary,
          coalesce(kept_used.is_constraint, false),
          kept.indisunique,
          kept.indisreplident,
          -kept.indexrelid::bigint
        ) > (
          needless.indisprimary,
          needless.is_constraint,
          needless.indisunique,
          needless.indisreplident,
          -needless.indexrelid::bigint
        )
      )
      or (
        not needless.indisunique
        and needless.expressions = ''
        and needless.indnatts = needless.indnkeyatts
        and needless.indnkeyatts < kept.indnkeyatts
        and needless.method = (
          select method.oid
          from pg_catalog.pg_am as method
          where method.amname = 'btree'
        )
        and needless.columns[0 : needless.indnkeyatts - 1] = other.columns[0 : needless.indnkeyatts - 1]
        and needless.classes[0 : needless.indnkeyatts - 1] = other.classes[0 : needless.indnkeyatts - 1]
        and needless.collations[0 : needless.indnkeyatts - 1] = other.collations[0 : needless.indnkeyatts - 1]
        and needless.options[0 : needless.indnkeyatts - 1] = other.options[0 : needless.indnkeyatts - 1]
      )
    )
)
select
  pair.schema_name::text as schema,
  pair.table_name::text as table,
  pair.name::text as index,
  pair.kept_name::text as kept_index,
  pair.reason,
  coalesce(pg_stat_get_numscans(pair.indexrelid), 0) as scans,
  greatest(pair.relpages, 0) * current_setting('block_size')::bigint as size_bytes,
  pg_size_pretty(greatest(pair.relpages, 0) * current_setting('block_size')::bigint) as size,
  case
    when not exists (select from locked where locked.oid in (pair.indrelid, pair.indexrelid))
      then pg_get_indexdef(pair.indexrelid)
  end as definition,
  case
    when not exists (select from locked where locked.oid in (pair.indrelid, pair.kept_indexrelid))
      then pg_get_indexdef(pair.kept_indexrelid)
  end as kept_definition,
  case
    when pair.is_constraint
      then format('alter table %I.%I drop constraint %I;', pair.schema_name, pair.table_name, pair.name)
    else format('drop index concurrently %I.%I;', pair.schema_name, pair.name)
  end as to_drop
from pair
order by pair.relpages desc, pair.indexrelid, pair.kept_indexrelid
limit :max::integer;
