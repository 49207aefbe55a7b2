-- name: slow_statements :report
-- title: Slow statements
-- The statements of this database that cost the most, as pg_stat_statements counted them: their values
-- replaced by $1, $2. Where it is not at work, `is_available` is false and `what_to_do` says how to get it.
--
-- @param order_by = total_ms   What to order by, most first
--     {enum: [total_ms, mean_ms, calls, rows, blocks_read, temporary_blocks]}
-- @param max = 20              How many statements    {minimum: 1, maximum: 100}
-- @param query_length = 500    How many characters of each statement    {minimum: 10, maximum: 1000}
-- @column report!              The statements; times in milliseconds, share_percent of the time of all,
--     blocks of 8 kB as a rule; hidden_statements counts those of the dearest whose text this login may not
--     see
-- @example usual  {max: 5}  => {report: {}}
-- @example mean   {order_by: mean_ms, max: 3}  => {report: {}}
-- @allow forbidden read-tool-writes  query_to_xml() runs a fixed text, in the call's read-only transaction:
--     naming the extension's view in the file would be an error in databases without it

with extension as (
  select
    namespace.nspname as schema,
    -- 1.8 is of PostgreSQL 13; an older one stays after an upgrade until somebody updates it.
    string_to_array(installed.extversion, '.')::integer[] >= array[1, 8] as is_recent,
    coalesce(
      has_schema_privilege(namespace.oid, 'usage')
        and has_table_privilege(
          (
            select relation.oid
            from pg_catalog.pg_class as relation
            where relation.relnamespace = namespace.oid
              and relation.relname = 'pg_stat_statements'
          ),
          'select'
        ),
      false
    ) as is_readable
  from pg_catalog.pg_extension as installed
  join pg_catalog.pg_namespace as namespace on namespace.oid = installed.extnamespace
  where installed.extname = 'pg_stat_statements'
),
availability as materialized (
  select
    (select extension.schema from extension) as schema,
    case
      when current_setting('pg_stat_statements.max', true) is null
        then 'Add pg_stat_statements to shared_preload_libraries in postgresql.conf, restart the server, '
          || 'then run in this database: create extension if not exists pg_stat_statements;'
      when not exists (select from extension)
        then 'Run in this database, as its owner or a superuser: create extension pg_stat_statements;'
      when not (select extension.is_recent from extension)
        then 'Run in this database: alter extension pg_stat_statements update;'
      when not (select extension.is_readable from extension)
        then format(
          'Run: grant usage on schema %I to %I; grant select on %I.pg_stat_statements to %I;',
          (select extension.schema from extension),
          current_user,
          (select extension.schema from extension),
          current_user
        )
    end as what_to_do
),
answer as materialized (
  -- Each of these columns is called the same in all versions from 1.8.
  select case
    when availability.what_to_do is null
      then query_to_xml(
        format(
          $text$
            select json_agg(ranked)
            from (
              select
                statement.queryid, role.rolname as role, left(statement.query, 1000) as query,
                statement.calls, statement.rows, statement.total_exec_time as total_ms,
                statement.mean_exec_time as mean_ms,
                statement.max_exec_time as max_ms, statement.shared_blks_hit as blocks_hit,
                statement.shared_blks_read as blocks_read, statement.temp_blks_written as temporary_blocks,
                statement.wal_bytes,
                100 * statement.total_exec_time / nullif(sum(statement.total_exec_time) over (), 0)
                  as share_percent,
                -- The first hundred by each measure are enough for every call.
                least(
                  row_number() over (order by statement.total_exec_time desc, statement.queryid),
                  row_number() over (order by statement.mean_exec_time desc, statement.queryid),
                  row_number() over (order by statement.calls desc, statement.queryid),
                  row_number() over (order by statement.rows desc, statement.queryid),
                  row_number() over (order by statement.shared_blks_read desc, statement.queryid),
                  row_number() over (order by statement.temp_blks_written desc, statement.queryid)
                ) as rank
              from %I.pg_stat_statements as statement
              left join pg_catalog.pg_roles as role on role.oid = statement.userid
              where statement.dbid = (
                select database.oid
                from pg_catalog.pg_database as database
                where database.datname = current_database()
              )
            ) as ranked
            where ranked.rank <= 100
          $text$,
          availability.schema
        ),
        false,
        false,
        ''
      )::text
  end as xml
  from availability
),
statement as materialized (
  select
    counted.queryid,
    counted.role,
    counted.query,
    counted.calls,
    counted.rows,
    counted.total_ms,
    counted.mean_ms,
    counted.max_ms,
    counted.blocks_hit,
    counted.blocks_read,
    counted.temporary_blocks,
    counted.wal_bytes,
    counted.share_percent
  from answer
  cross join lateral json_to_recordset(
    -- The JSON is the text of the one element; xpath() would need a PostgreSQL that was built with libxml.
    nullif(
      replace(
        replace(
          replace(split_part(split_part(answer.xml, '<json_agg>', 2), '</json_agg>', 1), '&lt;', '<'),
          '&gt;',
          '>'
        ),
        '&amp;',
        '&'
      ),
      ''
    )::json
  ) as counted (
    queryid bigint,
    role text,
    query text,
    calls bigint,
    rows bigint,
    total_ms float8,
    mean_ms float8,
    max_ms float8,
    blocks_hit bigint,
    blocks_read bigint,
    temporary_blocks bigint,
    wal_bytes bigint,
    share_percent float8
  )
)
select json_build_object(
  'is_available', availability.what_to_do is null,
  'what_to_do', availability.what_to_do,
  'statements', coalesce(
    (
      select json_agg(
        json_build_object(
          -- As text, because it does not fit into the numbers of JavaScript.
          'query_id', dearest.queryid::text,
          'role', dearest.role,
          'query', left(dearest.query, :query_length::integer),
          'calls', dearest.calls,
          'rows', dearest.rows,
          'total_ms', round(dearest.total_ms::numeric, 1)::float8,
          'mean_ms', round(dearest.mean_ms::numeric, 3)::float8,
          'max_ms', round(dearest.max_ms::numeric, 1)::float8,
          'share_percent', round(dearest.share_percent::numeric, 1)::float8,
          'blocks_hit', dearest.blocks_hit,
          'blocks_read', dearest.blocks_read,
          'temporary_blocks', dearest.temporary_blocks,
          'wal_bytes', dearest.wal_bytes
        )
        order by dearest.measure desc, dearest.queryid
      )
      from (
        select
          statement.queryid,
          statement.role,
          statement.query,
          statement.calls,
          statement.rows,
          statement.total_ms,
          statement.mean_ms,
          statement.max_ms,
          statement.blocks_hit,
          statement.blocks_read,
          statement.temporary_blocks,
          statement.wal_bytes,
          statement.share_percent,
          case :order_by::text
            when 'mean_ms' then statement.mean_ms
            when 'calls' then statement.calls
            when 'rows' then statement.rows
            when 'blocks_read' then statement.blocks_read
            when 'temporary_blocks' then statement.temporary_blocks
            else statement.total_ms
          end as measure
        from statement
        order by measure desc, statement.queryid
        limit :max::integer
      ) as dearest
    ),
    '[]'
  ),
  'hidden_statements', (select count(*) from statement where statement.query = '<insufficient privilege>'),
  'note', case
    when exists (select from statement where statement.query = '<insufficient privilege>')
      then format('The texts of other roles are hidden. To see them: grant pg_monitor to %I;', current_user)
  end
) as report
from availability;
