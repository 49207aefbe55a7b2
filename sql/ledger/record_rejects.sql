-- name: record_rejects :unnest
-- title: Record rejected rows
-- Writes down the rows that a load has left out, many at once.
--
-- @param load_id       The load
-- @param number        From 1, in the order of the source
-- @param line          Line of the source
-- @param column_name?  Column that was refused, where it is known
-- @param value?        Start of the refused value
-- @param reason        Why, in the words of PostgreSQL or of the reader
-- @param sqlstate?     PostgreSQL's code, where it was PostgreSQL
-- @param record?       Start of the record
-- @allow unnest-outcome-unknown  All rows are new

insert into sqlwright.load_reject (load_id, number, line, column_name, value, reason, sqlstate, record)
select
  :load_id::uuid,
  reject.number,
  reject.line,
  reject.column_name,
  reject.value,
  reject.reason,
  reject.sqlstate,
  reject.record
from unnest(
  :number::integer[],
  :line::bigint[],
  :column_name::text[],
  :value::text[],
  :reason::text[],
  :sqlstate::text[],
  :record::text[]
) as reject (number, line, column_name, value, reason, sqlstate, record);
