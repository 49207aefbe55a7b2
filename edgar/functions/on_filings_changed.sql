create or replace function edgar.on_filings_changed()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  ciks bigint[];
begin
  if tg_op = 'TRUNCATE' then
    delete from edgar.fact;
    delete from edgar.company_load;
    return null;
  end if;

  if tg_op = 'UPDATE' then
    if exists (
      select former.accession, former.cik
      from former
      except
      select changed.accession, changed.cik
      from changed
    ) then
      raise exception 'update on table "filing" changes the key of a filing'
        using
          errcode = 'foreign_key_violation',
          hint = 'Delete the filing with its facts and insert it anew',
          schema = 'edgar',
          table = 'filing';
    end if;
  elsif tg_op = 'DELETE' then
    -- The foreign key of facts: on delete cascade.
    delete from edgar.fact as fact
    using changed
    where fact.cik = changed.cik
      and fact.accession = changed.accession;
  end if;

  ciks := array(select distinct changed.cik from changed);
  if cardinality(ciks) = 0 then
    return null;
  end if;

  if tg_op <> 'DELETE' then
    update edgar.document_part as document
    set form = changed.form, filed_on = changed.filed_on
    from changed
    where document.accession = changed.accession
      and document.cik = changed.cik
      and (document.form, document.filed_on) is distinct from (changed.form, changed.filed_on);

    -- What documents that were here before their filing did not say.
    update edgar.fund_holding as holding
    set
      report_on = coalesce(holding.report_on, changed.report_on),
      filed_on = coalesce(holding.filed_on, changed.filed_on),
      manager_name = coalesce(holding.manager_name, company.name)
    from changed
    join edgar.company as company on company.cik = changed.cik
    where holding.accession = changed.accession
      and holding.cik = changed.cik
      and (
        (holding.report_on is null and changed.report_on is not null)
        or holding.filed_on is null
        or holding.manager_name is null
      );

    update edgar.insider_transaction as trade
    set form = coalesce(trade.form, changed.form), filed_on = coalesce(trade.filed_on, changed.filed_on)
    from changed
    where trade.accession = changed.accession
      and (trade.form is null or trade.filed_on is null);
  end if;
  perform edgar.keep_company_load(ciks);
  return null;
end
$function$;

comment on function edgar.on_filings_changed() is
  'Trigger: facts go with their filing; counts, and form and days of documents and holdings, follow the filings.';

revoke execute on function edgar.on_filings_changed() from public;
