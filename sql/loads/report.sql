-- name: report :report
-- title: Report of loads
-- One document about the loads of some days: for each tool how many there were, what they brought, how long they took and the reasons of
-- rejected rows, and what uploads take of their space.
--
-- @param days = 7   How many days back   {minimum: 1, maximum: 365}
-- @example week  {}  => {report: {days: 7}}

select
  json_build_object(
    'days', :days::integer,
    'tools', coalesce(
      (
        select
          json_agg(
            json_build_object(
              'tool', summary.tool,
              'loads', summary.loads,
              'copied', summary.copied,
              'rejected', summary.rejected,
              'seconds', summary.seconds,
              'last_at', summary.last_at,
              'reasons', coalesce(
                (
                  select
                    json_agg(
                      json_build_object('reason', common.reason, 'rows', common.rejects)
                      order by common.rejects desc, common.reason
                    )
                  from (
                    select reject.reason, count(*) as rejects
                    from sqlwright.load_reject as reject
                    join sqlwright.load as load on load.id = reject.load_id
                    where load.tool = summary.tool
                      and load.finished_at > now() - :days * interval '1 day'
                    group by reject.reason
                    order by count(*) desc, reject.reason
                    limit 5
                  ) as common
                ),
                '[]'
              )
            )
            order by summary.tool
          )
        from (
          select
            load.tool,
            count(*) as loads,
            coalesce(sum((load.answer ->> 'copied')::bigint), 0) as copied,
            coalesce(sum((load.answer ->> 'rejected')::bigint), 0) as rejected,
            round(sum(extract(epoch from load.finished_at - load.started_at)), 3) as seconds,
            max(load.finished_at) as last_at
          from sqlwright.load as load
          where load.finished_at > now() - :days * interval '1 day'
          group by load.tool
        ) as summary
      ),
      '[]'
    ),
    'uploads', (
      select
        json_build_object(
          'count', count(*),
          'whole', count(upload.size_bytes),
          'kept_bytes', coalesce(sum(upload.reserved_bytes), 0)
        )
      from sqlwright.upload as upload
      where upload.expires_at > now()
    )
  ) as report;
