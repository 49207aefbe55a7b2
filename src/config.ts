/**
 * The settings, read from the environment once and validated whole: every wrong setting is named in one error.
 * Unknown `SQLWRIGHT_*` names are refused, because a typo must not silently fall back to a default.
 */

import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { SqlwrightError } from "./errors.ts";
import { logLevels } from "./log.ts";

/** `750ms`, `30s`, `10min`, `2h` to milliseconds; null when the text is no duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|h)$/.exec(text.trim());
  if (!match) return null;
  const unit_ms = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }[match[2] as "ms" | "s" | "min" | "h"];
  return Math.round(Number(match[1]) * unit_ms);
}

/** `512kB`, `1MB`, `64MiB` or plain bytes to bytes; null when the text is no size. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(B|kB|KiB|MB|MiB|GB|GiB)?$/.exec(text.trim());
  if (!match) return null;
  const factor = { B: 1, kB: 1e3, KiB: 1024, MB: 1e6, MiB: 1024 ** 2, GB: 1e9, GiB: 1024 ** 3 };
  return Math.round(Number(match[1]) * factor[(match[2] ?? "B") as keyof typeof factor]);
}

const duration = (fallback: string, { minimum_ms = 1, maximum_ms = 24 * 3_600_000 } = {}) =>
  z.string().default(fallback).transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== null && ms >= minimum_ms && ms <= maximum_ms) return ms;
    context.addIssue({ code: "custom", message: "expected a duration such as 500ms, 10s, 5min or 1h" });
    return z.NEVER;
  });
const bytes = (fallback: string) =>
  z.string().default(fallback).transform((text, context) => {
    const size = parseBytes(text);
    if (size !== null && size > 0) return size;
    context.addIssue({ code: "custom", message: "expected a size such as 65536, 512kB or 4MiB" });
    return z.NEVER;
  });
const count = (fallback: number, minimum: number, maximum: number) =>
  z.string().default(String(fallback)).transform((text, context) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= minimum && number <= maximum) return number;
    context.addIssue({ code: "custom", message: `expected a whole number from ${minimum} to ${maximum}` });
    return z.NEVER;
  });
const list = z.string().default("").transform((text) =>
  text.split(",").map((item) => item.trim()).filter(Boolean)
);
const hostAndPort = z.string().default("127.0.0.1:8321").transform((text, context) => {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match && port <= 65_535) return { hostname: match[1]!.replace(/^\[|\]$/g, ""), port };
  context.addIssue({ code: "custom", message: "expected HOST:PORT such as 127.0.0.1:8321 or [::1]:8321" });
  return z.NEVER;
});
const databaseUrl = z.string().transform((text, context) => {
  if (
    /^postgres(ql)?:\/\//.test(text) &&
    URL.canParse(text.replace(/^postgres(ql)?:/, "http:").replace(/@\//, "@localhost/"))
  ) {
    return text;
  }
  context.addIssue({ code: "custom", message: "expected postgresql://user:password@host:port/database" });
  return z.NEVER;
});

/** Every setting with its default. docs/configuration.md has a heading for each; a test compares the two. */
export const settings = {
  DATABASE_URL: databaseUrl.optional(),
  SQLWRIGHT_SQL_DIR: z.string().min(1).default("sql"),
  SQLWRIGHT_HTTP: hostAndPort,
  SQLWRIGHT_ALLOWED_HOSTS: list,
  SQLWRIGHT_ALLOWED_ORIGINS: list,
  SQLWRIGHT_UNAUTHENTICATED: z.enum(["loopback", "anywhere"]).default("loopback"),
  SQLWRIGHT_SUPERUSER: z.enum(["refuse", "allow"]).default("refuse"),
  SQLWRIGHT_LOG_LEVEL: z.enum(logLevels).default("info"),
  SQLWRIGHT_DATA_DIR: z.string().min(1).default(".sqlwright"),
  SQLWRIGHT_SOURCE_DIR: z.string().min(1).default("data"),
  SQLWRIGHT_POOL_SIZE: count(10, 1, 500),
  SQLWRIGHT_QUEUE_SIZE: count(512, 0, 100_000),
  SQLWRIGHT_QUEUE_TIMEOUT: duration("10s"),
  SQLWRIGHT_CONNECT_TIMEOUT: duration("5s"),
  SQLWRIGHT_TIMEOUT: duration("10s"),
  SQLWRIGHT_LOAD_TIMEOUT: duration("10min"),
  SQLWRIGHT_MAX_TIMEOUT: duration("1h"),
  SQLWRIGHT_ROWS: count(1000, 1, 1_000_000),
  SQLWRIGHT_BYTES: bytes("1MiB"),
  SQLWRIGHT_CURSOR_SECRET: z.string().min(16, "expected at least 16 characters").optional(),
  SQLWRIGHT_MAX_BODY: bytes("4MiB"),
  SQLWRIGHT_MAX_SESSIONS: count(1000, 1, 1_000_000),
  SQLWRIGHT_SESSION_IDLE: duration("30min"),
  SQLWRIGHT_DRAIN: duration("10s"),
};

const environment = z.object(settings);
export type Config = z.output<typeof environment>;

/** Names that the tests and the benchmark give to their own variables; they are no settings, and may be inherited. */
const toolNames = /^SQLWRIGHT_(TEST_\w+|DIR)$/;

/**
 * Validates the settings. Empty values count as unset.
 * @throws {SqlwrightError} `config.unknown` or `config.invalid`, naming every wrong setting.
 */
export function readConfig(variables: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""),
  );
  const known = Object.keys(settings);
  const unknown = Object.keys(set).filter((name) =>
    name.startsWith("SQLWRIGHT_") && !known.includes(name) && !toolNames.test(name)
  );
  if (unknown.length > 0) {
    const advice = unknown.map((name) => {
      const near = known.toSorted((a, b) => distance(a, name) - distance(b, name))[0]!;
      return distance(near, name) <= 4 ? `${name} (did you mean ${near}?)` : name;
    });
    throw new SqlwrightError("config.unknown", `Cannot start: unknown setting ${advice.join(", ")}`, {
      details: { settings: unknown },
      hint: "docs/configuration.md lists every setting",
    });
  }
  const result = environment.safeParse(set);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      // A URL may hold a password: only settings without secrets are shown as found.
      const found = name === "DATABASE_URL" || name.endsWith("_SECRET") ? "" : `, found "${set[name]}"`;
      return `${name}: ${lowerFirst(issue.message)}${found}`;
    });
    throw new SqlwrightError("config.invalid", `Cannot start with these settings: ${faults.join("; ")}`, {
      details: { settings: result.error.issues.map((issue) => String(issue.path[0])) },
      hint: "Correct them in .env or in the environment; docs/configuration.md lists every setting",
    });
  }
  return result.data;
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
