-- name: load_insider_transactions :copy
-- title: Load insiders' transactions
-- Bulk-loads trades and holdings that insiders reported on forms 3, 4 and 5: all rows or none. A row that is already there is updated, and rows
-- that a filing no longer has go: send filings whole.
--
-- @column accession               Accession number of the filing
-- @column position                Place in the filing, 1 first
-- @column is_derivative           True for options and other derivatives
-- @column issuer_cik              SEC company number of the issuer
-- @column owner_cik               SEC number of the insider
-- @column owner_name              Name of the insider
-- @column is_director             True when the insider is a director
-- @column is_officer              True when the insider is an officer
-- @column is_ten_percent_owner    True when the insider owns ten per cent or more
-- @column officer_title           Title of the officer
-- @column security_title          Title of the security
-- @column transacted_on           Day of the trade
-- @column transaction_code        SEC's code of the trade
-- @column shares                  How many were traded
-- @column price                   Price of one, in US dollars
-- @column acquired_disposed       A or D
-- @column shares_after            How many are owned after the trade
-- @column is_direct               True when owned directly
-- @column nature_of_ownership     Through whom, when not owned directly
-- @column underlying_security     Security that a derivative is for
-- @column exercise_price          Exercise or conversion price
-- @column footnotes               Footnotes of the row
-- @column is_holding              True for a holding without a trade
-- @column form                    Form type: 3, 4 or 5
-- @column filed_on                Day the filing was made
-- @scope edgar:load
-- @hint idempotent
-- @timeout 300s
-- @example bad  {rows: [{accession: 0000320193-20-000086, position: 1, is_derivative: false, issuer_cik: 320193, owner_cik: 1, owner_name: Nobody, is_holding: false, acquired_disposed: X}]}  => error 23514

create temporary table incoming (like edgar.insider_transaction including defaults) on commit drop;

copy incoming
  (
    accession,
    position,
    is_derivative,
    issuer_cik,
    owner_cik,
    owner_name,
    is_director,
    is_officer,
    is_ten_percent_owner,
    officer_title,
    security_title,
    transacted_on,
    transaction_code,
    shares,
    price,
    acquired_disposed,
    shares_after,
    is_direct,
    nature_of_ownership,
    underlying_security,
    exercise_price,
    footnotes,
    is_holding,
    form,
    filed_on
  )
from stdin (format csv, header match);

delete from edgar.insider_transaction as present
using (
  select distinct incoming.accession
  from incoming
) as loaded
where present.accession = loaded.accession
  and not exists (
    select
    from incoming as kept
    where kept.accession = present.accession
      and kept.owner_cik = present.owner_cik
      and kept.position = present.position
  );

-- Where the document does not say it, what is known of its filing does.
update edgar.insider_transaction as present
set
  is_derivative = incoming.is_derivative,
  is_holding = incoming.is_holding,
  issuer_cik = incoming.issuer_cik,
  owner_name = incoming.owner_name,
  is_director = incoming.is_director,
  is_officer = incoming.is_officer,
  is_ten_percent_owner = incoming.is_ten_percent_owner,
  officer_title = incoming.officer_title,
  security_title = incoming.security_title,
  transacted_on = incoming.transacted_on,
  transaction_code = incoming.transaction_code,
  shares = incoming.shares,
  price = incoming.price,
  acquired_disposed = incoming.acquired_disposed,
  shares_after = incoming.shares_after,
  is_direct = incoming.is_direct,
  nature_of_ownership = incoming.nature_of_ownership,
  underlying_security = incoming.underlying_security,
  exercise_price = incoming.exercise_price,
  footnotes = incoming.footnotes,
  form = incoming.form,
  filed_on = incoming.filed_on
