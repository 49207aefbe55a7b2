-- Which of several labels a concept has: that of the newest filing, whatever the order in which companies' files were loaded.

set local lock_timeout = '5s';

alter table edgar.concept add column if not exists labelled_on date;

comment on column edgar.concept.labelled_on is
  'Day of the newest filing, in the source of the label, that uses the concept; null when the source did not say.';
