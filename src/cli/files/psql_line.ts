/**
 * The psql command that runs a query file as it stands: values as psql variables, quoted as the file uses
 * them. `:'name'` is quoted by psql itself; `:name` is replaced as text, so its value is written as a SQL
 * literal. Pure.
 */

import type { Target } from "../../postgres/target/model.ts";
import { quoteIdentifier } from "../../postgres/identifiers.ts";
import { meaningParameters } from "../../postgres/session.ts";
import { splitStatements, type Token, tokenize } from "../../query/lexer.ts";
import type { ParsedQuery } from "../../query/model.ts";
import { indexPlaces } from "../../query/source_text.ts";
import { UsageError } from "../console/console.ts";

export interface PsqlLine {
  /** Without the program. */
  args: string[];
  /** What must be in the environment, without the password. */
  environment: Record<string, string>;
}

export interface PsqlOptions {
  /** The file, as the shell finds it. */
  file: string;
  target: Target;
  /** Only of a `:copy` file, whose rows come from psql's standard input. @default false */
  isLoad?: boolean;
  /** A pooler stands between: settings of the start do not pass it. @default false */
  isPooled?: boolean;
}

/** What of a query the command depends on. */
export interface PsqlQuery extends Pick<ParsedQuery, "source" | "tool" | "header"> {
  /** Names of parameters that are whole numbers: their values need no quotes in SQL. */
  integers: ReadonlySet<string>;
}

/** @throws {UsageError} for values that psql cannot take in the way the file uses them */
export function psqlLine(
  query: PsqlQuery,
  values: Readonly<Record<string, string | null>>,
  { file, target, isLoad = false, isPooled = false }: PsqlOptions,
): PsqlLine {
  const { places, user, database } = target;
  const connection = [
    ["-h", places.map(({ host, address }) => host ?? address).join(",")],
    ["-p", places.map(({ port }) => port).join(",")],
    ...(user === null ? [] : [["-U", user.value]]),
    ...(database === null ? [] : [["-d", database]]),
  ];
  return {
    args: [
      "-X",
      ...connection.flat(),
      "-v",
      "ON_ERROR_STOP=1",
      ...(isPooled ? ["-q"] : []),
      // All statements or none, as the tool runs them; temporary tables live as long, and so do settings.
      ...(isLoad || isPooled ? ["-1"] : []),
      ...(isPooled ? ["-c", localSettings(query)] : []),
      ...(isLoad
        ? literalStatements(query, values).flatMap((
          statement,
        ) => ["-c", statement])
        : [
          ...Object.entries(psqlVariables(query, values)).flatMap((
            [name, value],
          ) => ["-v", `${name}=${value}`]),
          "-f",
          file,
        ]),
    ],
    environment: environmentOf(query, { target, isPooled }),
  };
}

