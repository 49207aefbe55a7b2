// deno-fmt-ignore-file
/** The query files' arguments and answers. Written by `sqlwright types`: change the files, not this. */

export interface Queries {
  edgar: {
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
          /** SEC company number (Central Index Key), not padded: 320193 is Apple. */
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
          /** Headline item, such as revenue */
          item: string;
          /** The item in words. */
          label: string;
          /** The value in whole units; nothing is scaled */
          value: string;
          /** Unit: a currency such as USD, USD/shares, or shares */
          unit: string;
          /** First day of the period; null for a balance sheet figure */
          start_on: string | null;
          /** Last day of the period */
          end_on: string;
          /** The value as first reported under the same tag, where it differs */
          first_value: string | null;
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
        forms?: (string | null)[] | null;
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
        companies: (string | null)[];
        /** Headline item, from edgar_headline_items */
        item?: string;
        /** How many calendar years, counted from the newest figure */
        years?: number;
      };
      result: {
        rows: {
          /** Calendar year that holds most of the fiscal year */
          calendar_year: number;
          /** SEC company number (Central Index Key), not padded: 320193 is Apple. */
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
      arguments: {
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
      };
      result: {
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
      };
    };
    /**
     * Facts as last reported. One row for each company, XBRL tag, unit and period: the value in the newest filing that reports it, so restatements and stock
     * splits are in it. Filter by company and tag; `days` tells a year (about 365) from a quarter (about 91) and an instant (0).
     */
    fact_as_last_reported: {
      arguments: {
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
      };
      result: {
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
      };
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
      result: {
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
      };
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
      result: {
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
          tickers?: (string | null)[];
          /** Exchange of the main ticker */
          exchange?: string | null;
          /** Standard Industrial Classification, four digits */
          sic?: string | null;
          /** Month and day, MMDD */
          fiscal_year_end?: string | null;
          /** State or country of incorporation */
          state?: string | null;
        }[];
        /** A file to load instead of rows, as a path below the server's source folder, in the COPY's own format (csv) */
        source?: string;
      };
      result: {
        /** Rows read from the input */
        copied: number;
        /** Rows inserted, updated or deleted by the merge */
        affected: number;
        /** Rows refused; a load is all or nothing, so a refused row is an error and this is 0 */
        rejected: number;
      };
    };
    /**
     * Load concepts. Bulk-loads XBRL concepts with their labels: all rows or none. A concept that is already there gets the new label and description,
     * and keeps what it has where the new one is empty.
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
        }[];
        /** A file to load instead of rows, as a path below the server's source folder, in the COPY's own format (csv) */
        source?: string;
      };
      result: {
        /** Rows read from the input */
        copied: number;
        /** Rows inserted, updated or deleted by the merge */
        affected: number;
        /** Rows refused; a load is all or nothing, so a refused row is an error and this is 0 */
        rejected: number;
      };
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
        /** A file to load instead of rows, as a path below the server's source folder, in the COPY's own format (csv) */
        source?: string;
      };
      result: {
        /** Rows read from the input */
        copied: number;
        /** Rows inserted, updated or deleted by the merge */
        affected: number;
        /** Rows refused; a load is all or nothing, so a refused row is an error and this is 0 */
        rejected: number;
      };
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
        /** A file to load instead of rows, as a path below the server's source folder, in the COPY's own format (csv) */
        source?: string;
      };
      result: {
        /** Rows read from the input */
        copied: number;
        /** Rows inserted, updated or deleted by the merge */
        affected: number;
        /** Rows refused; a load is all or nothing, so a refused row is an error and this is 0 */
        rejected: number;
      };
    };
    /** Mark a filing as failed. Records that loading a filing failed, and why. It shows in edgar_failed_filings until its facts are loaded or its status is set again. */
    mark_filing_failed: {
      arguments: {
        /** Accession number, such as 0000320193-24-000123 */
        accession: string;
        /** Why it failed, in one line */
        reason: string;
      };
      result: {
        /** Rows the statement changed */
        affected: number;
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
        forms?: (string | null)[] | null;
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
      };
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
          /** SEC company number (Central Index Key), not padded: 320193 is Apple. */
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
          /** SEC company number (Central Index Key), not padded: 320193 is Apple. */
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
          /** XBRL tag: what the value is of. */
          tag: string;
          /** First day of the period; null for an instant, such as a balance sheet figure. */
          start_on: string | null;
          /** Last day of the period, or the day of the instant. */
          end_on: string;
          /** Unit as the filer wrote it: USD, USD/shares, shares, pure. */
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
          first_filed_on: string | null;
          /** The last filing */
          last_accession: string;
          /** Day the last filing was made */
          last_filed_on: string | null;
        }[];
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
      };
      result: {
        /** Rows the statement changed */
        affected: number;
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
  };
}
