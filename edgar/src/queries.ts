// deno-fmt-ignore-file
/** The query files' arguments and answers. Written by `sqlwright types`: change the files, not this. */

export interface CopyOptions {
  format?: "auto" | "csv" | "tsv" | "ndjson" | "json";
  compression?: "auto" | "none" | "gzip" | "zip";
  /** File in a zip */
  member?: string;
  /** Such as latin1; default utf-8 */
  encoding?: string;
  delimiter?: string;
  /** Empty: nothing is quoted */
  quote?: string;
  /** Text that stands for NULL */
  null?: string;
  /** The first line names the columns */
  header?: boolean;
  /** Name in source: column; null skips it */
  columns?: Record<string, string | null>;
  /** collect: bad rows are rejected, the others load */
  mode?: "all_or_nothing" | "collect";
  max_rejects?: number;
  /** A load with a key is done once */
  idempotency_key?: string;
}

export interface CopyResult {
  /** Rows read from the input */
  copied: number;
  /** Rows new in the table */
  inserted?: number;
  /** Rows changed in the table */
  updated?: number;
  /** Rows deleted from the table */
  deleted?: number;
  /** Rows read that changed nothing there */
  unchanged?: number;
  /** Rows inserted, updated or deleted by all statements */
  affected: number;
  /** Bad rows left out; always 0 unless mode is collect */
  rejected: number;
  rejects?: {
    /** As rejected */
    count: number;
    /** Where all of them can be read */
    resource: string | null;
    first: {
      line: number;
      column: string | null;
      value: string | null;
      reason: string;
      sqlstate: string | null;
    }[];
  };
  /** The idempotency key was loaded before: nothing was done now */
  already_loaded?: boolean;
}

export interface ManyResult {
  rows: {
    /** Accession number: the source to cite. */
    accession: string;
    /** SEC company number. */
    cik: number;
    /** Name of the company */
    company: string;
    /** Form type: 10-K annual report, 10-Q quarterly report, 8-K current report; /A marks an amendment. */
    form: string;
    /** Day the filing was made. */
    filed_on: string;
    /** Last day of the period, or the day of the event, that the filing reports on. */
    report_on: string | null;
    /** What is known of the filing: listed, loaded or failed. */
    status: "listed" | "loaded" | "failed";
    /** Address of the main document; null when EDGAR names none */
    document_url: string | null;
  }[];
  /** Null at the end */
  next_cursor: string | null;
  /** Set when a ceiling cut rows off: what is missing and how to get it */
  truncated?: string;
}

export interface OneRow {
  /** Path of the file at SEC, such as /submissions/CIK0000320193.json; a member of an archive after its path and a slash. */
  path: string;
  /** tickers, submissions, company_facts, full_index, daily_index, statement_data_set, document or other. */
  kind: string;
  /** What became of the file: loaded, failed or missing. */
  status: "loaded" | "failed" | "missing";
  /** SHA-256 of the content, in hex; null when there was none. */
  sha256: string | null;
  /** ETag of SEC's answer, for the next conditional request. */
  etag: string | null;
  /** Last-Modified of SEC's answer, as SEC writes it. */
  last_modified: string | null;
  /** Size of the content in bytes. */
  size_bytes: number | null;
  /** When SEC sent the file; null for a file from a folder. */
  fetched_at: string | null;
  /** Why loading it failed; only with status failed. */
  failure: string | null;
  /** Rows that the file brought, changed ones and unchanged ones. */
  rows_loaded: number;
  /** How long loading it took. */
  seconds: string;
  /** When this row was last written. */
  loaded_at: string;
}

export interface ViewArguments {
  /** SEC company number, from edgar_find_company */
  cik?: number | null;
  /** XBRL taxonomy: us-gaap or dei */
  taxonomy?: string | null;
  /** XBRL tag, such as NetIncomeLoss */
  tag?: string | null;
  /** Unit, such as USD or USD/shares */
  unit?: string | null;
  /** Periods that end on this day or later */
  end_on_from?: string | null;
  /** Periods that end on this day or earlier */
  end_on_to?: string | null;
  /** Periods of at least so many days */
  days_from?: number | null;
  /** Periods of at most so many days */
  days_to?: number | null;
  /** next_cursor of the page before; absent for the first page */
  cursor?: string | null;
  /** Rows a page */
  page_size?: number;
}

export interface ViewResult {
  rows: {
    /** SEC company number. */
    cik: number;
    /** XBRL taxonomy of the tag. */
    taxonomy: string;
    /** XBRL tag: what the value is of. */
    tag: string;
    /** Unit as the filer wrote it: USD, USD/shares, shares, pure. */
    unit: string;
    /** First day of the period; null for an instant, such as a balance sheet figure. */
    start_on: string | null;
    /** Last day of the period, or the day of the instant. */
    end_on: string;
    /** Length of the period in days, both ends counted; 0 for an instant */
    days: number;
    /** The value in whole units, exactly as SEC publishes it; nothing is scaled. */
    value: string;
    /** Accession number of the filing that reported the value: the source to cite. */
    accession: string;
    /** Form type of the filing that reported the value. */
    form: string;
    /** Day that filing was made. */
    filed_on: string;
  }[];
  /** Null at the end */
  next_cursor: string | null;
  /** Set when a ceiling cut rows off: what is missing and how to get it */
  truncated?: string;
}

