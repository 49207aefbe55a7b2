-- Generated: the schema that the migrations and view files make, to read and to review. Do not edit; do not run. Made by
--   pg_dump --schema-only --no-owner --no-privileges --schema=edgar --schema=sqlwright "$DATABASE_URL" \
--     | sed -e '/^--/d' -e '/^SET /d' -e '/^SELECT pg_catalog/d' -e '/^\\/d' | cat -s
-- with pg_dump 15 on a database that `migrate` has just filled.

CREATE SCHEMA edgar;

COMMENT ON SCHEMA edgar IS 'Companies, filings and XBRL facts of SEC EDGAR.';

CREATE SCHEMA sqlwright;

COMMENT ON SCHEMA sqlwright IS 'What sqlwright keeps about itself.';

CREATE DOMAIN edgar.accession AS text
	CONSTRAINT check_accession CHECK ((VALUE ~ '^[0-9]{10}-[0-9]{2}-[0-9]{6}$'::text));

COMMENT ON DOMAIN edgar.accession IS 'Accession number, EDGAR''s id of a filing: 0000320193-25-000079.';

CREATE DOMAIN edgar.cik AS bigint
	CONSTRAINT check_cik CHECK (((VALUE >= 1) AND (VALUE <= '9999999999'::bigint)));

COMMENT ON DOMAIN edgar.cik IS 'SEC company number (Central Index Key), not padded: 320193 is Apple.';

CREATE TYPE edgar.filing_status AS ENUM (
    'listed',
    'loaded',
    'failed'
);

COMMENT ON TYPE edgar.filing_status IS 'What is known of a filing: listed = only that it exists; loaded = its XBRL facts are here; failed = loading it failed.';

CREATE TYPE edgar.period_type AS ENUM (
    'duration',
    'instant'
);

COMMENT ON TYPE edgar.period_type IS 'duration = over a period, such as revenue; instant = on a day, such as total assets.';

CREATE TABLE edgar.company (
    cik edgar.cik NOT NULL,
    name text NOT NULL,
    tickers text[] DEFAULT '{}'::text[] NOT NULL,
    exchange text,
    sic text,
    fiscal_year_end text,
    state text,
    is_year_named_by_end boolean DEFAULT true NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT check_company_fiscal_year_end CHECK ((fiscal_year_end ~ '^(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$'::text)),
    CONSTRAINT check_company_name CHECK ((name <> ''::text)),
    CONSTRAINT check_company_sic CHECK ((sic ~ '^[0-9]{4}$'::text))
);

COMMENT ON TABLE edgar.company IS 'A registrant of the SEC.';

COMMENT ON COLUMN edgar.company.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.company.name IS 'Conformed name in EDGAR.';

COMMENT ON COLUMN edgar.company.tickers IS 'Ticker symbols, the main one first; empty when not listed.';

COMMENT ON COLUMN edgar.company.exchange IS 'Exchange of the main ticker, such as Nasdaq or NYSE.';

COMMENT ON COLUMN edgar.company.sic IS 'Standard Industrial Classification, four digits: 7372 is prepackaged software.';

COMMENT ON COLUMN edgar.company.fiscal_year_end IS 'Month and day the fiscal year ends, MMDD: 0926 is 26 September.';

COMMENT ON COLUMN edgar.company.state IS 'State or country of incorporation, EDGAR''s two-letter code.';

COMMENT ON COLUMN edgar.company.is_year_named_by_end IS 'True when the company names a fiscal year by the calendar year it ends in (Walmart: the year to 2026-01-31 is 2026), false when by the one before (Home Depot: the year to 2026-02-01 is 2025).';

COMMENT ON COLUMN edgar.company.updated_at IS 'When this row was last changed by a load.';

