/**
 * `start`, `permissions` and `client-config`: how the server is started, by us, by a person and by an MCP
 * client.
 */

import { join } from "node:path";
import type { Config } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import { isWebAddress, joinHostAndPort } from "../../permissions.ts";
import { withoutSecrets } from "../../web_address.ts";
import { serverExtension } from "../../extension/server.ts";
import { requireFolder } from "../../query/loader.ts";
import { paintFor, print, printJson, tell } from "../console/console.ts";
import { withDatabase } from "../database.ts";
import { commandName } from "../installation.ts";
import { type ProjectOptions, readAddress, readSettings, refuseForeignAddress } from "../environment.ts";
import { createLog } from "../../log.ts";
import { findExposure } from "./environment_file.ts";
import { launchCommand } from "./launch_command.ts";
import { prepareDatabase } from "./prepare.ts";
import { type ServerCommand, serverCommand, start } from "./start.ts";
import { waitingSince } from "./waiting.ts";

export interface TransportOptions extends ProjectOptions {
  stdio?: boolean | undefined;
  /** `HOST:PORT`; true for that of SQLWRIGHT_HTTP. */
  http?: string | true | undefined;
  json?: boolean | undefined;
}

export async function runStart(
  { stdio = false, http, project, sql, skipBroken }: TransportOptions & { skipBroken?: boolean | undefined },
  startedAt_ms: number | null,
): Promise<number> {
  const config = readSettings({ project, sql });
  const address = readAddress(http, config);
  if (!stdio) refuseForeignAddress(address, config);
  const isEmbedded = config.DATABASE_URL === undefined;
  if (isEmbedded) await requireFolder(config.SQLWRIGHT_SQL_DIR);
  const exposure = await findExposure(config);
  if (exposure !== null) {
    createLog({ level: config.SQLWRIGHT_LOG_LEVEL }).warn("env_file.exposed", { ...exposure });
  }
  return await start({
    stdio,
    http: joinHostAndPort(address.hostname, String(address.port)),
    config,
    skipBroken,
    waitingSince_ms: await waitingSince(startedAt_ms),
    extension: await serverExtension(config),
  }, {
    prepareDatabase: (ownerUrl, serverUrl) => prepareDatabase({ config, ownerUrl, serverUrl, isEmbedded }),
  });
}

/** Prints what stands between `deno run` and `main.ts serve` when `start` runs the server. */
export async function runPermissions(
  { stdio = false, http, project, sql, json = false, lines = false }: TransportOptions & {
    /** A flag a line, as it is, for scripts. */
    lines?: boolean | undefined;
  },
): Promise<number> {
  const config = readSettings({ project, sql });
  const flags = await withDatabase(
    config,
    async ({ url }) => (await commandOf(config, url, { stdio, http })).flags,
    { prepareNew: false },
  );
  if (json) printJson({ flags });
  else print(lines ? flags.join("\n") : shellFlags(flags));
  return 0;
}

/** The server as `start` runs it, so that nothing else is ever shown or tried. */
export async function commandOf(
  config: Config,
  databaseUrl: string,
  { stdio, http }: TransportOptions,
): Promise<ServerCommand & { flags: string[] }> {
  const { hostname, port } = readAddress(http, config);
  const command = serverCommand({
    stdio: stdio ?? false,
    http: joinHostAndPort(hostname, String(port)),
    config,
    databaseUrl,
    extension: await serverExtension(config),
  });
  // The product's own configuration is found without being named.
  const end = command.args.indexOf("--config") + (command.configFile === null ? 0 : 2);
  return { ...command, flags: command.args.slice(1, end) };
}

export const clients = ["claude-desktop", "claude-code", "cursor", "vscode"] as const;
export type Client = (typeof clients)[number];

