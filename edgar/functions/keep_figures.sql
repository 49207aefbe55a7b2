-- Makes annual figures and restatements of these companies what their facts say.
create or replace function edgar.keep_figures(ciks bigint[])
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform
  from edgar.company as company
  where company.cik = any (ciks)
  order by company.cik
  for no key update;

  with reported as materialized (
    select
      fact.cik,
      concept.item,
      concept.preference,
      item.period_type,
      extract(year from fact.end_on - 180)::integer as calendar_year,
      fact.start_on,
      fact.end_on,
      fact.value,
      fact.unit,
      fact.taxonomy,
      fact.tag,
      fact.accession,
      fact.form,
      fact.filed_on,
      first_value(fact.value) over in_time as first_value,
      first_value(fact.accession) over in_time as first_accession,
      first_value(fact.filed_on) over in_time as first_filed_on,
      row_number() over in_time = count(*) over (
        partition by concept.item, fact.cik, fact.taxonomy, fact.tag, fact.unit, fact.end_on, fact.start_on
      ) as is_last
    from unnest(ciks) as wanted (cik)
    cross join edgar.headline_concept as concept
    join edgar.headline_item as item on item.item = concept.item
    -- One range of the key for each company and tag, whatever the planner believes of either: hence the offset.
    cross join lateral (
      select
        fact.cik,
        fact.start_on,
        fact.end_on,
        fact.value,
        fact.unit,
        fact.taxonomy,
        fact.tag,
        fact.accession,
        fact.form,
        fact.filed_on
      from edgar.fact as fact
      where fact.cik = wanted.cik
        and fact.taxonomy = concept.taxonomy
        and fact.tag = concept.tag
      offset 0
    ) as fact
    where fact.unit ~ item.unit_pattern
      and (
        (item.period_type = 'duration' and fact.end_on - fact.start_on between 350 and 380)
        or (item.period_type = 'instant' and fact.start_on is null)
      )
    window in_time as (
      partition by concept.item, fact.cik, fact.taxonomy, fact.tag, fact.unit, fact.end_on, fact.start_on
      order by fact.filed_on, fact.accession
    )
  ),
  annual as materialized (
    -- The newest filing wins, and within it the preferred tag. A balance sheet counts when the company reported a year's net income
    -- to the same day.
    select distinct on (reported.cik, reported.item, reported.calendar_year)
      reported.cik,
      reported.item,
      reported.calendar_year,
      reported.start_on,
      reported.end_on,
      reported.value,
      reported.unit,
      reported.taxonomy,
      reported.tag,
      reported.accession,
      reported.form,
      reported.filed_on,
      reported.first_value,
      reported.first_accession
    from reported
    where case reported.period_type
        when 'duration' then reported.form not in ('10-Q', '10-Q/A')
        else (reported.cik, reported.end_on) in (
          select income.cik, income.end_on
          from reported as income
          where income.item = 'net_income'
            and income.form not in ('10-Q', '10-Q/A')
        )
      end
    order by
      reported.cik,
      reported.item,
      reported.calendar_year,
      reported.filed_on desc,
      reported.accession desc,
      reported.preference,
      reported.unit = 'USD' desc,
      reported.end_on desc,
      reported.unit
  ),
  restated as materialized (
    select
      reported.cik,
      reported.item,
      reported.taxonomy,
      reported.tag,
      reported.unit,
      reported.start_on,
      reported.end_on,
      reported.calendar_year,
      reported.first_value,
      reported.value as last_value,
      reported.first_accession,
      reported.first_filed_on,
      reported.accession as last_accession,
      reported.filed_on as last_filed_on
    from reported
    where reported.is_last
      and reported.value <> reported.first_value
  ),
  gone_annual as (
    delete from edgar.annual_figure as figure
    where figure.cik = any (ciks)
      and (figure.cik, figure.item, figure.calendar_year) not in (
        select annual.cik, annual.item, annual.calendar_year
        from annual
      )
  ),
  kept_annual as (
    insert into edgar.annual_figure as figure
      (
        cik,
        item,
        calendar_year,
        start_on,
        end_on,
        value,
        unit,
        taxonomy,
        tag,
        accession,
        form,
        filed_on,
        first_value,
        first_accession
      )
    select
      annual.cik,
      annual.item,
      annual.calendar_year,
      annual.start_on,
      annual.end_on,
      annual.value,
      annual.unit,
      annual.taxonomy,
      annual.tag,
      annual.accession,
      annual.form,
      annual.filed_on,
      annual.first_value,
      annual.first_accession
    from annual
    where not exists (
      select
      from edgar.annual_figure as same
      where same.cik = annual.cik
        and same.item = annual.item
        and same.calendar_year = annual.calendar_year
        and (
          same.start_on,
          same.end_on,
          same.value,
          same.unit,
          same.taxonomy,
          same.tag,
          same.accession,
          same.form,
          same.filed_on,
          same.first_value,
          same.first_accession
        ) is not distinct from (
          annual.start_on,
          annual.end_on,
          annual.value,
          annual.unit,
          annual.taxonomy,
          annual.tag,
          annual.accession,
          annual.form,
          annual.filed_on,
          annual.first_value,
          annual.first_accession
        )
    )
    on conflict (cik, item, calendar_year) do update
    set
      start_on = excluded.start_on,
      end_on = excluded.end_on,
      value = excluded.value,
      unit = excluded.unit,
      taxonomy = excluded.taxonomy,
      tag = excluded.tag,
      accession = excluded.accession,
      form = excluded.form,
      filed_on = excluded.filed_on,
      first_value = excluded.first_value,
      first_accession = excluded.first_accession
  ),
  gone_restated as (
    delete from edgar.restatement as former
    where former.cik = any (ciks)
      and not exists (
        select
        from restated
        where restated.cik = former.cik
          and restated.item = former.item
          and restated.taxonomy = former.taxonomy
          and restated.tag = former.tag
          and restated.unit = former.unit
          and restated.end_on = former.end_on
          and restated.start_on is not distinct from former.start_on
      )
  )
  insert into edgar.restatement as restatement
    (
      cik,
      item,
      taxonomy,
      tag,
      unit,
      start_on,
      end_on,
      calendar_year,
      first_value,
      last_value,
      first_accession,
      first_filed_on,
      last_accession,
      last_filed_on
    )
  select
    restated.cik,
    restated.item,
    restated.taxonomy,
    restated.tag,
    restated.unit,
    restated.start_on,
    restated.end_on,
    restated.calendar_year,
    restated.first_value,
    restated.last_value,
    restated.first_accession,
    restated.first_filed_on,
    restated.last_accession,
    restated.last_filed_on
  from restated
  where not exists (
    select
    from edgar.restatement as same
    where same.cik = restated.cik
      and same.item = restated.item
      and same.taxonomy = restated.taxonomy
      and same.tag = restated.tag
      and same.unit = restated.unit
      and same.end_on = restated.end_on
      and same.start_on is not distinct from restated.start_on
      and (same.first_value, same.last_value, same.first_accession, same.first_filed_on, same.last_accession, same.last_filed_on)
        is not distinct from
        (
          restated.first_value,
          restated.last_value,
          restated.first_accession,
          restated.first_filed_on,
          restated.last_accession,
          restated.last_filed_on
        )
  )
  on conflict (cik, item, taxonomy, tag, unit, end_on, start_on) do update
  set
    calendar_year = excluded.calendar_year,
    first_value = excluded.first_value,
    last_value = excluded.last_value,
    first_accession = excluded.first_accession,
    first_filed_on = excluded.first_filed_on,
    last_accession = excluded.last_accession,
    last_filed_on = excluded.last_filed_on;
end
$function$;

comment on function edgar.keep_figures(bigint[]) is
  'Makes edgar.annual_figure and edgar.restatement of these companies what their facts say; writes only what differs.';

revoke execute on function edgar.keep_figures(bigint[]) from public;
