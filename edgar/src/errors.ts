/**
 * The error codes of EDGAR. Each has a heading in docs/errors.md of this project; codes are never reused.
 * What throws them takes the error's class from here, so that the compiler knows them wherever it looks.
 */

export { SqlwrightError } from "sqlwright";

export const errorCodes = [
  "edgar.answer_invalid",
  "edgar.blocked",
  "edgar.download_failed",
  "edgar.incomplete",
  "edgar.job_failed",
  "edgar.load_failed",
  "edgar.path_unknown",
  "edgar.refused",
  "edgar.source_invalid",
  "edgar.ticker_unknown",
  "edgar.too_large",
  "edgar.unreachable",
  "edgar.user_agent_missing",
] as const;

type EdgarErrorCodes = Record<(typeof errorCodes)[number], true>;

// Lets SqlwrightError carry them, so that a misspelt code does not compile.
declare module "sqlwright" {
  interface ExtensionErrorCodes extends EdgarErrorCodes {}
}
