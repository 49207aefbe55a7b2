/** `migrate`: brings the database to what `migrations/` and the `:view` files say, and `migrate status`, which only looks. */

import { migrationStatus } from "../migrate/migrate.ts";
import { loadQueries } from "../query/loader.ts";
import {
  formatCount,
  formatDiagnostics,
  paintFor,
  print,
  printJson,
  tell,
  widthOf,
} from "./console/console.ts";
import { withDatabase } from "./database.ts";
import { migrationsDirectory, readSettings } from "./environment.ts";
import { deploy } from "./server/prepare.ts";
import { formatTable } from "./console/table.ts";

export interface MigrateCommandOptions {
  sql?: string | undefined;
  json?: boolean | undefined;
}

/** @returns 1 when a query file is broken: its view, if it is one, was not deployed */
export async function runMigrate({ sql, json = false }: MigrateCommandOptions): Promise<number> {
  const config = readSettings({ sql });
  return await withDatabase(config, async ({ ownerUrl }) => {
    const queries = await loadQueries(config.SQLWRIGHT_SQL_DIR);
    const { applied, current, views, diagnostics, sources } = await deploy(ownerUrl, queries);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    if (json) {
      printJson({ current, applied, views, diagnostics: errors });
    } else {
      const paint = paintFor("stdout");
      const rows = [
        ...applied.map((name) => ["migration", name]),
        ...views.map((path) => ["view", path]),
      ];
      if (rows.length === 0) print(`${paint("green", "✓")} Up to date at version ${current}`);
      else {
        print(
          formatTable([{ title: "applied" }, { title: "file" }], rows, { paint, width: widthOf("stdout") }),
        );
        print(`\n${paint("green", "✓")} At version ${current}`);
      }
      if (errors.length > 0) {
        const directory = config.SQLWRIGHT_SQL_DIR;
        tell("\n" + formatDiagnostics(errors, sources, { stream: "stderr", directory }));
        tell(`\nViews in broken files were not deployed: ${formatCount(errors.length, "error")}`);
      }
    }
    return errors.length > 0 ? 1 : 0;
  }, { prepareNew: false });
}

/** @returns 1 when what was applied and what is there do not agree; pending migrations are no fault */
export async function runMigrateStatus({ sql, json = false }: MigrateCommandOptions): Promise<number> {
  const config = readSettings({ sql });
  return await withDatabase(config, async ({ ownerUrl }) => {
    const states = await migrationStatus(ownerUrl, { directory: migrationsDirectory });
    if (json) printJson({ migrations: states });
    else {
      const paint = paintFor("stdout");
      const colors = { applied: "green", pending: "yellow", changed: "red", missing: "red" } as const;
      print(formatTable(
        [{ title: "version", isNumber: true }, { title: "migration" }, { title: "state" }],
        states.map(({ version, name, state }) => [String(version), name, state]),
        { paint, width: widthOf("stdout") },
      ));
      const counts = Object.entries(colors).map(([state, color]) => {
        const count = states.filter((each) => each.state === state).length;
        return count === 0 ? "" : paint(color, `${count} ${state}`);
      });
      print(`\n${counts.filter(Boolean).join(", ") || "no migrations"}`);
    }
    return states.some(({ state }) => state === "changed" || state === "missing") ? 1 : 0;
  }, { prepareNew: false });
}
