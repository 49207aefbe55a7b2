-- name: sequences_near_end :report
-- title: Sequences near their end
-- Sequences that have used most of their numbers, or whose column's type ends before they do: at 100 percent
-- every insert fails. Most used first.
--
-- @param min_percent = 75   Only sequences used by at least so much    {minimum: 0, maximum: 100}
-- @param max = 50           How many sequences to list    {minimum: 1, maximum: 500}
-- @column report!           The sequences, and how many this login may not read
-- @example usual    {}  => {report: {}}
-- @example highest  {min_percent: 0, max: 1}  => {report: {}}
-- @allow read-tool-writes  pg_sequence_last_value() is volatile because sequences move; it moves none

with altered as materialized (
  select held.relation as oid
  from pg_catalog.pg_locks as held
  where held.locktype = 'relation'
    and held.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
),
sequence as materialized (
  select
    namespace.nspname::text as schema,
    relation.relname::text as name,
    owned.column_name,
    counter.seqcycle as is_cycling,
    counter.seqincrement > 0 as is_ascending,
    counter.seqmin,
    counter.seqmax,
    -- The column ends it, when its type is smaller than the sequence's.
    least(
      counter.seqmax,
      case owned.type_name when 'int2' then 32767 when 'int4' then 2147483647 else counter.seqmax end
    ) as last_number,
    case when reading.is_granted then pg_sequence_last_value(relation.oid) end as last_value,
    reading.is_granted as is_visible
  from pg_catalog.pg_sequence as counter
  join pg_catalog.pg_class as relation on relation.oid = counter.seqrelid
  join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
  cross join lateral (
    select (has_sequence_privilege(relation.oid, 'select') or has_sequence_privilege(relation.oid, 'usage'))
      -- Asking for the value would wait for one who alters the sequence.
      and not exists (select from altered where altered.oid = relation.oid) as is_granted
  ) as reading
  left join lateral (
    select
      format('%I.%I.%I', space.nspname, owner.relname, attribute.attname) as column_name,
      type.typname as type_name
    from pg_catalog.pg_depend as dependency
    join pg_catalog.pg_class as owner on owner.oid = dependency.refobjid
    join pg_catalog.pg_namespace as space on space.oid = owner.relnamespace
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = dependency.refobjid
      and attribute.attnum = dependency.refobjsubid
    join pg_catalog.pg_type as type on type.oid = attribute.atttypid
    where dependency.classid = 'pg_catalog.pg_class'::regclass
      and dependency.objid = counter.seqrelid
      and dependency.refclassid = 'pg_catalog.pg_class'::regclass
      and dependency.refobjsubid > 0
      and dependency.deptype in ('a', 'i')
    limit 1
  ) as owned on true
  where not pg_is_other_temp_schema(namespace.oid)
),
used as materialized (
  select
    sequence.schema,
    sequence.name,
    sequence.column_name,
    sequence.is_cycling,
    sequence.last_value,
    case when sequence.is_ascending then sequence.last_number else sequence.seqmin end as last_number,
    round(
      case
        when sequence.is_ascending
          then 100.0 * (sequence.last_value - sequence.seqmin::numeric + 1)
            / greatest(sequence.last_number - sequence.seqmin::numeric + 1, 1)
        else 100.0 * (sequence.seqmax::numeric - sequence.last_value + 1)
          / greatest(sequence.seqmax::numeric - sequence.seqmin + 1, 1)
      end,
      1
    ) as used_percent
  from sequence
  where sequence.is_visible
)
select json_build_object(
  'sequences', coalesce(
    (
      select json_agg(
        json_build_object(
          'sequence', format('%I.%I', fullest.schema, fullest.name),
          'column', fullest.column_name,
          'last_value', fullest.last_value::text,
          'last_number', fullest.last_number::text,
          'used_percent', fullest.used_percent::float8,
          'is_cycling', fullest.is_cycling
        )
        order by fullest.used_percent desc, fullest.schema, fullest.name
      )
      from (
        select
          used.schema,
          used.name,
          used.column_name,
          used.last_value,
          used.last_number,
          used.used_percent,
          used.is_cycling
        from used
        where used.used_percent >= :min_percent::integer
        order by used.used_percent desc, used.schema, used.name
        limit :max::integer
      ) as fullest
    ),
    '[]'
  ),
  'never_used', (select count(*) from used where used.used_percent is null),
  'hidden_sequences', (select count(*) from sequence where not sequence.is_visible),
  'note', case
    when exists (select from sequence where not sequence.is_visible)
      then format(
        'Sequences without SELECT or USAGE are hidden, from pg_monitor too. To see all: '
          || 'grant pg_read_all_data to %I; or in each schema: '
          || 'grant select on all sequences in schema NAME to %I;',
        current_user,
        current_user
      )
  end
) as report;
