-- The text of filings: found by words and phrases in all their forms, with a snippet and its source.

-- test: a phrase is found in the filing that says it, and a document that shrinks loses its last parts
-- call: edgar_load_documents {rows: [
--     {accession: 0000320193-25-000079, cik: 320193, file_name: aapl-20250927.htm, part: 1, body: The Company designs smartphones and tablets.},
--     {accession: 0000320193-25-000079, cik: 320193, file_name: aapl-20250927.htm, part: 2, body: Tariffs on imported zyzzyvas could raise costs.}]}
-- expect: {copied: 2, inserted: 2}
-- call: edgar_search_documents {q: zyzzyva tariff}
-- expect: rows = 1
-- expect: {rows: [{accession: 0000320193-25-000079, cik: 320193, company: Apple Inc., form: 10-K, filed_on: '2025-10-31', part: 2,
--     snippet: '<<Tariffs>> on imported <<zyzzyvas>> could raise costs', document_url: 'https://www.sec.gov/Archives/edgar/data/320193/000032019325000079/aapl-20250927.htm'}]}
-- call: edgar_search_documents {q: '"imported tariffs"'}
-- expect: rows = 0
-- call: edgar_search_documents {q: zyzzyva, forms: [10-Q]}
-- expect: rows = 0
-- call: edgar_search_documents {q: zyzzyva, cik: 320193, since: '2025-01-01', until: '2025-12-31'}
-- expect: rows = 1
-- call: edgar_load_documents {rows: [
--     {accession: 0000320193-25-000079, cik: 320193, file_name: aapl-20250927.htm, part: 1, body: The Company designs smartphones and tablets.}]}
-- expect: {inserted: 0, updated: 0}
-- call: edgar_search_documents {q: zyzzyva}
-- expect: rows = 0

-- test: marks of trade are no part of a word, whatever the locale takes for letters
-- call: edgar_load_documents {rows: [
--     {accession: 0000320193-25-000079, cik: 320193, file_name: aapl-20250927.htm, part: 1, body: Apple Zyzzyva Pro™ runs zyzzyvaOS® software.}]}
-- call: edgar_search_documents {q: '"zyzzyva pro"'}
-- expect: {rows: [{snippet: 'Apple <<Zyzzyva>> <<Pro>> runs zyzzyvaOS software'}]}
-- call: edgar_search_documents {q: 'zyzzyvaOS®'}
-- expect: rows = 1

-- test: a document that comes before its filing gets form and day from it
-- call: edgar_load_documents {rows: [{accession: 0000320193-99-000009, cik: 320193, file_name: early.htm, part: 1, body: An early zyzzyva.}]}
-- call: edgar_search_documents {q: zyzzyva}
-- expect: {rows: [{form: null, filed_on: null}]}
-- call: edgar_load_index {rows: [{cik: 320193, name: Apple Inc., form: 8-K, filed_on: '1999-01-04', accession: 0000320193-99-000009, file_name: edgar/data/320193/0000320193-99-000009.txt}]}
-- call: edgar_search_documents {q: zyzzyva}
-- expect: {rows: [{form: 8-K, filed_on: '1999-01-04'}]}

-- test: what is written in a search is a value and never SQL or a query that fails
-- call: edgar_search_documents {q: "'; drop table edgar.document_part; -- & | ! <->"}
-- expect: rows = 0
select to_regclass('edgar.document_part') is not null;

-- test: a reader may not load documents
-- as: sqlwright_reader
-- call: edgar_load_documents {rows: [{accession: 0000320193-25-000079, cik: 320193, file_name: a.htm, part: 1, body: A}]}
-- expect: denied
