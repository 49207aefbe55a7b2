-- name: wraparound :report
-- title: Transaction ID wraparound
-- How old the oldest unfrozen rows are, by database and by table of this one. At 100 percent of
-- freeze_max_age an autovacuum starts that nobody can turn off; near 100 percent of the hard limit PostgreSQL
-- refuses every write. Percents under 100 of the first are everyday life.
--
-- @param max = 20      How many tables to list, the oldest first    {minimum: 1, maximum: 200}
-- @column report!      Limits, databases and tables; all of it is visible to everybody
-- @example usual  {max: 3}  => {report: {databases: [{}]}}

select json_build_object(
  'freeze_max_age', current_setting('autovacuum_freeze_max_age')::integer,
  'multixact_freeze_max_age', current_setting('autovacuum_multixact_freeze_max_age')::integer,
  'databases', coalesce(
    (
      select json_agg(
        json_build_object(
          'database', database.datname::text,
          'age', age(database.datfrozenxid),
          'percent_of_freeze_max_age', (
            100 * age(database.datfrozenxid)::float8 / current_setting('autovacuum_freeze_max_age')::float8
          )::integer,
          -- PostgreSQL stops three million before two to the thirty-first.
          'percent_of_hard_limit', (100 * age(database.datfrozenxid)::float8 / 2144483647)::integer,
          'multixact_age', mxid_age(database.datminmxid),
          'percent_of_multixact_freeze_max_age', (
            100 * mxid_age(database.datminmxid)::float8
              / current_setting('autovacuum_multixact_freeze_max_age')::float8
          )::integer
        )
        order by age(database.datfrozenxid) desc, database.datname
      )
      from pg_catalog.pg_database as database
    ),
    '[]'
  ),
  'tables', coalesce(
    (
      select json_agg(
        json_build_object(
          'table', format('%I.%I', oldest.schema, oldest.name),
          'kind', oldest.kind,
          'age', oldest.age,
          'percent_of_freeze_max_age', (
            100 * oldest.age::float8 / current_setting('autovacuum_freeze_max_age')::float8
          )::integer,
          'multixact_age', oldest.multixact_age,
          'bytes', oldest.bytes
        )
        order by oldest.age desc, oldest.bytes desc, oldest.oid
      )
      from (
        select
          relation.oid,
          coalesce(space_of_owner.nspname, namespace.nspname) as schema,
          coalesce(owner.relname, relation.relname) as name,
          case relation.relkind
            when 'm' then 'materialized view'
            when 't' then 'long values of the table'
            else 'table'
          end as kind,
          age(relation.relfrozenxid) as age,
          mxid_age(relation.relminmxid) as multixact_age,
          greatest(relation.relpages, 0) * current_setting('block_size')::bigint as bytes
        from pg_catalog.pg_class as relation
        join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
        left join pg_catalog.pg_class as owner
          on owner.reltoastrelid = relation.oid
          and relation.relkind = 't'
        left join pg_catalog.pg_namespace as space_of_owner on space_of_owner.oid = owner.relnamespace
        where relation.relkind in ('r', 'm', 't')
        order by age(relation.relfrozenxid) desc, relation.relpages desc, relation.oid
        limit :max::integer
      ) as oldest
    ),
    '[]'
  )
) as report;
