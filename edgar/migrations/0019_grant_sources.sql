-- Who may do what with the tables of migrations 0011 to 0018; see 0008.

set local lock_timeout = '5s';

grant select on all tables in schema edgar to sqlwright_reader, sqlwright_writer;

grant insert, update on
  edgar.fact,
  edgar.source_file,
  edgar.statement_submission,
  edgar.statement_tag,
  edgar.statement_number,
  edgar.statement_presentation
to sqlwright_writer;

-- Documents are loaded whole: what a new version no longer has goes.
grant insert, update, delete on
  edgar.fund_class,
  edgar.insider_transaction,
  edgar.fund_holding,
  edgar.document_part
to sqlwright_writer;