export interface Queries {
  edgar: {
    /**
     * Add companies. Bulk-adds companies that are not known yet, with their names: all rows or none. A company that is there keeps what it has. For sources that
     * say little about a company, such as indexes and company facts; edgar_load_companies takes the rest.
     */
    add_companies: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** SEC company number */
          cik: number;
          /** Name of the company */
          name: string;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Annual headline figures. One row for each company, headline item and year, as last reported: the value in the newest filing, from the preferred tag of
     * edgar.headline_concept. Only periods of about twelve months, and balance sheets at the end of one.
     */
    annual_headline: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik?: number | null;
        /** Headline items, such as revenue, net_income */
        item?: string[] | null;
        /** First calendar year */
        calendar_year_from?: number | null;
        /** Last calendar year */
        calendar_year_to?: number | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** SEC company number. */
          cik: number;
          /** Headline item, such as revenue */
          item: string;
          /** Calendar year that holds most of the period, as in SEC's frames */
          calendar_year: number;
          /** The company's own name for the year */
          fiscal_year: number;
          /** First day of the period; null for a balance sheet figure */
          start_on: string | null;
          /** Last day of the period */
          end_on: string;
          /** The value in whole units; nothing is scaled */
          value: string;
          /** Unit: a currency such as USD, USD/shares, or shares */
          unit: string;
          /** XBRL taxonomy of the tag */
          taxonomy: string;
          /** XBRL tag the company reported it under */
          tag: string;
          /** Accession number of the filing it comes from */
          accession: string;
          /** Form type of that filing */
          form: string;
          /** Day that filing was made */
          filed_on: string;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Annual statement. The headline figures of a company by fiscal year, newest first, restatements resolved: each value as last reported, with the filing it comes
     * from. `first_value` is what the company reported at first, null where it has not changed.
     */
    annual_statement: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** How many fiscal years */
        years?: number;
        /** Only this statement */
        statement?: "income" | "balance" | "cash_flow" | null;
      };
      result: {
        rows: {
          /** The company's own name for the year */
          fiscal_year: number;
          /** Calendar year that holds most of the fiscal year */
          calendar_year: number;
          /** Statement it stands in: income, balance or cash_flow. */
          statement: string;
          /** Headline item, such as revenue. */
          item: string;
          /** The item in words. */
          label: string;
          /** The value in whole units; nothing is scaled. */
          value: string;
          /** Unit: a currency such as USD, USD/shares, or shares. */
          unit: string;
          /** First day of the period; null for a balance sheet figure. */
          start_on: string | null;
          /** Last day of the period. */
          end_on: string;
          /** The value as first reported under the same tag, where it differs */
          first_value: string | null;
          /** XBRL tag the company reported it under. */
          tag: string;
          /** Accession number of the filing it comes from. */
          accession: string;
          /** Form type of that filing. */
          form: string;
          /** Day that filing was made. */
          filed_on: string;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Companies with new filings. Companies that made a filing on a day or later, as the indexes say: those to ask SEC for again. Only companies whose submissions
     * or facts were loaded before, unless all are asked for.
     */
    companies_to_sync: {
      arguments: {
        /** First day */
        since: string;
        /** Also companies of which nothing but an index is loaded */
        all?: boolean;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** SEC company number. */
          cik: number;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Concepts of a company. Which XBRL concepts a company reports, in which unit, how often and over which years. Use it to see what is there before
     * edgar_concept_history.
     */
    company_concepts: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** Only tags that contain this text */
        q?: string | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** XBRL taxonomy of the tag. */
          taxonomy: string;
          /** XBRL tag: what the value is of. */
          tag: string;
          /** Unit as the filer wrote it: USD, USD/shares, shares, pure. */
          unit: string;
          /** SEC company number. */
          cik: number;
          /** The concept's name in words. */
          label: string | null;
          /** How many values were reported */
          facts: number;
          /** End of the first period */
          first_end_on: string;
          /** End of the last period */
          last_end_on: string;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Filings of a company. The filings of one company, newest first, each with the address of its main document at the SEC. */
    company_filings: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** Only these form types, such as 10-K, 10-Q, 8-K; an amendment is its own type, 10-K/A */
        forms?: (string | number | null)[] | null;
        /** Only filings of this day or later */
        since?: string | null;
        /** Only filings of this day or earlier */
        until?: string | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** Accession number: the source to cite. */
          accession: string;
          /** SEC company number. */
          cik: number;
          /** Form type: 10-K annual report, 10-Q quarterly report, 8-K current report; /A marks an amendment. */
          form: string;
          /** Day the filing was made. */
          filed_on: string;
          /** Last day of the period, or the day of the event, that the filing reports on. */
          report_on: string | null;
          /** What is known of the filing: listed, loaded or failed. */
          status: "listed" | "loaded" | "failed";
          /** Size of the whole submission in bytes. */
          size_bytes: number | null;
          /** Address of the main document; null when EDGAR names none */
          document_url: string | null;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Company profile. One company: names, tickers, industry, fiscal year, and what is loaded of it. Null when the company is unknown. */
    company_profile: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
      };
      result: {
        row: {
          /** SEC company number. */
          cik: number;
          /** Conformed name in EDGAR. */
          name: string;
          /** Ticker symbols, the main one first; empty when not listed. */
          tickers: (string | null)[];
          /** Exchange of the main ticker, such as Nasdaq or NYSE. */
          exchange: string | null;
          /** Standard Industrial Classification, four digits: 7372 is prepackaged software. */
          sic: string | null;
          /** Month and day the fiscal year ends, MMDD: 0926 is 26 September. */
          fiscal_year_end: string | null;
          /** State or country of incorporation, EDGAR's two-letter code. */
          state: string | null;
          /** True when the company names a fiscal year by the calendar year it ends in (Walmart: the year to 2026-01-31 is 2026), false when by the one before (Home Depot: the year to 2026-02-01 is 2025). */
          is_year_named_by_end: boolean;
          /** Filings that are known */
          filings: number;
          /** Form type of the newest filing */
          latest_form: string | null;
          /** Day of the newest filing */
          latest_filed_on: string | null;
          /** Accession number of the newest filing */
          latest_accession: string | null;
        } | null;
      };
    };
    /**
     * Company report. One document: the company, its headline figures by fiscal year as last reported, and its latest filings. Null when the company is
     * unknown.
     */
    company_report: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** How many fiscal years to include */
        years?: number;
        /** How many filings to include */
        filings?: number;
      };
      result: {
        report: {
          company: {
            /** SEC company number. */
            cik: number;
            /** Conformed name in EDGAR. */
            name: string;
            /** Ticker symbols, the main one first; empty when not listed. */
            tickers: (string | null | unknown[])[];
            /** Exchange of the main ticker, such as Nasdaq or NYSE. */
            exchange: string | null;
            /** Standard Industrial Classification, four digits: 7372 is prepackaged software. */
            sic: string | null;
            /** Month and day the fiscal year ends, MMDD: 0926 is 26 September. */
            fiscal_year_end: string | null;
            /** State or country of incorporation, EDGAR's two-letter code. */
            state: string | null;
          };
          years: {
            fiscal_year: number | null;
            end_on: string;
            figures: {
              /** Headline item, such as revenue */
              item: string;
              /** The item in words. */
              label: string;
              value: string;
              /** Unit: a currency such as USD, USD/shares, or shares */
              unit: string;
              /** First day of the period; null for a balance sheet figure */
              start_on: string | null;
              /** Last day of the period */
              end_on: string;
              /** Accession number of the filing it comes from */
              accession: string;
            }[];
          }[];
          filings: {
            /** Accession number: the source to cite. */
            accession: string;
            /** Form type: 10-K annual report, 10-Q quarterly report, 8-K current report; /A marks an amendment. */
            form: string;
            /** Day the filing was made. */
            filed_on: string;
            /** Last day of the period, or the day of the event, that the filing reports on. */
            report_on: string | null;
            /** What is known of the filing: listed, loaded or failed. */
            status: "listed" | "loaded" | "failed";
          }[];
        } | null;
      };
    };
    /**
     * Compare companies. One headline item of several companies side by side by calendar year, newest first, as last reported. Companies that are unknown, or have no
     * such figure, are missing from the answer.
     */
    compare_companies: {
      arguments: {
        /** CIKs or tickers, mixed as you like */
        companies: (string | number | null)[];
        /** Headline item, from edgar_headline_items */
        item?: string;
        /** How many calendar years, counted from the newest figure */
        years?: number;
      };
      result: {
        rows: {
          /** Calendar year that holds most of the fiscal year */
          calendar_year: number;
          /** SEC company number. */
          cik: number;
          /** Name of the company */
          company: string;
          /** The company's own name for the year */
          fiscal_year: number;
          /** Headline item, such as revenue */
          item: string;
          /** The value in whole units; nothing is scaled */
          value: string;
          /** Unit: a currency such as USD, USD/shares, or shares */
          unit: string;
          /** First day of the period; null for a balance sheet figure */
          start_on: string | null;
          /** Last day of the period */
          end_on: string;
          /** XBRL tag the company reported it under */
          tag: string;
          /** Accession number of the filing it comes from */
          accession: string;
          /** Form type of that filing */
          form: string;
          /** Day that filing was made */
          filed_on: string;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * One concept over time. The values of one XBRL tag of one company, newest period first, each period once as last reported. Years, half-years and
     * quarters stand under one tag: choose with `period`.
     */
    concept_history: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** XBRL tag, such as NetIncomeLoss */
        tag: string;
        /** XBRL taxonomy */
        taxonomy?: string;
        /** Which periods */
        period?: "any" | "year" | "quarter" | "instant";
        /** Only periods that end on this day or later */
        since?: string | null;
        /** How many periods to return */
        max?: number;
      };
      result: {
        rows: {
          /** SEC company number. */
          cik: number;
          /** The concept in words */
          label: string | null;
          /** XBRL tag: what the value is of. */
          tag: string;
          /** The value in whole units, exactly as SEC publishes it; nothing is scaled. */
          value: string;
          /** Unit as the filer wrote it: USD, USD/shares, shares, pure. */
          unit: string;
          /** First day of the period; null for an instant, such as a balance sheet figure. */
          start_on: string | null;
          /** Last day of the period, or the day of the instant. */
          end_on: string;
          /** Length of the period in days, both ends counted; 0 for an instant */
          days: number;
          /** Accession number of the filing that reported the value: the source to cite. */
          accession: string;
          /** Form type of the filing that reported the value. */
          form: string;
          /** Day that filing was made. */
          filed_on: string;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * What is loaded. What is loaded of each company and how fresh it is: filings, facts, and the newest day of each. A newest filing after
     * `facts_filed_on` has no figures here yet.
     */
    data_status: {
      arguments: {
        /** Only this company */
        cik?: number | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** SEC company number. */
          cik: number;
          /** Name of the company */
          company: string;
          /** Filings that are known */
          filings: number;
          /** Filings whose facts are loaded */
          loaded_filings: number;
          /** Filings whose load failed; see edgar_failed_filings */
          failed_filings: number;
          /** Facts that are loaded */
          facts: number;
          /** Day of the oldest filing */
          first_filed_on: string | null;
          /** Day of the newest filing */
          last_filed_on: string | null;
          /** Day of the newest filing whose facts are loaded */
          facts_filed_on: string | null;
          /** When a filing of the company was last added or changed here */
          changed_at: string | null;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Facts as first reported. One row for each company, XBRL tag, unit and period: the value in the oldest filing that reports it, so later restatements and stock
     * splits are not in it. Filter by company and tag; `days` tells a year (about 365) from a quarter (about 91) and an instant (0).
     */
    fact_as_first_reported: {
      arguments: ViewArguments;
      result: ViewResult;
    };
    /**
     * Facts as last reported. One row for each company, XBRL tag, unit and period: the value in the newest filing that reports it, so restatements and stock
     * splits are in it. Filter by company and tag; `days` tells a year (about 365) from a quarter (about 91) and an instant (0).
     */
    fact_as_last_reported: {
      arguments: ViewArguments;
      result: ViewResult;
    };
    /** Failed filings. Filings whose load failed, oldest failure first, with the reason. */
    failed_filings: {
      arguments: {
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** When the failure was recorded */
          failed_at: string;
          /** Accession number: the source to cite. */
          accession: string;
          /** SEC company number. */
          cik: number;
          /** Name of the company */
          company: string;
          /** Form type: 10-K annual report, 10-Q quarterly report, 8-K current report; /A marks an amendment. */
          form: string;
          /** Day the filing was made. */
          filed_on: string;
          /** Why loading the filing failed; only with status failed. */
          failure: string | null;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Facts of a filing. Every XBRL fact that one filing reported, with comparatives of earlier periods: what exactly did this document say? */
    filing_facts: {
      arguments: {
        /** Accession number, such as 0000320193-25-000079 */
        accession: string;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: ViewResult;
    };
    /** Filings of a day. Everything filed on one day over all companies, by form type where one is given. New days appear as they are loaded. */
    filing_feed: {
      arguments: {
        /** Day the filings were made */
        filed_on: string;
        /** Only this form type, such as 8-K */
        form?: string | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: ManyResult;
    };
    /**
     * Statement as filed. A statement of one filing as the filer shows it: lines in order, with the filer's own labels and own tags, from SEC's Financial Statement Data
     * Sets. Values of the whole company, each with its period: a line comes once for each period. Values are exact to four digits; a value that is
     * shown in parentheses or with its sign turned stands here with its true sign.
     */
    filing_statement: {
      arguments: {
        /** Accession number of the filing, from edgar_statement_filings */
        accession: string;
        /** Which statement */
        statement?: "BS" | "IS" | "CF" | "EQ" | "CI" | "UN" | "CP";
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** Number of the report in the filing. */
          report: number;
          /** Line in the report. */
          line: number;
          /** Label that the filer shows */
          label: string | null;
          /** XBRL tag. */
          tag: string;
          /** Taxonomy and its year; the accession number for a tag of the company's own. */
          version: string;
          /** The value in whole units; null where the filer left it empty */
          value: string | null;
          /** Unit. */
          unit: string;
          /** Quarters in the period: 0 for an instant, 4 for a year */
          quarters: number;
          /** End of the period, rounded to the nearest month's end */
          end_on: string;
          /** Accession number of the filing */
          accession: string;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Find a company. Companies whose ticker is, or whose name contains, the text; an exact ticker or CIK first. Use it to turn a name into
     * the CIK that the other tools take.
     */
    find_company: {
      arguments: {
        /** Part of a name, a ticker, or a CIK */
        q: string;
        /** How many companies to return */
        max?: number;
      };
      result: {
        rows: {
          /** SEC company number. */
          cik: number;
          /** Conformed name in EDGAR. */
          name: string;
          /** Ticker symbols, the main one first; empty when not listed. */
          tickers: (string | null)[];
          /** Exchange of the main ticker, such as Nasdaq or NYSE. */
          exchange: string | null;
          /** Standard Industrial Classification, four digits: 7372 is prepackaged software. */
          sic: string | null;
          /** Month and day the fiscal year ends, MMDD: 0926 is 26 September. */
          fiscal_year_end: string | null;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Find an XBRL concept. Concepts whose tag or label contains the text. Use it to find the tag for edgar_concept_history. */
    find_concept: {
      arguments: {
        /** Part of a tag or label, such as Inventory */
        q: string;
        /** How many concepts to return */
        max?: number;
      };
      result: {
        rows: {
          /** XBRL taxonomy: us-gaap, dei, ifrs-full, srt. */
          taxonomy: string;
          /** XBRL tag within the taxonomy, such as NetIncomeLoss. */
          tag: string;
          /** The concept's name in words. */
          label: string | null;
          /** What the concept means. */
          description: string | null;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Find a mutual fund by its symbol. The fund, class of shares and registrant behind a mutual fund's symbol. Companies' tickers are in edgar_find_company. */
    find_fund_class: {
      arguments: {
        /** Symbol of the class of shares, such as VFIAX */
        symbol: string;
      };
      result: {
        rows: {
          /** Ticker symbol of the class, in SEC's spelling; null when it has none. */
          symbol: string;
          /** SEC's id of the class of shares: C000024954. */
          class_id: string;
          /** SEC's id of the fund that the class belongs to: S000009184. */
          series_id: string;
          /** SEC company number of the fund's registrant. */
          cik: number;
          /** Name of the registrant; null until it is known */
          company: string | null;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Find a security by its issuer. CUSIPs of securities in managers' 13F filings whose issuer's name begins with the text, as managers write it: APPLE, BERKSHIRE HATHAWAY. SEC
     * publishes no list that leads from a CUSIP to a company: choose by name and class, and take the `cusip` to edgar_fund_holders.
     */
    find_security: {
      arguments: {
        /** Beginning of the issuer's name */
        q: string;
        /** How many securities to return */
        max?: number;
      };
      result: {
        rows: {
          /** CUSIP of the security, nine characters. SEC publishes no list that leads from it to a CIK. */
          cusip: string;
          /** Name of the issuer, as one of the managers writes it */
          issuer_name: string;
          /** Title of the class, as one of the managers writes it */
          class_title: string | null;
          /** In how many rows of information tables it stands */
          rows: number;
          /** Newest quarter it is reported for */
          last_report_on: string | null;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Funds that hold a security. Institutional managers that hold a security at the end of a quarter, the largest first, and how that changed since the quarter before, from their
     * 13F filings. A restatement counts instead of what it restates; an amendment that adds holdings counts beside it, so a figure can come from
     * two filings. Options are left out. Managers who sold all are listed with `shares` 0, an empty `accessions` and the earlier filings. A filing
     * whose quarter nothing loaded tells is left out: edgar_manager_filings lists it, and its cover page brings the quarter.
     */
    fund_holders: {
      arguments: {
        /** CUSIP of the security, from edgar_find_security */
        cusip: string;
        /** Last day of the quarter; the newest one when left out */
        report_on?: string | null;
        /** How many managers */
        max?: number;
      };
      result: {
        rows: {
          cik: number | null;
          /** Name of the manager */
          manager_name: string | null;
          /** Last day of the quarter */
          report_on: string;
          /** Market value in whole US dollars */
          value_usd: string;
          /** Shares, or the principal amount */
          shares: string;
          /** Shares a quarter earlier; null when no filing of that quarter is here */
          previous_shares: string | null;
          /** Shares less previous shares; null when there is no earlier filing */
          change_in_shares: string | null;
          /** Accession numbers of the filings it comes from */
          accessions: (string | null)[];
          /** Accession numbers of the earlier filings */
          previous_accessions: (string | null)[];
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Growth and margins. Revenue, its growth, margins and free cash flow of a company by fiscal year, newest first, as last reported. Ratios are fractions: 0.25 is
     * 25 %. A ratio is null where a figure it needs is not reported. `accessions` are the filings of all figures in the row.
     */
    growth_and_margins: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** How many fiscal years */
        years?: number;
      };
      result: {
        rows: {
          /** The company's own name for the year */
          fiscal_year: number;
          /** First day of the year */
          start_on: string | null;
          /** Last day of the year */
          end_on: string;
          /** Currency of revenue, net_income and free_cash_flow */
          unit: string;
          /** Revenue in `unit` */
          revenue: string | null;
          /** Revenue over the year before, less one; null when the year before is not the one before */
          revenue_growth: string | null;
          /** Gross profit, or revenue less cost of revenue, over revenue */
          gross_margin: string | null;
          /** Operating income over revenue */
          operating_margin: string | null;
          /** Net income in `unit` */
          net_income: string | null;
          /** Net income over revenue */
          net_margin: string | null;
          /** Operating cash flow less capital expenditure, in `unit` */
          free_cash_flow: string | null;
          /** Free cash flow over revenue */
          free_cash_flow_margin: string | null;
          /** Accession numbers of the filings that the figures come from */
          accessions: (string | null)[];
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Headline items. The figures that can be asked for by name, and the XBRL tags that hold each, in order of preference. */
    headline_items: {
      arguments: Record<string, never>;
      result: {
        rows: {
          /** Name of the headline item, such as revenue or net_income. */
          item: string;
          /** The item in words. */
          label: string;
          /** Statement it stands in: income, balance or cash_flow. */
          statement: string;
          /** duration = over a period; instant = on the last day of it. */
          period_type: "duration" | "instant";
          /** True when the quarters of a year add up to the year, so that a missing quarter can be derived. */
          is_additive: boolean;
          /** XBRL tags, the preferred one first */
          tags: (string | null)[];
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Latest insider transactions. Trades of insiders over all companies since a day, newest first, such as all purchases of the last week. For one company use
     * edgar_insider_transactions.
     */
    insider_feed: {
      arguments: {
        /** Trades of this day or later */
        since: string;
        /** Only these codes: P purchase, S sale, A grant, M exercise, F withheld for tax, G gift … */
        codes?: (string | number | null)[] | null;
        /** Only trades of at least so many US dollars */
        minimum_value_usd?: number | string | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** Day of the trade; null for a holding. */
          transacted_on: string;
          /** SEC company number of the company whose securities these are. */
          issuer_cik: number;
          /** Name of the company; null until it is known */
          company: string | null;
          /** SEC number of the insider. */
          owner_cik: number;
          /** Name of the insider, as filed. */
          owner_name: string;
          /** Title of the officer. */
          officer_title: string | null;
          /** SEC's code of the trade: P purchase, S sale, A grant, M exercise, F withheld for tax, G gift … */
          transaction_code: string | null;
          /** A = acquired, D = disposed of. */
          acquired_disposed: string | null;
          /** Title of the security. */
          security_title: string | null;
          /** True for options and other derivatives, false for shares. */
          is_derivative: boolean;
          /** How many shares or derivatives were traded; null for a holding. */
          shares: string | null;
          /** Price of one, in US dollars. */
          price: string | null;
          /** Shares times price in US dollars; null where either is missing */
          value_usd: string | null;
          /** How many the insider owns after the trade, or holds. */
          shares_after: string | null;
          /** Accession number of the filing: the source to cite. */
          accession: string;
          /** Form type: 3, 4 or 5; /A marks an amendment. */
          form: string | null;
          /** Day the filing was made. */
          filed_on: string | null;
          /** Place in the filing, 1 first. */
          position: number;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Insider transactions of a company. Who bought or sold shares of a company: trades that its directors, officers and large owners reported on forms 3, 4 and 5, newest first. A joint
     * filing has a row for each owner: do not add those up. Prices are US dollars for one share; footnotes can change what a price means.
     */
    insider_transactions: {
      arguments: {
        /** SEC company number of the company whose shares these are, from edgar_find_company */
        cik: number;
        /** Only these codes: P purchase, S sale, A grant, M exercise, F withheld for tax, G gift … */
        codes?: (string | number | null)[] | null;
        /** Only trades of this day or later */
        since?: string | null;
        /** Only trades of this day or earlier */
        until?: string | null;
        /** True: only options and other derivatives; false: only shares */
        is_derivative?: boolean | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** Day of the trade; null for a holding. */
          transacted_on: string;
          /** SEC number of the insider. */
          owner_cik: number;
          /** Name of the insider, as filed. */
          owner_name: string;
          /** Title of the officer. */
          officer_title: string | null;
          /** True when the insider is a director. */
          is_director: boolean | null;
          /** True when the insider is an officer. */
          is_officer: boolean | null;
          /** True when the insider owns ten per cent or more. */
          is_ten_percent_owner: boolean | null;
          /** SEC's code of the trade: P purchase, S sale, A grant, M exercise, F withheld for tax, G gift … */
          transaction_code: string | null;
          /** A = acquired, D = disposed of. */
          acquired_disposed: string | null;
          /** Title of the security. */
          security_title: string | null;
          /** True for options and other derivatives, false for shares. */
          is_derivative: boolean;
          /** How many shares or derivatives were traded; null for a holding. */
          shares: string | null;
          /** Price of one, in US dollars. */
          price: string | null;
          /** Shares times price in US dollars; null where either is missing */
          value_usd: string | null;
          /** How many the insider owns after the trade, or holds. */
          shares_after: string | null;
          /** True when owned directly, false through another, such as a trust. */
          is_direct: boolean | null;
          /** Security that a derivative is for. */
          underlying_security: string | null;
          /** Exercise or conversion price of a derivative, in US dollars. */
          exercise_price: string | null;
          /** Footnotes of the row, as filed. */
          footnotes: string | null;
          /** Accession number of the filing: the source to cite. */
          accession: string;
          /** Form type: 3, 4 or 5; /A marks an amendment. */
          form: string | null;
          /** Day the filing was made. */
          filed_on: string | null;
          /** Place in the filing, 1 first. */
          position: number;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Latest value of a concept. The newest value of one XBRL tag of one company with its unit, period and source. Null when there is none. A tag such as
     * NetIncomeLoss stands for quarters and years alike: `start_on` and `end_on` say which this is.
     */
    latest_value: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** XBRL tag, such as Assets */
        tag: string;
        /** XBRL taxonomy; dei holds EntityCommonStockSharesOutstanding */
        taxonomy?: string;
      };
      result: {
        value: {
          value: string;
          /** Unit as the filer wrote it: USD, USD/shares, shares, pure. */
          unit: string;
          /** First day of the period; null for an instant, such as a balance sheet figure. */
          start_on: string | null;
          /** Last day of the period, or the day of the instant. */
          end_on: string;
          /** Accession number of the filing that reported the value: the source to cite. */
          accession: string;
          /** Form type of the filing that reported the value. */
          form: string;
          /** Day that filing was made. */
          filed_on: string;
        } | null;
      };
    };
    /**
     * Load companies. Bulk-loads companies: all rows or none. A company that is already there is updated, and its tickers are replaced. A ticker
     * that another company had moves to the one loaded now.
     */
    load_companies: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** SEC company number */
          cik: number;
          /** Conformed name in EDGAR */
          name: string;
          /** Ticker symbols, the main one first */
          tickers?: (string | number | null)[];
          /** Exchange of the main ticker */
          exchange?: string | null;
          /** Standard Industrial Classification, four digits */
          sic?: string | null;
          /** Month and day, MMDD */
          fiscal_year_end?: string | null;
          /** State or country of incorporation */
          state?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load concepts. Bulk-loads XBRL concepts with their labels: all rows or none. Companies' files label a concept differently, by the year of their taxonomy: what
     * has both label and description stands before what lacks one, then that of the newest filing, then the one that sorts last. So it does not
     * matter in which order files are loaded.
     */
    load_concepts: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** XBRL taxonomy, such as us-gaap */
          taxonomy: string;
          /** XBRL tag, such as NetIncomeLoss */
          tag: string;
          /** The concept's name in words */
          label?: string | null;
          /** What the concept means */
          description?: string | null;
          /** Day of the newest filing in the source that uses the concept */
          labelled_on?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load texts of documents. Bulk-loads the text of filings' documents in parts, for edgar_search_documents: all rows or none. A part that is already there is
     * updated, and parts that a document no longer has go: send documents whole.
     */
    load_documents: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number of the filing */
          accession: string;
          /** SEC company number */
          cik: number;
          /** File name of the document in the filing's folder */
          file_name: string;
          /** Number of the part, 1 first */
          part: number;
          /** The text, at most about 8,000 characters */
          body: string;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load facts. Bulk-loads XBRL facts: all rows or none. A fact that is already there takes the new value and frame, also when the new frame is
     * empty: SEC moves a frame from one fact to the next. Concepts and filings that are not known yet are added from the
     * facts; the companies must be there. The filings become loaded.
     */
    load_facts: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** SEC company number */
          cik: number;
          /** XBRL taxonomy, such as us-gaap */
          taxonomy: string;
          /** XBRL tag, such as NetIncomeLoss */
          tag: string;
          /** Unit, such as USD */
          unit: string;
          /** First day of the period; empty for an instant */
          start_on?: string | null;
          /** Last day of the period, or the day of the instant */
          end_on: string;
          /** The value in whole units */
          value: number | string;
          /** Accession number of the filing */
          accession: string;
          /** Fiscal year of the filing */
          fy?: number | null;
          /** Fiscal period of the filing */
          fp?: string | null;
          /** Form type of the filing */
          form: string;
          /** Day the filing was made */
          filed_on: string;
          /** SEC's calendar period */
          frame?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load filings. Bulk-loads filings: all rows or none. A filing that is already there is updated and keeps its status; a row that occurs twice counts
     * once. The companies must be there.
     */
    load_filings: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number */
          accession: string;
          /** SEC company number */
          cik: number;
          /** Form type, such as 10-K */
          form: string;
          /** Day the filing was made */
          filed_on: string;
          /** Last day of the period, or the day of the event, that the filing reports on */
          report_on?: string | null;
          /** File name of the main document */
          primary_document?: string | null;
          /** Size of the whole submission in bytes */
          size_bytes?: number | string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /** Load fund classes. Bulk-loads SEC's list of mutual funds' classes of shares with their symbols: all rows or none. A class that is already there is updated. */
    load_fund_classes: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Ticker symbol of the class */
          symbol?: string | null;
          /** SEC company number of the fund's registrant */
          cik: number;
          /** SEC's id of the fund, S and nine digits */
          series_id: string;
          /** SEC's id of the class of shares, C and nine digits */
          class_id: string;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load holdings of managers. Bulk-loads the information tables of institutional managers (13F): all rows or none. A row that is already there is updated, and rows that
     * a filing no longer has go: send filings whole.
     */
    load_fund_holdings: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number of the filing */
          accession: string;
          /** Place in the information table, 1 first */
          position: number;
          /** SEC number of the manager */
          cik: number;
          /** Name of the manager */
          manager_name?: string | null;
          /** Last day of the quarter */
          report_on?: string | null;
          /** Day the filing was made */
          filed_on?: string | null;
          /** Name of the issuer */
          issuer_name: string;
          /** Title of the class of securities */
          class_title?: string | null;
          /** CUSIP of the security */
          cusip: string;
          /** FIGI of the security */
          figi?: string | null;
          /** Market value in whole US dollars */
          value_usd?: number | string | null;
          /** How many shares, or the principal amount */
          shares?: number | string | null;
          /** SH or PRN */
          share_type?: string | null;
          /** Put or Call for an option */
          put_call?: string | null;
          /** Investment discretion */
          discretion?: string | null;
          /** Numbers of other managers */
          other_managers?: string | null;
          /** Shares with sole voting authority */
          voting_sole?: number | string | null;
          /** Shares with shared voting authority */
          voting_shared?: number | string | null;
          /** Shares without voting authority */
          voting_none?: number | string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load cover pages of 13F filings. Bulk-loads the cover pages of managers' 13F filings: all rows or none. They say whether a filing amends another, and whether it restates the whole
     * table or only adds holdings. The rows of the table are loaded with edgar_load_fund_holdings, before or after.
     */
    load_fund_reports: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number of the filing */
          accession: string;
          /** SEC number of the manager */
          cik: number;
          /** Name of the manager */
          manager_name?: string | null;
          /** Last day of the quarter */
          report_on?: string | null;
          /** Day the filing was made */
          filed_on?: string | null;
          /** 13F-HR or 13F-HR/A */
          form?: string | null;
          /** What the cover page calls it, such as 13F HOLDINGS REPORT */
          report_type?: string | null;
          /** Which amendment of the quarter it is */
          amendment_number?: number | null;
          /** RESTATEMENT or NEW HOLDINGS */
          amendment_type?: string | null;
          /** Rows of the information table, as the summary page counts them */
          entries?: number | null;
          /** Market value of all rows in whole US dollars, as the summary page sums them */
          value_usd?: number | string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load an index of filings. Bulk-loads rows of SEC's full or daily index: all rows or none. Companies and filings that are not known yet are added, the filings as listed;
     * what is known stays as it is, because the submissions say more. Rows may repeat.
     */
    load_index: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** SEC company number */
          cik: number;
          /** Name of the company, as the index writes it */
          name: string;
          /** Form type, such as 10-K */
          form: string;
          /** Day the filing was made */
          filed_on: string;
          /** Accession number */
          accession: string;
          /** Path of the whole submission below www.sec.gov/Archives */
          file_name?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load insiders' transactions. Bulk-loads trades and holdings that insiders reported on forms 3, 4 and 5: all rows or none. A row that is already there is updated, and rows
     * that a filing no longer has go: send filings whole.
     */
    load_insider_transactions: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number of the filing */
          accession: string;
          /** Place in the filing, 1 first */
          position: number;
          /** True for options and other derivatives */
          is_derivative: boolean;
          /** SEC company number of the issuer */
          issuer_cik: number;
          /** SEC number of the insider */
          owner_cik: number;
          /** Name of the insider */
          owner_name: string;
          /** True when the insider is a director */
          is_director?: boolean | null;
          /** True when the insider is an officer */
          is_officer?: boolean | null;
          /** True when the insider owns ten per cent or more */
          is_ten_percent_owner?: boolean | null;
          /** Title of the officer */
          officer_title?: string | null;
          /** Title of the security */
          security_title?: string | null;
          /** Day of the trade */
          transacted_on?: string | null;
          /** SEC's code of the trade */
          transaction_code?: string | null;
          /** How many were traded */
          shares?: number | string | null;
          /** Price of one, in US dollars */
          price?: number | string | null;
          /** A or D */
          acquired_disposed?: string | null;
          /** How many are owned after the trade */
          shares_after?: number | string | null;
          /** True when owned directly */
          is_direct?: boolean | null;
          /** Through whom, when not owned directly */
          nature_of_ownership?: string | null;
          /** Security that a derivative is for */
          underlying_security?: string | null;
          /** Exercise or conversion price */
          exercise_price?: number | string | null;
          /** Footnotes of the row */
          footnotes?: string | null;
          /** True for a holding without a trade */
          is_holding?: boolean;
          /** Form type: 3, 4 or 5 */
          form?: string | null;
          /** Day the filing was made */
          filed_on?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load numbers of statement data sets. Bulk-loads `num` of SEC's Financial Statement Data Sets: all rows or none. A value that is already there is updated. Older
     * editions have no `segments` and another order of columns: name the columns in `rows`, or let `edgar load` read the file.
     */
    load_statement_numbers: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number of the filing */
          adsh: string;
          /** XBRL tag */
          tag: string;
          /** Taxonomy and its year; the accession number for a tag of the company's own */
          version: string;
          /** End of the period, rounded to the nearest month's end */
          ddate: string;
          /** Quarters in the period: 0 for an instant, 1, 2, 3, 4 … */
          qtrs: number;
          /** Unit */
          uom: string;
          /** Dimensions of the value, axis=member; null for the whole company */
          segments?: string | null;
          /** Co-registrant the value is of; null for the parent */
          coreg?: string | null;
          /** The value in whole units, rounded to four digits; null where the filer left it empty */
          value?: number | string | null;
          /** Footnote of the value */
          footnote?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv, delimiter "\t"; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /** Load presentations of statement data sets. Bulk-loads `pre` of SEC's Financial Statement Data Sets: all rows or none. A line that is already there is updated. */
    load_statement_presentations: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number of the filing */
          adsh: string;
          /** Number of the report in the filing */
          report: number;
          /** Line in the report */
          line: number;
          /** Statement: BS balance sheet, IS income, CF cash flow, EQ equity, CI comprehensive income, UN unclassifiable, CP cover page */
          stmt?: string | null;
          /** True when the value stands in parentheses */
          inpth?: boolean | null;
          /** Type of the interactive data file: H for HTM, X for XML */
          rfile?: string | null;
          /** XBRL tag */
          tag: string;
          /** Taxonomy and its year; the accession number for a tag of the company's own */
          version: string;
          /** Label that the filer shows on the line */
          plabel?: string | null;
          /** True when the value is shown with its sign turned */
          negating?: boolean | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv, delimiter "\t"; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /** Load submissions of statement data sets. Bulk-loads `sub` of SEC's Financial Statement Data Sets: all rows or none. A submission that is already there is updated. */
    load_statement_submissions: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number of the filing */
          adsh: string;
          /** SEC company number */
          cik: number;
          /** Name of the registrant */
          name: string;
          /** Standard Industrial Classification, four digits */
          sic?: string | null;
          /** Country of the business address */
          countryba?: string | null;
          /** State or province of the business address */
          stprba?: string | null;
          /** City of the business address */
          cityba?: string | null;
          /** Zip code of the business address */
          zipba?: string | null;
          /** First line of the business address */
          bas1?: string | null;
          /** Second line of the business address */
          bas2?: string | null;
          /** Phone number of the business address */
          baph?: string | null;
          /** Country of the mailing address */
          countryma?: string | null;
          /** State or province of the mailing address */
          stprma?: string | null;
          /** City of the mailing address */
          cityma?: string | null;
          /** Zip code of the mailing address */
          zipma?: string | null;
          /** First line of the mailing address */
          mas1?: string | null;
          /** Second line of the mailing address */
          mas2?: string | null;
          /** Country of incorporation */
          countryinc?: string | null;
          /** State or province of incorporation */
          stprinc?: string | null;
          /** Employer identification number */
          ein?: string | null;
          /** Most recent former name */
          former?: string | null;
          /** Day of the change from the former name */
          changed?: string | null;
          /** Filer status with the SEC at the time: 1-LAF large accelerated, 2-ACC accelerated, 4-NON non-accelerated … */
          afs?: string | null;
          /** True for a well-known seasoned issuer */
          wksi?: boolean | null;
          /** Month and day the fiscal year ends, MMDD */
          fye?: string | null;
          /** Form type */
          form: string;
          /** Balance sheet date, rounded to the nearest month's end */
          period?: string | null;
          /** Fiscal year of the filing */
          fy?: number | null;
          /** Fiscal period of the filing: FY, Q1, Q2, Q3 */
          fp?: string | null;
          /** Day the filing was made */
          filed: string;
          /** When EDGAR accepted the filing, New York time, as SEC writes it */
          accepted?: string | null;
          /** True when a later filing of the set's quarter replaced this one */
          prevrpt?: boolean | null;
          /** True when the notes are tagged in detail too */
          detail?: boolean | null;
          /** File name of the XBRL instance */
          instance?: string | null;
          /** How many registrants the filing is for */
          nciks?: number | null;
          /** CIKs of the other registrants, parted by spaces */
          aciks?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv, delimiter "\t"; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /** Load tags of statement data sets. Bulk-loads `tag` of SEC's Financial Statement Data Sets: all rows or none. A tag that is already there is updated. */
    load_statement_tags: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** XBRL tag */
          tag: string;
          /** Taxonomy and its year, such as us-gaap/2009; the accession number for a tag of the company's own */
          version: string;
          /** True for a tag of the company's own */
          custom: boolean;
          /** True for a heading, which has no values */
          abstract: boolean;
          /** Type of the values, such as monetary */
          datatype?: string | null;
          /** I for an instant, D for a duration */
          iord?: string | null;
          /** C for credit, D for debit; null when neither */
          crdr?: string | null;
          /** Label of the tag */
          tlabel?: string | null;
          /** Definition of the tag */
          doc?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv, delimiter "\t"; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load submissions. Bulk-loads the filings of SEC's submissions with all their details: all rows or none. A filing that is already there is updated and keeps its
     * status; a detail that the row leaves empty stays as it is. The companies must be there.
     */
    load_submissions: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Accession number */
          accession: string;
          /** SEC company number */
          cik: number;
          /** Form type, such as 10-K */
          form: string;
          /** Day the filing was made */
          filed_on: string;
          /** Last day of the period, or the day of the event, that the filing reports on */
          report_on?: string | null;
          /** When EDGAR accepted the filing, as SEC writes it */
          accepted_text?: string | null;
          /** Act the filing was made under */
          act?: string | null;
          /** SEC file number */
          file_number?: string | null;
          /** SEC film number */
          film_number?: string | null;
          /** Items of an 8-K, parted by commas: 2.02,9.01 */
          items?: string | null;
          /** Size of the whole submission in bytes */
          size_bytes?: number | string | null;
          /** True when the filing has XBRL */
          is_xbrl?: boolean | null;
          /** True when the XBRL is in the main document */
          is_inline_xbrl?: boolean | null;
          /** File name of the main document */
          primary_document?: string | null;
          /** What the filer calls the main document */
          primary_document_description?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * Load tickers. Bulk-loads SEC's list of tickers: all rows or none. Companies that are not known yet are added with their names. The tickers of each company in
     * the list are replaced, in the order of `position`; companies that are not in the list keep theirs. A ticker that another
     * company had moves.
     */
    load_tickers: {
      arguments: {
        /** The rows to load; give either rows or source */
        rows?: {
          /** Ticker symbol */
          ticker: string;
          /** SEC company number */
          cik: number;
          /** Place in the list: a company's first ticker is its main one */
          position: number;
          /** Name of the company */
          name: string;
          /** Exchange of the ticker; empty when the list has none */
          exchange?: string | null;
        }[];
        /** Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else csv; gzip or zip */
        source?: string;
        /** How source is read and what happens to bad rows; by default as its name and the file's COPY say */
        options?: CopyOptions;
      };
      result: CopyResult;
    };
    /**
     * 13F filings of a manager. The 13F filings of an institutional manager that are loaded, newest quarter first, and which of them count: a RESTATEMENT replaces all earlier
     * filings for its quarter, NEW HOLDINGS adds to them. Of a filing whose cover page is not here nobody knows: it replaces.
     */
    manager_filings: {
      arguments: {
        /** SEC number of the manager: 1067983 is Berkshire Hathaway */
        cik: number;
        /** How many filings */
        max?: number;
      };
      result: {
        rows: {
          /** Accession number of the filing: the source to cite. */
          accession: string;
          /** Name of the manager. */
          manager_name: string | null;
          /** Last day of the quarter that is reported on. */
          report_on: string | null;
          /** Day the filing was made. */
          filed_on: string | null;
          /** Form type: 13F-HR, or 13F-HR/A for an amendment; null while only the information table is here. */
          form: string | null;
          /** Which amendment of the quarter it is; null for the first filing. */
          amendment_number: number | null;
          /** RESTATEMENT: replaces all earlier filings for the quarter. NEW HOLDINGS: adds to them. Null: not an amendment, or nobody knows; replaces. */
          amendment_type: string | null;
          /** Rows of the information table, as the summary page counts them. */
          entries: number | null;
          /** Market value of all rows in whole US dollars, as the summary page sums them. */
          value_usd: string | null;
          /** False when a later filing replaces it */
          counts: boolean;
          /** Accession number of the newest filing that replaces it */
          superseded_by: string | null;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * What a manager holds. The securities that an institutional manager holds at the end of a quarter, the largest first, with its share of the whole, from its 13F
     * filings. A restatement counts instead of what it restates; an amendment that adds holdings counts beside it: edgar_manager_filings lists
     * them. Options stand apart with `put_call`.
     */
    manager_holdings: {
      arguments: {
        /** SEC number of the manager: 1067983 is Berkshire Hathaway */
        cik: number;
        /** Last day of the quarter; the newest one when left out */
        report_on?: string | null;
        /** How many securities */
        max?: number;
      };
      result: {
        rows: {
          /** Last day of the quarter; null when nothing that is loaded says it, and the newest filing is shown */
          report_on: string | null;
          /** CUSIP of the security, nine characters. SEC publishes no list that leads from it to a CIK. */
          cusip: string;
          /** Name of the issuer, as the manager writes it */
          issuer_name: string;
          /** Title of the class */
          class_title: string | null;
          /** Put or Call for an option; null for the security itself. */
          put_call: string | null;
          /** Market value in whole US dollars */
          value_usd: string;
          /** Shares, or the principal amount */
          shares: string | null;
          /** Share of the market value of all rows: 0.25 is 25 % */
          share_of_total: string | null;
          /** Accession numbers of the filings it comes from */
          accessions: (string | null)[];
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Mark a filing as failed. Records that loading a filing failed, and why. It shows in edgar_failed_filings until its facts are loaded or its status is set again. */
    mark_filing_failed: {
      arguments: {
        /** Accession number, such as 0000320193-24-000123 */
        accession: string;
        /** Why it failed, in one line */
        reason: string;
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: {
        /** Rows the statement changed */
        affected: number;
        /** Set when nothing was kept */
        dry_run?: boolean;
        rows: {
          /** Accession number: the source to cite. */
          accession: string;
          /** SEC company number. */
          cik: number;
          /** What is known of the filing: listed, loaded or failed. */
          status: "listed" | "loaded" | "failed";
          /** Why loading the filing failed; only with status failed. */
          failure: string | null;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * New filings since a day. Filings made on a day or later, over all companies, oldest first: follow `next_cursor` to the end, and begin the next round with
     * the last day seen.
     */
    new_filings_since: {
      arguments: {
        /** First day */
        since: string;
        /** Only these form types, such as 10-K, 10-Q */
        forms?: (string | number | null)[] | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: ManyResult;
    };
    /**
     * Quarterly figures. One headline item by fiscal quarter, newest first, as last reported. Where a company reports only running totals (six or nine months,
     * the year), the quarter is the total less the total before it: `is_derived` is true and `less_accession` names the second
     * source. Fourth quarters are mostly derived. Per-share items and share counts do not add up and are never derived.
     */
    quarterly_figures: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** Headline item over a period, from edgar_headline_items */
        item?: string;
        /** How many quarters */
        max?: number;
      };
      result: {
        rows: {
          /** The company's own name for the year */
          fiscal_year: number;
          /** Quarter of the fiscal year, 1 to 4 */
          fiscal_quarter: number;
          /** Headline item */
          item: string;
          /** The quarter's value in whole units */
          value: string | null;
          /** Unit: a currency such as USD, USD/shares, or shares */
          unit: string;
          /** First day of the quarter */
          start_on: string | null;
          /** Last day of the quarter */
          end_on: string;
          /** True when computed from two running totals */
          is_derived: boolean;
          tag: string;
          /** The filing the value, or the longer total, comes from */
          accession: string;
          /** The filing of the shorter total; only when derived */
          less_accession: string | null;
          form: string;
          filed_on: string;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Ask for SEC's nightly archives. Queues the load of SEC's nightly archives, every company with its filings and facts, for a worker with a disk: `sqlwright edgar work`. It takes
     * hours. While it is queued or running, asking again changes nothing. How far it is: edgar_worker_jobs.
     */
    queue_bulk_sync: {
      arguments: {
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: {
        /** Rows the statement changed */
        affected: number;
        /** Set when nothing was kept */
        dry_run?: boolean;
        rows: {
          /** bulk: SEC's nightly archives with all companies. */
          name: string;
          /** Where it is. */
          state: "queued" | "running" | "done" | "failed";
          /** When it was asked for. */
          requested_at: string;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Rank companies by a figure. Companies in order of one headline item in one calendar year, the largest first, as last reported. Each unit is ranked by itself, US dollars
     * first.
     */
    rank_companies: {
      arguments: {
        /** Calendar year that holds most of the fiscal year */
        year: number;
        /** Headline item, from edgar_headline_items */
        item?: string;
        /** Only this industry: the SIC code, or its first digits */
        sic?: string | null;
        /** The smallest first instead */
        smallest_first?: boolean;
        /** How many companies */
        max?: number;
      };
      result: {
        rows: {
          /** Place in the ranking of the unit, 1 first */
          place: number;
          /** SEC company number. */
          cik: number;
          /** Name of the company */
          company: string;
          /** Standard Industrial Classification, four digits: 7372 is prepackaged software. */
          sic: string | null;
          /** Headline item, such as revenue */
          item: string;
          /** The value in whole units; nothing is scaled */
          value: string;
          /** Unit: a currency such as USD, USD/shares, or shares */
          unit: string;
          /** The company's own name for the year */
          fiscal_year: number;
          /** First day of the period; null for a balance sheet figure */
          start_on: string | null;
          /** Last day of the period */
          end_on: string;
          /** XBRL tag the company reported it under */
          tag: string;
          /** Accession number of the filing it comes from */
          accession: string;
          /** Form type of that filing */
          form: string;
          /** Day that filing was made */
          filed_on: string;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Rank companies by growth. Companies in order of the growth of one headline item from one calendar year to the next, the fastest first, both years as last
     * reported. A company whose earlier figure is zero or negative has no growth rate and is left out.
     */
    rank_growth: {
      arguments: {
        /** Calendar year that holds most of the fiscal year */
        year: number;
        /** Headline item, from edgar_headline_items */
        item?: string;
        /** Only this industry: the SIC code, or its first digits */
        sic?: string | null;
        /** How many companies */
        max?: number;
      };
      result: {
        rows: {
          /** SEC company number. */
          cik: number;
          /** Conformed name in EDGAR. */
          company: string;
          /** Standard Industrial Classification, four digits: 7372 is prepackaged software. */
          sic: string | null;
          /** Headline item, such as revenue */
          item: string;
          /** Growth over the earlier year: 0.25 is 25 % */
          growth: string;
          /** The value in whole units; nothing is scaled */
          value: string;
          /** Unit: a currency such as USD, USD/shares, or shares */
          unit: string;
          /** First day of the period; null for a balance sheet figure */
          start_on: string | null;
          /** Last day of the period */
          end_on: string;
          /** Accession number of the filing it comes from */
          accession: string;
          /** The figure of the earlier year */
          previous_value: string;
          /** First day of the earlier year */
          previous_start_on: string | null;
          /** Last day of the earlier year */
          previous_end_on: string;
          /** The filing the earlier figure comes from */
          previous_accession: string;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Record a file of SEC. Writes down what became of a file of SEC: loaded, failed or missing. A file that is recorded already is replaced. */
    record_source_file: {
      arguments: {
        /** Path of the file at SEC, without the host */
        path: string;
        /** What became of it */
        status: "loaded" | "failed" | "missing";
        /** SHA-256 of the content, in hex */
        sha256?: string | null;
        /** ETag of SEC's answer */
        etag?: string | null;
        /** Last-Modified of SEC's answer, as SEC writes it */
        last_modified?: string | null;
        /** Size of the content in bytes */
        size_bytes?: number | string | null;
        /** When SEC sent it; null for a file from a folder */
        fetched_at?: string | null;
        /** Why it failed; only, and always, with status failed */
        failure?: string | null;
        /** Rows that the file brought */
        rows_loaded?: number | string;
        /** How long loading it took */
        seconds?: number | string;
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: {
        /** Rows the statement changed */
        affected: number;
        /** Set when nothing was kept */
        dry_run?: boolean;
      };
    };
    /**
     * Restatements. Periods of about a year, or instants, whose headline figure was reported with different values: the first, the last, and the difference, the
     * largest change first. Stock splits show here for per-share items; a change of accounting rules does too.
     */
    restatements: {
      arguments: {
        /** Headline item, from edgar_headline_items */
        item?: string;
        /** Only this company */
        cik?: number | null;
        /** Calendar years from this one */
        from_year?: number;
        /** Calendar years up to this one */
        to_year?: number;
        /** How many periods */
        max?: number;
      };
      result: {
        rows: {
          /** SEC company number. */
          cik: number;
          /** Name of the company */
          company: string;
          /** Headline item */
          item: string;
          /** XBRL tag the values were reported under. */
          tag: string;
          /** First day of the period; null for an instant. */
          start_on: string | null;
          /** Last day of the period, or the day of the instant. */
          end_on: string;
          /** Unit: a currency such as USD, USD/shares, or shares. */
          unit: string;
          /** The value in the first filing */
          first_value: string;
          /** The value in the last filing */
          last_value: string;
          /** Last less first */
          difference: string;
          /** Difference over the first value: 0.05 is 5 %; null when the first is zero */
          change: string | null;
          /** The first filing */
          first_accession: string;
          /** Day the first filing was made */
          first_filed_on: string;
          /** The last filing */
          last_accession: string;
          /** Day the last filing was made */
          last_filed_on: string;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Search the text of filings. Where filings mention a phrase: parts of documents that match, best first, with a snippet. Write as in a web search: words, "a phrase", or,
     * -without. English words match in all their forms. The newest 100 matching parts are ranked: narrow with `cik`, `forms`, `since` and `until` to
     * reach older ones.
     */
    search_documents: {
      arguments: {
        /** What to search for: supply chain, "material weakness", tariff or duties */
        q: string;
        /** Only filings of this company */
        cik?: number | null;
        /** Only these form types, such as 10-K */
        forms?: (string | number | null)[] | null;
        /** Only filings of this day or later */
        since?: string | null;
        /** Only filings of this day or earlier */
        until?: string | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** How well the part matches; larger is better */
          rank: string;
          /** Accession number of the filing: the source to cite. */
          accession: string;
          /** SEC company number. */
          cik: number;
          /** Name of the company; null until it is known */
          company: string | null;
          /** Form type of the filing; null until the filing is known. */
          form: string | null;
          /** Day the filing was made; null until the filing is known. */
          filed_on: string | null;
          /** File name of the document in the filing's folder. */
          file_name: string;
          /** Number of the part in the document, 1 first. */
          part: number;
          /** Text around the match, with the words found between << and >> */
          snippet: string;
          /** Address of the document at the SEC */
          document_url: string;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Set the status of many filings. One statement for any number of filings. Unknown accession numbers are left alone; the answer lists what changed. A reason of
     * failure goes when the status is no longer failed.
     */
    set_filing_status: {
      arguments: {
        /** One object for each row */
        rows: {
          /** Accession number, such as 0000320193-24-000123 */
          accession: string;
          /** New status */
          status: "listed" | "loaded" | "failed";
        }[];
        /** Do it, answer what was done, and undo it */
        dry_run?: boolean;
        /** Undo it when more rows than this are changed */
        max_affected?: number | null;
      };
      result: {
        /** Rows the statement changed */
        affected: number;
        /** Set when nothing was kept */
        dry_run?: boolean;
        /** Rows of the call by what became of them */
        outcomes?: {
          updated: number;
          unchanged: number;
          missing: number;
        };
        /** The same for each row, in the order of the call */
        row_outcomes?: ("updated" | "unchanged" | "missing")[];
        rows: {
          /** Accession number: the source to cite. */
          accession: string;
          /** SEC company number. */
          cik: number;
          /** What is known of the filing: listed, loaded or failed. */
          status: "listed" | "loaded" | "failed";
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** One file of SEC. What became of one file of SEC, with the hash and the ETag of its content. Null when it was never asked for. */
    source_file: {
      arguments: {
        /** Path of the file at SEC, without the host */
        path: string;
      };
      result: {
        row: OneRow | null;
      };
    };
    /** Files of SEC. The files of SEC that were loaded, that failed, or that SEC does not have, by path; with the reason of each failure. */
    source_files: {
      arguments: {
        /** Only files with this status */
        status?: "loaded" | "failed" | "missing" | null;
        /** Only this kind */
        kind?: "tickers" | "submissions" | "company_facts" | "full_index" | "daily_index" | "statement_data_set" | "document" | "other" | null;
        /** Only files whose path begins with this text */
        under?: string | null;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: OneRow[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * What is loaded of SEC's files. How many files of each kind were loaded, failed, or do not exist at the SEC, and how fresh they are. What failed and why is in
     * edgar_source_files with status failed; what is loaded of each company in edgar_data_status.
     */
    source_status: {
      arguments: Record<string, never>;
      result: {
        rows: {
          /** tickers, submissions, company_facts, full_index, daily_index, statement_data_set, document or other */
          kind: string;
          /** Files whose rows are here */
          loaded_files: number;
          /** Files that could not be loaded */
          failed_files: number;
          /** Files that SEC does not have */
          missing_files: number;
          /** Rows that the files brought */
          rows_loaded: number;
          /** Size of the files whose rows are here */
          size_bytes: number;
          /** When the oldest of them was written */
          first_loaded_at: string;
          /** When the newest of them was written */
          last_loaded_at: string;
          /** When loading one failed last */
          last_failed_at: string | null;
          /** When SEC last sent one; null when all came from folders */
          last_fetched_at: string | null;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /** Filings in the statement data sets. The filings of a company in SEC's Financial Statement Data Sets, newest first: what edgar_filing_statement can show. */
    statement_filings: {
      arguments: {
        /** SEC company number, from edgar_find_company */
        cik: number;
        /** next_cursor of the page before; absent for the first page */
        cursor?: string | null;
        /** Rows a page */
        page_size?: number;
      };
      result: {
        rows: {
          /** Accession number of the filing */
          accession: string;
          /** SEC company number. */
          cik: number;
          /** Name of the registrant. */
          name: string;
          /** Form type. */
          form: string;
          /** Day the filing was made. */
          filed: string;
          /** Balance sheet date, rounded to the nearest month's end. */
          period: string | null;
          /** Fiscal year of the filing. */
          fy: number | null;
          /** Fiscal period of the filing: FY, Q1, Q2, Q3. */
          fp: string | null;
        }[];
        /** Null at the end */
        next_cursor: string | null;
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
    /**
     * Jobs for workers. What was asked of workers, how far it is, and how many workers there are. Nothing moves while there is none: somebody has to run
     * `sqlwright edgar work` on a machine with a disk.
     */
    worker_jobs: {
      arguments: Record<string, never>;
      result: {
        rows: {
          /** bulk: SEC's nightly archives with all companies */
          name: string;
          /** queued, running, done or failed */
          state: "queued" | "running" | "done" | "failed";
          /** When it was asked for */
          requested_at: string;
          /** When a worker began with it, the last time */
          started_at: string | null;
          /** When it ended */
          ended_at: string | null;
          /** When its worker last said how far it is */
          told_at: string | null;
          /** What it is doing, in words */
          progress: string | null;
          /** Files that are through */
          files: number;
          /** Rows that were read */
          rows_loaded: number;
          /** Why it failed, or why the last attempt did when it is queued again */
          failure: string | null;
          /** Workers that are there now */
          workers: number;
        }[];
        /** Set when a ceiling cut rows off: what is missing and how to get it */
        truncated?: string;
      };
    };
  };
}
