-- name: restatements :many
-- title: Restatements
-- Periods of about a year, or instants, whose headline figure was reported with different values: the first, the last, and the difference, the
-- largest change first. Stock splits show here for per-share items; a change of accounting rules does too.
--
-- @param item = net_income    Headline item, from edgar_headline_items                 {pattern: '^[a-z][a-z0-9_]*$', maxLength: 60}
-- @param cik?                 Only this company
-- @param from_year = 2015     Calendar years from this one                             {minimum: 1990, maximum: 2100}
-- @param to_year = 2100       Calendar years up to this one                            {minimum: 1990, maximum: 2100}
-- @param max = 25             How many periods                                         {minimum: 1, maximum: 200}
-- @column company             Name of the company
-- @column item                Headline item
-- @column first_value!        The value in the first filing
-- @column last_value!         The value in the last filing
-- @column difference!         Last less first
-- @column change              Difference over the first value: 0.05 is 5 %; null when the first is zero
-- @column first_accession!    The first filing
-- @column first_filed_on      Day the first filing was made
-- @column last_accession!     The last filing
-- @column last_filed_on       Day the last filing was made
-- @example split    {item: eps_diluted, cik: 1045810, max: 5}  => rows >= 1
-- @example unknown  {cik: 1}  => rows = 0

select
  restatement.cik,
  company.name as company,
  restatement.item,
  restatement.tag,
  restatement.start_on,
  restatement.end_on,
  restatement.unit,
  restatement.first_value,
  restatement.last_value,
  restatement.last_value - restatement.first_value as difference,
  round((restatement.last_value - restatement.first_value) / nullif(abs(restatement.first_value), 0), 4) as change,
  restatement.first_accession,
  restatement.first_filed_on,
  restatement.last_accession,
  restatement.last_filed_on
from edgar.restatement as restatement
join edgar.company as company on company.cik = restatement.cik
where restatement.item = :'item'::text
  and (:cik::edgar.cik is null or restatement.cik = :cik)
  and restatement.calendar_year between :from_year::integer and :to_year::integer
order by abs(restatement.last_value - restatement.first_value) desc, restatement.cik, restatement.end_on
limit :max::integer;
