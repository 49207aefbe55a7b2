/**
 * The settings of EDGAR: who asks SEC, where, and how fast. They are variables as the product's own;
 * docs/edgar.md tells of each.
 */

import { type ExtensionConfig, setting } from "sqlwright";

export const settings = {
  EDGAR_USER_AGENT: setting.text(),
  EDGAR_WWW_URL: setting.address("https://www.sec.gov"),
  EDGAR_DATA_URL: setting.address("https://data.sec.gov"),
  EDGAR_RATE: setting.count(10, 1, 10),
  EDGAR_CONCURRENCY: setting.count(4, 1, 16),
  EDGAR_TIMEOUT: setting.duration("30s"),
  EDGAR_RETRIES: setting.count(5, 0, 10),
  EDGAR_BLOCK_WAIT: setting.duration("10min"),
};

/** The product's settings with those of EDGAR. */
export type EdgarConfig = ExtensionConfig<typeof settings>;