/** The text to paste, or the command to run, on standard output; where it belongs, on standard error. */
export function runClientConfig(client: Client, { http, project, sql }: TransportOptions): number {
  const config = readSettings({ project, sql });
  const url = http === undefined ? null : endpointOf(http, config);
  const files = config.project === null
    ? ["--sql", config.SQLWRIGHT_SQL_DIR]
    : ["--project", config.project.directory];
  const launch = launchCommand(["start", "--stdio", ...files]);
  // A host shows several projects beside each other.
  const name = config.project?.name ?? "sqlwright";
  const paint = paintFor("stderr");
  switch (client) {
    case "claude-desktop": {
      tell(`${paint("bold", "Put into")} ${claudeDesktopFile()} and start Claude Desktop again:\n`);
      // Its file knows commands only; mcp-remote speaks HTTP for it.
      const server = url === null ? launch : { command: "npx", args: ["-y", "mcp-remote", url] };
      printJson({ mcpServers: { [name]: server } });
      break;
    }
    case "claude-code":
      tell(
        `${
          paint("bold", "Run")
        } in the folder where you use Claude Code (or with --scope user for all folders):\n`,
      );
      print(
        url === null
          ? [`claude mcp add ${name} --`, ...[launch.command, ...launch.args].map(quoteForShell)].join(" ")
          : `claude mcp add --transport http ${name} ${quoteForShell(url)}`,
      );
      break;
    case "cursor":
      tell(
        `${paint("bold", "Put into")} ${
          join(homeDirectory(), ".cursor", "mcp.json")
        }, or .cursor/mcp.json of a project:\n`,
      );
      printJson({ mcpServers: { [name]: url === null ? launch : { url } } });
      break;
    case "vscode":
      tell(
        `${paint("bold", "Put into")} .vscode/mcp.json of a folder, or run "MCP: Open User Configuration":\n`,
      );
      printJson({
        servers: { [name]: url === null ? { type: "stdio", ...launch } : { type: "http", url } },
      });
      break;
    default:
      throw new TypeError(`unknown client: ${client satisfies never}`);
  }
  if (url !== null) {
    const { SQLWRIGHT_AUTH_ISSUER: issuer } = config;
    const token = issuer === undefined
      ? ""
      : `. It wants a token of ${issuer} for each request: let the client sign in, or give it the ` +
        "header Authorization";
    tell(`\n${paint("dim", `The server must be running: ${commandName} start${token}`)}`);
  }
  return 0;
}

/** `HOST:PORT`, or the address that `start` prints. @throws {SqlwrightError} `config.invalid` */
function endpointOf(http: string | true, config: Config): string {
  if (typeof http === "string" && isWebAddress(http)) {
    const url = URL.canParse(http) ? new URL(http) : null;
    if (url !== null && /^https?:$/.test(url.protocol) && url.hostname !== "" && url.username === "") {
      if (url.pathname === "/") url.pathname = "/mcp";
      return url.href;
    }
    throw new SqlwrightError("config.invalid", `Cannot use "${withoutSecrets(http)}" as a server's address`, {
      hint: "Write HOST:PORT, or the address that `start` prints: http://127.0.0.1:8321/mcp",
    });
  }
  const { hostname, port } = readAddress(http, config);
  return `http://${joinHostAndPort(hostname, String(port))}/mcp`;
}

function claudeDesktopFile(): string {
  const name = "claude_desktop_config.json";
  switch (Deno.build.os) {
    case "darwin":
      return join(homeDirectory(), "Library", "Application Support", "Claude", name);
    case "windows":
      return join(Deno.env.get("APPDATA") ?? "%APPDATA%", "Claude", name);
    default:
      return join(Deno.env.get("XDG_CONFIG_HOME") || join(homeDirectory(), ".config"), "Claude", name);
  }
}

function homeDirectory(): string {
  return Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? "~";
}

/**
 * One line for a shell. On a terminal it is copied, and zsh refuses a star that matches no file; into `deno
 * run $(…)` it goes without a look at its quotes, so there a star stands bare: no file has the name of a
 * flag.
 */
function shellFlags(flags: readonly string[]): string {
  const copied = Deno.stdout.isTerminal();
  const staysBare = (flag: string) => !copied && /^[\w@%+=:,./*\\-]+$/.test(flag);
  return flags.map((flag) => staysBare(flag) ? flag : quoteForShell(flag)).join(" ");
}

function quoteForShell(word: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(word)) return word;
  return Deno.build.os === "windows" ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}