/** What differs from psql's own defaults, under the names of libpq's variables; no password. */
function environmentOf(
  query: PsqlQuery,
  { target, isPooled }: { target: Target; isPooled: boolean },
): Record<string, string> {
  const { tls, places, password } = target;
  const addresses = places.map(({ address }) => address ?? "").join(",");
  const options = [
    ...(target.options === null ? [] : [target.options]),
    ...(isPooled ? [] : [startSettings(query)]),
  ];
  const values: Record<string, string | null> = {
    PGHOSTADDR: /^,*$/.test(addresses) ? null : addresses,
    PGSSLMODE: tls.mode === "prefer" ? null : tls.mode,
    PGSSLROOTCERT: tls.authorities,
    PGSSLCERT: tls.own?.certificate ?? null,
    PGSSLKEY: tls.own?.key ?? null,
    PGSSLNEGOTIATION: tls.isDirect ? "direct" : null,
    PGCHANNELBINDING: target.channelBinding === "prefer" ? null : target.channelBinding,
    PGREQUIREAUTH: target.loginWays === null ? null : [...target.loginWays].join(","),
    PGTARGETSESSIONATTRS: target.kind === "any" ? null : target.kind,
    PGLOADBALANCEHOSTS: target.isShuffled ? "random" : null,
    PGPASSFILE: password.kind === "passfile" ? password.path : null,
    PGCLIENTENCODING: "UTF8",
    PGOPTIONS: options.length === 0 ? null : options.join(" "),
  };
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** The tool's own session has them too; what psql shows, it shows as it likes. */
const meaning = Object.entries(meaningParameters);

function startSettings({ header: { role } }: PsqlQuery): string {
  return [...meaning, ...(role === null ? [] : [["role", role] as const])]
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, "\\$&")}`)
    .join(" ");
}

/** A session of a pooler is shared: nothing is set in it for longer than the transaction. */
function localSettings({ header: { role } }: PsqlQuery): string {
  return [
    ...meaning.map(([name, value]) => `set local ${name} = '${value}'`),
    ...(role === null ? [] : [`set local role ${quoteIdentifier(role)}`]),
  ].join("; ");
}

/** Every variable of the file with its text for `-v`. */
export function psqlVariables(
  { source, tool, integers }: Pick<PsqlQuery, "source" | "tool" | "integers">,
  values: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const uses = new Map<string, { isBare: boolean; isQuoted: boolean }>();
  for (const { kind, name, start } of tokensOf(source)) {
    if (kind !== "parameter" || name === undefined) continue;
    const use = uses.get(name) ?? { isBare: false, isQuoted: false };
    if (source[start + 1] === "'") use.isQuoted = true;
    else use.isBare = true;
    uses.set(name, use);
  }
  const variables: Record<string, string> = {};
  for (const [name, { isBare, isQuoted }] of uses) {
    const value = values[name] ?? null;
    if (isQuoted && value === null) {
      throw new UsageError(
        `psql cannot give null to :'${name}' of ${tool}`,
        `Give a value, or write :${name} in the file: both mean the same to the tool`,
      );
    }
    if (isQuoted && isBare && !(integers.has(name) && /^\d+$/.test(value!))) {
      throw new UsageError(
        `psql cannot give one value to both :'${name}' and :${name} of ${tool}`,
        `Write it in one way everywhere in the file: both mean the same to the tool`,
      );
    }
    const isPlain = integers.has(name) && /^\d+$/.test(value ?? "");
    variables[name] = isQuoted || isPlain ? value! : sqlLiteral(value);
  }
  return variables;
}

/**
 * As Postgres reads an untyped literal, which is how it reads `$1` too. With a backslash in it as E'…', which
 * means the same whatever `standard_conforming_strings` is: the line may be run in any session.
 */
export function sqlLiteral(value: string | null): string {
  if (value === null) return "null";
  const quoted = value.replaceAll("'", "''");
  return value.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}

/** For a POSIX shell: bare where that is safe, else in the quotes that the text itself does not hold. */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  if (text.includes("'") && !/["$`\\!]/.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function shellLine({ args, environment }: PsqlLine): string {
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...settings, "psql", ...args.map(shellWord)].join(" ");
}

/**
 * The statements of a `:copy` file with their values as literals: psql takes them one by one with `-c`,
 * because in a script the rows of `copy … from stdin` would have to stand in the script itself.
 */
export function literalStatements(
  { source, integers }: Pick<PsqlQuery, "source" | "integers">,
  values: Readonly<Record<string, string | null>>,
): string[] {
  return splitStatements(source, tokensOf(source), indexPlaces(source)).map(
    ({ tokens }) => {
      let text = "";
      let copied = tokens[0]!.start;
      for (const { kind, name, start, end } of tokens) {
        if (kind !== "parameter" || name === undefined) continue;
        const value = values[name] ?? null;
        const isPlain = integers.has(name) && /^\d+$/.test(value ?? "");
        text += source.slice(copied, start) +
          (isPlain ? value : sqlLiteral(value));
        copied = end;
      }
      return text + source.slice(copied, tokens.at(-1)!.end);
    },
  );
}

function tokensOf(source: string): Token[] {
  return tokenize(source, 0, indexPlaces(source), () => {});
}
