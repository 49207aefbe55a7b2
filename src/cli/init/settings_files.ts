/** The files that say where things are: `sqlwright.json`, `.env.example`, and those of the hosts of agents. */

import { type Setting, settings } from "../../config.ts";
import type { Project } from "../../project.ts";
import { installation } from "../installation.ts";
import { launchCommand } from "../server/launch_command.ts";

export function projectSettings({ name, sqlwright, modules }: Project): string {
  return `${
    JSON.stringify(
      {
        $schema: ".sqlwright/sqlwright.schema.json",
        sqlwright,
        name,
        sql: "sql",
        migrations: "migrations",
        functions: "functions",
        tests: "tests",
        lock: "sql/lock.json",
        modules,
      },
      null,
      2,
    )
  }\n`;
}

/** Settings that have no place in a project's `.env`. */
const notOfProjects: ReadonlySet<string> = new Set(["SQLWRIGHT_SQL_DIR"]);

/** Every setting, commented out, with its default. */
export function environmentExample(): string {
  const lines = Object.entries<Setting<unknown>>(settings)
    .filter(([name]) => !notOfProjects.has(name))
    .map(([name, { default: value, expected }]) => `# ${expected}\n# ${name}=${value ?? ""}\n`);
  return [
    "# Copy to .env, which git ignores. Every setting with its default; a line that begins with # is not read.\n",
    ...lines,
  ].join("\n");
}

/** Configurations that start the server from the project's folder, by path. */
export function hostFiles({ directory, name }: Project): [path: string, text: string][] {
  const launch = (place: string) =>
    launchCommand(["start", "--stdio", "--project", installation === "checkout" ? directory : place], {
      isShared: true,
    });
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return [
    // Claude Code starts it in the folder of the file.
    [".mcp.json", json({ mcpServers: { [name]: launch(".") } })],
    [".cursor/mcp.json", json({ mcpServers: { [name]: launch("${workspaceFolder}") } })],
    [".vscode/mcp.json", json({ servers: { [name]: { type: "stdio", ...launch("${workspaceFolder}") } } })],
  ];
}