CREATE TABLE edgar.fact (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact IS 'A value that a company reported for a concept and a period in one filing. Later filings repeat a period; values that differ are restatements or stock splits.';

COMMENT ON COLUMN edgar.fact.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.fact.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.fact.tag IS 'XBRL tag: what the value is of.';

COMMENT ON COLUMN edgar.fact.unit IS 'Unit as the filer wrote it: USD, USD/shares, shares, pure.';

COMMENT ON COLUMN edgar.fact.start_on IS 'First day of the period; null for an instant, such as a balance sheet figure.';

COMMENT ON COLUMN edgar.fact.end_on IS 'Last day of the period, or the day of the instant.';

COMMENT ON COLUMN edgar.fact.value IS 'The value in whole units, exactly as SEC publishes it; nothing is scaled.';

COMMENT ON COLUMN edgar.fact.accession IS 'Accession number of the filing that reported the value: the source to cite.';

COMMENT ON COLUMN edgar.fact.fy IS 'Fiscal year of the filing, not of the period.';

COMMENT ON COLUMN edgar.fact.fp IS 'Fiscal period of the filing, not of the value: FY, Q1, Q2, Q3 or Q4.';

COMMENT ON COLUMN edgar.fact.form IS 'Form type of the filing that reported the value.';

COMMENT ON COLUMN edgar.fact.filed_on IS 'Day that filing was made.';

COMMENT ON COLUMN edgar.fact.frame IS 'SEC''s calendar period, such as CY2024 or CY2024Q3I, on the one fact SEC picks for it.';

CREATE TABLE edgar.headline_concept (
    item text NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    preference integer NOT NULL,
    CONSTRAINT check_headline_concept_preference CHECK ((preference >= 1))
);

COMMENT ON TABLE edgar.headline_concept IS 'The tags that hold a headline item. Where one filing reports several, the lowest preference counts.';

COMMENT ON COLUMN edgar.headline_concept.item IS 'Name of the headline item.';

COMMENT ON COLUMN edgar.headline_concept.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.headline_concept.tag IS 'XBRL tag that holds the item.';

COMMENT ON COLUMN edgar.headline_concept.preference IS 'Order of preference within the item, 1 first.';

CREATE TABLE edgar.headline_item (
    item text NOT NULL,
    label text NOT NULL,
    statement text NOT NULL,
    period_type edgar.period_type NOT NULL,
    unit_pattern text NOT NULL,
    is_additive boolean NOT NULL,
    "position" integer NOT NULL,
    CONSTRAINT check_headline_item_item CHECK ((item ~ '^[a-z][a-z0-9_]*$'::text)),
    CONSTRAINT check_headline_item_statement CHECK ((statement = ANY (ARRAY['income'::text, 'balance'::text, 'cash_flow'::text])))
);

COMMENT ON TABLE edgar.headline_item IS 'A figure analysts ask for by name, whatever tag a company reports it under.';

COMMENT ON COLUMN edgar.headline_item.item IS 'Name of the headline item, such as revenue or net_income.';

COMMENT ON COLUMN edgar.headline_item.label IS 'The item in words.';

COMMENT ON COLUMN edgar.headline_item.statement IS 'Statement it stands in: income, balance or cash_flow.';

COMMENT ON COLUMN edgar.headline_item.period_type IS 'duration = over a period; instant = on the last day of it.';

COMMENT ON COLUMN edgar.headline_item.unit_pattern IS 'Regular expression that a fact''s unit must match.';

COMMENT ON COLUMN edgar.headline_item.is_additive IS 'True when the quarters of a year add up to the year, so that a missing quarter can be derived.';

COMMENT ON COLUMN edgar.headline_item."position" IS 'Place in a list of items.';

CREATE VIEW edgar.annual_headline AS
 SELECT DISTINCT ON (figure.cik, figure.item, figure.calendar_year) figure.cik,
    figure.item,
    figure.calendar_year,
        CASE
            WHEN figure.is_year_named_by_end THEN (EXTRACT(year FROM (figure.end_on - 7)))::integer
            ELSE figure.calendar_year
        END AS fiscal_year,
    figure.start_on,
    figure.end_on,
    figure.value,
    figure.unit,
    figure.taxonomy,
    figure.tag,
    figure.accession,
    figure.form,
    figure.filed_on
   FROM ( SELECT fact.cik,
            concept.item,
            concept.preference,
            (EXTRACT(year FROM (fact.end_on - 180)))::integer AS calendar_year,
            company.is_year_named_by_end,
            fact.start_on,
            fact.end_on,
            fact.value,
            fact.unit,
            fact.taxonomy,
            fact.tag,
            fact.accession,
            fact.form,
            fact.filed_on
           FROM (((edgar.headline_concept concept
             JOIN edgar.headline_item item ON ((item.item = concept.item)))
             JOIN edgar.fact fact ON (((fact.taxonomy = concept.taxonomy) AND (fact.tag = concept.tag))))
             JOIN edgar.company company ON (((company.cik)::bigint = (fact.cik)::bigint)))
          WHERE ((item.period_type = 'duration'::edgar.period_type) AND (((fact.end_on - fact.start_on) >= 350) AND ((fact.end_on - fact.start_on) <= 380)) AND (fact.form <> ALL (ARRAY['10-Q'::text, '10-Q/A'::text])) AND (fact.unit ~ item.unit_pattern))
        UNION ALL
         SELECT fact.cik,
            concept.item,
            concept.preference,
            (EXTRACT(year FROM (fact.end_on - 180)))::integer AS calendar_year,
            company.is_year_named_by_end,
            fact.start_on,
            fact.end_on,
            fact.value,
            fact.unit,
            fact.taxonomy,
            fact.tag,
            fact.accession,
            fact.form,
            fact.filed_on
           FROM (((edgar.headline_concept concept
             JOIN edgar.headline_item item ON ((item.item = concept.item)))
             JOIN edgar.fact fact ON (((fact.taxonomy = concept.taxonomy) AND (fact.tag = concept.tag))))
             JOIN edgar.company company ON (((company.cik)::bigint = (fact.cik)::bigint)))
          WHERE ((item.period_type = 'instant'::edgar.period_type) AND (fact.start_on IS NULL) AND (fact.unit ~ item.unit_pattern) AND (EXISTS ( SELECT
                   FROM (edgar.headline_concept income
                     JOIN edgar.fact annual ON (((annual.taxonomy = income.taxonomy) AND (annual.tag = income.tag))))
                  WHERE ((income.item = 'net_income'::text) AND ((annual.cik)::bigint = (fact.cik)::bigint) AND (annual.end_on = fact.end_on) AND ((EXTRACT(year FROM (annual.end_on - 180)))::integer = (EXTRACT(year FROM (fact.end_on - 180)))::integer) AND (((annual.end_on - annual.start_on) >= 350) AND ((annual.end_on - annual.start_on) <= 380)) AND (annual.form <> ALL (ARRAY['10-Q'::text, '10-Q/A'::text]))))))) figure
  ORDER BY figure.cik, figure.item, figure.calendar_year, figure.filed_on DESC, figure.accession DESC, figure.preference, (figure.unit = 'USD'::text) DESC, figure.end_on DESC, figure.unit;

COMMENT ON VIEW edgar.annual_headline IS 'Annual headline figures';

COMMENT ON COLUMN edgar.annual_headline.item IS 'Headline item, such as revenue';

COMMENT ON COLUMN edgar.annual_headline.calendar_year IS 'Calendar year that holds most of the period, as in SEC''s frames';

COMMENT ON COLUMN edgar.annual_headline.fiscal_year IS 'The company''s own name for the year';

COMMENT ON COLUMN edgar.annual_headline.start_on IS 'First day of the period; null for a balance sheet figure';

COMMENT ON COLUMN edgar.annual_headline.end_on IS 'Last day of the period';

COMMENT ON COLUMN edgar.annual_headline.value IS 'The value in whole units; nothing is scaled';

COMMENT ON COLUMN edgar.annual_headline.unit IS 'Unit: a currency such as USD, USD/shares, or shares';

COMMENT ON COLUMN edgar.annual_headline.taxonomy IS 'XBRL taxonomy of the tag';

COMMENT ON COLUMN edgar.annual_headline.tag IS 'XBRL tag the company reported it under';

COMMENT ON COLUMN edgar.annual_headline.accession IS 'Accession number of the filing it comes from';

COMMENT ON COLUMN edgar.annual_headline.form IS 'Form type of that filing';

COMMENT ON COLUMN edgar.annual_headline.filed_on IS 'Day that filing was made';

CREATE TABLE edgar.concept (
    taxonomy text NOT NULL,
    tag text NOT NULL,
    label text,
    description text,
    CONSTRAINT check_concept_tag CHECK ((tag <> ''::text)),
    CONSTRAINT check_concept_taxonomy CHECK ((taxonomy <> ''::text))
);

COMMENT ON TABLE edgar.concept IS 'An XBRL concept: what a fact is a value of.';

COMMENT ON COLUMN edgar.concept.taxonomy IS 'XBRL taxonomy: us-gaap, dei, ifrs-full, srt.';

COMMENT ON COLUMN edgar.concept.tag IS 'XBRL tag within the taxonomy, such as NetIncomeLoss.';

COMMENT ON COLUMN edgar.concept.label IS 'The concept''s name in words.';

COMMENT ON COLUMN edgar.concept.description IS 'What the concept means.';

CREATE VIEW edgar.fact_as_first_reported AS
 SELECT fact.cik,
    fact.taxonomy,
    fact.tag,
    fact.unit,
    fact.start_on,
    fact.end_on,
    COALESCE(((fact.end_on - fact.start_on) + 1), 0) AS days,
    fact.value,
    fact.accession,
    fact.form,
    fact.filed_on
   FROM edgar.fact fact
  WHERE (NOT (EXISTS ( SELECT
           FROM edgar.fact earlier
          WHERE (((earlier.cik)::bigint = (fact.cik)::bigint) AND (earlier.taxonomy = fact.taxonomy) AND (earlier.tag = fact.tag) AND (earlier.unit = fact.unit) AND (earlier.end_on = fact.end_on) AND (NOT (earlier.start_on IS DISTINCT FROM fact.start_on)) AND (ROW(earlier.filed_on, (earlier.accession)::text) < ROW(fact.filed_on, (fact.accession)::text))))));

COMMENT ON VIEW edgar.fact_as_first_reported IS 'Facts as first reported';

COMMENT ON COLUMN edgar.fact_as_first_reported.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.fact_as_first_reported.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.fact_as_first_reported.tag IS 'XBRL tag: what the value is of.';

COMMENT ON COLUMN edgar.fact_as_first_reported.unit IS 'Unit as the filer wrote it: USD, USD/shares, shares, pure.';

COMMENT ON COLUMN edgar.fact_as_first_reported.start_on IS 'First day of the period; null for an instant, such as a balance sheet figure.';

COMMENT ON COLUMN edgar.fact_as_first_reported.end_on IS 'Last day of the period, or the day of the instant.';

COMMENT ON COLUMN edgar.fact_as_first_reported.days IS 'Length of the period in days, both ends counted; 0 for an instant';

COMMENT ON COLUMN edgar.fact_as_first_reported.value IS 'The value in whole units, exactly as SEC publishes it; nothing is scaled.';

COMMENT ON COLUMN edgar.fact_as_first_reported.accession IS 'Accession number of the filing that reported the value: the source to cite.';

COMMENT ON COLUMN edgar.fact_as_first_reported.form IS 'Form type of the filing that reported the value.';

COMMENT ON COLUMN edgar.fact_as_first_reported.filed_on IS 'Day that filing was made.';

CREATE VIEW edgar.fact_as_last_reported AS
 SELECT fact.cik,
    fact.taxonomy,
    fact.tag,
    fact.unit,
    fact.start_on,
    fact.end_on,
    COALESCE(((fact.end_on - fact.start_on) + 1), 0) AS days,
    fact.value,
    fact.accession,
    fact.form,
    fact.filed_on
   FROM edgar.fact fact
  WHERE (NOT (EXISTS ( SELECT
           FROM edgar.fact later
          WHERE (((later.cik)::bigint = (fact.cik)::bigint) AND (later.taxonomy = fact.taxonomy) AND (later.tag = fact.tag) AND (later.unit = fact.unit) AND (later.end_on = fact.end_on) AND (NOT (later.start_on IS DISTINCT FROM fact.start_on)) AND (ROW(later.filed_on, (later.accession)::text) > ROW(fact.filed_on, (fact.accession)::text))))));

COMMENT ON VIEW edgar.fact_as_last_reported IS 'Facts as last reported';

COMMENT ON COLUMN edgar.fact_as_last_reported.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.fact_as_last_reported.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.fact_as_last_reported.tag IS 'XBRL tag: what the value is of.';

COMMENT ON COLUMN edgar.fact_as_last_reported.unit IS 'Unit as the filer wrote it: USD, USD/shares, shares, pure.';

COMMENT ON COLUMN edgar.fact_as_last_reported.start_on IS 'First day of the period; null for an instant, such as a balance sheet figure.';

COMMENT ON COLUMN edgar.fact_as_last_reported.end_on IS 'Last day of the period, or the day of the instant.';

COMMENT ON COLUMN edgar.fact_as_last_reported.days IS 'Length of the period in days, both ends counted; 0 for an instant';

COMMENT ON COLUMN edgar.fact_as_last_reported.value IS 'The value in whole units, exactly as SEC publishes it; nothing is scaled.';

COMMENT ON COLUMN edgar.fact_as_last_reported.accession IS 'Accession number of the filing that reported the value: the source to cite.';

COMMENT ON COLUMN edgar.fact_as_last_reported.form IS 'Form type of the filing that reported the value.';

COMMENT ON COLUMN edgar.fact_as_last_reported.filed_on IS 'Day that filing was made.';

CREATE TABLE edgar.filing (
    accession edgar.accession NOT NULL,
    cik edgar.cik NOT NULL,
    form text NOT NULL,
    filed_on date NOT NULL,
    report_on date,
    primary_document text,
    size_bytes bigint,
    status edgar.filing_status DEFAULT 'listed'::edgar.filing_status NOT NULL,
    failure text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT check_filing_failure CHECK (((failure IS NULL) OR (status = 'failed'::edgar.filing_status))),
    CONSTRAINT check_filing_form CHECK ((form <> ''::text)),
    CONSTRAINT check_filing_size_bytes CHECK ((size_bytes >= 0))
);

COMMENT ON TABLE edgar.filing IS 'A filing with the SEC, once for each company it was made for.';

COMMENT ON COLUMN edgar.filing.accession IS 'Accession number: the source to cite.';

COMMENT ON COLUMN edgar.filing.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.filing.form IS 'Form type: 10-K annual report, 10-Q quarterly report, 8-K current report; /A marks an amendment.';

COMMENT ON COLUMN edgar.filing.filed_on IS 'Day the filing was made.';

COMMENT ON COLUMN edgar.filing.report_on IS 'Last day of the period, or the day of the event, that the filing reports on.';

COMMENT ON COLUMN edgar.filing.primary_document IS 'File name of the main document in the filing''s folder.';

COMMENT ON COLUMN edgar.filing.size_bytes IS 'Size of the whole submission in bytes.';

COMMENT ON COLUMN edgar.filing.status IS 'What is known of the filing: listed, loaded or failed.';

COMMENT ON COLUMN edgar.filing.failure IS 'Why loading the filing failed; only with status failed.';

COMMENT ON COLUMN edgar.filing.updated_at IS 'When this row was last changed.';

CREATE TABLE edgar.ticker (
    ticker text NOT NULL,
    cik edgar.cik NOT NULL,
    "position" integer NOT NULL,
    CONSTRAINT check_ticker_position CHECK (("position" >= 1)),
    CONSTRAINT check_ticker_ticker CHECK (((ticker <> ''::text) AND (ticker = upper(ticker))))
);

COMMENT ON TABLE edgar.ticker IS 'Which company a ticker symbol leads to. One row per symbol of edgar.company.tickers, kept by edgar_load_companies.';

COMMENT ON COLUMN edgar.ticker.ticker IS 'Ticker symbol in upper case, EDGAR''s spelling: BRK-B.';

COMMENT ON COLUMN edgar.ticker.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.ticker."position" IS 'Place among the company''s tickers; 1 is the main one.';

CREATE TABLE sqlwright.migration (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    duration_ms integer NOT NULL
);

COMMENT ON TABLE sqlwright.migration IS 'Migrations that were applied to this database.';

COMMENT ON COLUMN sqlwright.migration.version IS 'Number of the migration.';

COMMENT ON COLUMN sqlwright.migration.name IS 'Name of its file.';

COMMENT ON COLUMN sqlwright.migration.sha256 IS 'SHA-256 of the file''s text with line feeds as line ends.';

COMMENT ON COLUMN sqlwright.migration.applied_at IS 'When it was applied.';

COMMENT ON COLUMN sqlwright.migration.duration_ms IS 'How long it took, in milliseconds.';

CREATE TABLE sqlwright.view (
    path text NOT NULL,
    view_name text NOT NULL,
    sha256 text NOT NULL,
    deployed_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE sqlwright.view IS 'View files that were deployed to this database.';

COMMENT ON COLUMN sqlwright.view.path IS 'Path of the file in the SQL directory.';

COMMENT ON COLUMN sqlwright.view.view_name IS 'The view, with its schema, quoted where needed.';

COMMENT ON COLUMN sqlwright.view.sha256 IS 'SHA-256 of the file''s text and column texts.';

COMMENT ON COLUMN sqlwright.view.deployed_at IS 'When it was last deployed.';

ALTER TABLE ONLY edgar.company
    ADD CONSTRAINT pk_company PRIMARY KEY (cik);

ALTER TABLE ONLY edgar.concept
    ADD CONSTRAINT pk_concept PRIMARY KEY (taxonomy, tag);

ALTER TABLE ONLY edgar.filing
    ADD CONSTRAINT pk_filing PRIMARY KEY (accession, cik);

ALTER TABLE ONLY edgar.headline_concept
    ADD CONSTRAINT pk_headline_concept PRIMARY KEY (item, taxonomy, tag);

ALTER TABLE ONLY edgar.headline_item
    ADD CONSTRAINT pk_headline_item PRIMARY KEY (item);

ALTER TABLE ONLY edgar.ticker
    ADD CONSTRAINT pk_ticker PRIMARY KEY (ticker);

ALTER TABLE ONLY edgar.fact
    ADD CONSTRAINT unique_fact UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.headline_concept
    ADD CONSTRAINT unique_headline_concept_preference UNIQUE (item, preference);

ALTER TABLE ONLY edgar.headline_item
    ADD CONSTRAINT unique_headline_item_position UNIQUE ("position");

ALTER TABLE ONLY sqlwright.migration
    ADD CONSTRAINT pk_migration PRIMARY KEY (version);

ALTER TABLE ONLY sqlwright.view
    ADD CONSTRAINT pk_view PRIMARY KEY (path);

CREATE INDEX index_fact_accession ON edgar.fact USING btree (accession, cik);

CREATE INDEX index_fact_concept_year ON edgar.fact USING btree (taxonomy, tag, ((EXTRACT(year FROM (end_on - 180)))::integer), cik);

CREATE INDEX index_filing_cik_filed_on ON edgar.filing USING btree (cik, filed_on, accession);

CREATE INDEX index_filing_failed ON edgar.filing USING btree (updated_at, accession, cik) WHERE (status = 'failed'::edgar.filing_status);

CREATE INDEX index_filing_filed_on ON edgar.filing USING btree (filed_on, accession, cik);

CREATE INDEX index_headline_concept_tag ON edgar.headline_concept USING btree (taxonomy, tag);

CREATE INDEX index_ticker_cik ON edgar.ticker USING btree (cik, "position");

ALTER TABLE ONLY edgar.fact
    ADD CONSTRAINT fk_fact_filing FOREIGN KEY (accession, cik) REFERENCES edgar.filing(accession, cik) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.filing
    ADD CONSTRAINT fk_filing_company FOREIGN KEY (cik) REFERENCES edgar.company(cik) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.headline_concept
    ADD CONSTRAINT fk_headline_concept_concept FOREIGN KEY (taxonomy, tag) REFERENCES edgar.concept(taxonomy, tag) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.headline_concept
    ADD CONSTRAINT fk_headline_concept_headline_item FOREIGN KEY (item) REFERENCES edgar.headline_item(item) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.ticker
    ADD CONSTRAINT fk_ticker_company FOREIGN KEY (cik) REFERENCES edgar.company(cik) ON DELETE CASCADE;
