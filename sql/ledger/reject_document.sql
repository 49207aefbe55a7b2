-- name: reject_document :report
-- title: The rejects of a load as a document
-- What the resource `sqlwright://loads/<id>/rejects` answers: the load, how many rows it has rejected, and the first 2,000 of them. Null
-- when there is no such load, or its rejects have expired.
--
-- @param id   The load

select
  json_build_object(
    'tool', load.tool,
    'source', load.source,
    'loaded_at', load.finished_at::text,
    'count', (select count(*) from sqlwright.load_reject as reject where reject.load_id = load.id),
    'rejects', coalesce(
      (
        select
          json_agg(
            json_build_object(
              'line', reject.line,
              'column', reject.column_name,
              'value', reject.value,
              'reason', reject.reason,
              'sqlstate', reject.sqlstate,
              'record', reject.record
            )
            order by reject.number
          )
        from sqlwright.load_reject as reject
        where reject.load_id = load.id
          and reject.number <= 2000
      ),
      '[]'
    )
  ) as report
from sqlwright.load as load
where load.id = :id::uuid
  and load.rejects_expire_at > now();