from (
  select
    incoming.accession,
    incoming.position,
    incoming.is_derivative,
    incoming.issuer_cik,
    incoming.owner_cik,
    incoming.owner_name,
    incoming.is_director,
    incoming.is_officer,
    incoming.is_ten_percent_owner,
    incoming.officer_title,
    incoming.security_title,
    incoming.transacted_on,
    incoming.transaction_code,
    incoming.shares,
    incoming.price,
    incoming.acquired_disposed,
    incoming.shares_after,
    incoming.is_direct,
    incoming.nature_of_ownership,
    incoming.underlying_security,
    incoming.exercise_price,
    incoming.footnotes,
    incoming.is_holding,
    coalesce(incoming.form, filing.form) as form,
    coalesce(incoming.filed_on, filing.filed_on) as filed_on
  from incoming
  left join edgar.filing as filing
    on filing.accession = incoming.accession
    and filing.cik = incoming.issuer_cik
) as incoming
where present.accession = incoming.accession
  and present.owner_cik = incoming.owner_cik
  and present.position = incoming.position
  and (
    present.is_derivative,
    present.is_holding,
    present.issuer_cik,
    present.owner_name,
    present.is_director,
    present.is_officer,
    present.is_ten_percent_owner,
    present.officer_title,
    present.security_title,
    present.transacted_on,
    present.transaction_code,
    present.shares,
    present.price,
    present.acquired_disposed,
    present.shares_after,
    present.is_direct,
    present.nature_of_ownership,
    present.underlying_security,
    present.exercise_price,
    present.footnotes,
    present.form,
    present.filed_on
  ) is distinct from (
    incoming.is_derivative,
    incoming.is_holding,
    incoming.issuer_cik,
    incoming.owner_name,
    incoming.is_director,
    incoming.is_officer,
    incoming.is_ten_percent_owner,
    incoming.officer_title,
    incoming.security_title,
    incoming.transacted_on,
    incoming.transaction_code,
    incoming.shares,
    incoming.price,
    incoming.acquired_disposed,
    incoming.shares_after,
    incoming.is_direct,
    incoming.nature_of_ownership,
    incoming.underlying_security,
    incoming.exercise_price,
    incoming.footnotes,
    incoming.form,
    incoming.filed_on
  );

insert into edgar.insider_transaction
  (
    accession,
    position,
    is_derivative,
    issuer_cik,
    owner_cik,
    owner_name,
    is_director,
    is_officer,
    is_ten_percent_owner,
    officer_title,
    security_title,
    transacted_on,
    transaction_code,
    shares,
    price,
    acquired_disposed,
    shares_after,
    is_direct,
    nature_of_ownership,
    underlying_security,
    exercise_price,
    footnotes,
    is_holding,
    form,
    filed_on
  )
select distinct on (incoming.accession, incoming.owner_cik, incoming.position)
  incoming.accession,
  incoming.position,
  incoming.is_derivative,
  incoming.issuer_cik,
  incoming.owner_cik,
  incoming.owner_name,
  incoming.is_director,
  incoming.is_officer,
  incoming.is_ten_percent_owner,
  incoming.officer_title,
  incoming.security_title,
  incoming.transacted_on,
  incoming.transaction_code,
  incoming.shares,
  incoming.price,
  incoming.acquired_disposed,
  incoming.shares_after,
  incoming.is_direct,
  incoming.nature_of_ownership,
  incoming.underlying_security,
  incoming.exercise_price,
  incoming.footnotes,
  incoming.is_holding,
  incoming.form,
  incoming.filed_on
from (
  select
    incoming.accession,
    incoming.position,
    incoming.is_derivative,
    incoming.issuer_cik,
    incoming.owner_cik,
    incoming.owner_name,
    incoming.is_director,
    incoming.is_officer,
    incoming.is_ten_percent_owner,
    incoming.officer_title,
    incoming.security_title,
    incoming.transacted_on,
    incoming.transaction_code,
    incoming.shares,
    incoming.price,
    incoming.acquired_disposed,
    incoming.shares_after,
    incoming.is_direct,
    incoming.nature_of_ownership,
    incoming.underlying_security,
    incoming.exercise_price,
    incoming.footnotes,
    incoming.is_holding,
    coalesce(incoming.form, filing.form) as form,
    coalesce(incoming.filed_on, filing.filed_on) as filed_on
  from incoming
  left join edgar.filing as filing
    on filing.accession = incoming.accession
    and filing.cik = incoming.issuer_cik
) as incoming
where not exists (
  select
  from edgar.insider_transaction as present
  where present.accession = incoming.accession
    and present.owner_cik = incoming.owner_cik
    and present.position = incoming.position
)
order by incoming.accession, incoming.owner_cik, incoming.position
on conflict do nothing;
