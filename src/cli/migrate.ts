/**
 * `migrate`: brings the database to what migrations, functions and the `:view` files say; with `--dry-run` it
 * says what it would do, with `--only` it deploys single functions and views. `migrate status` shows every
 * migration.
 */

import { queryFoldersOf } from "../config.ts";
import type { Deployment } from "../migrate/deploy.ts";
import { migrationStatus } from "../migrate/migrate.ts";
import { loadQueries } from "../query/loader.ts";
import {
  formatCount,
  formatDiagnostics,
  paintFor,
  print,
  printJson,
  shownPlace,
  tell,
  widthOf,
} from "./console/console.ts";
import { withDatabase } from "./database.ts";
import { chooseFiles, deployChosen, deployFiles, migrationLists } from "./deployment.ts";
import { type ProjectOptions, readSettings } from "./environment.ts";
import { formatTable } from "./console/table.ts";

export interface MigrateCommandOptions extends ProjectOptions {
  json?: boolean | undefined;
  dryRun?: boolean | undefined;
  /** Paths of function files and of query files with views: these alone, and no migration. */
  only?: string[] | undefined;
}

/** @returns 1 when a query file is broken: its view, if it is one, was not deployed */
export async function runMigrate(options: MigrateCommandOptions): Promise<number> {
  const { project, sql, json = false, dryRun: isDryRun = false, only } = options;
  const config = readSettings({ project, sql });
  return await withDatabase(config, async ({ ownerUrl }) => {
    const directory = shownPlace(config.SQLWRIGHT_SQL_DIR);
    const queries = await loadQueries(queryFoldersOf(config));
    const chosen = only === undefined ? null : await chooseFiles(config, only, queries);
    const errors = chosen?.errors ?? queries.diagnostics.filter(({ severity }) => severity === "error");
    if (chosen !== null && errors.length > 0) {
      if (json) printJson({ dry_run: isDryRun, diagnostics: errors });
      else tell(formatDiagnostics(errors, queries.sources, { stream: "stderr", directory }));
      return 1;
    }
    const deployment = chosen === null
      ? await deployFiles(config, ownerUrl, queries, { isDryRun })
      : await deployChosen(config, ownerUrl, chosen, { isDryRun });
    if (json) printJson({ dry_run: isDryRun, ...fieldsOf(deployment), diagnostics: errors });
    else {
      printDeployment(deployment, {
        namespace: config.project?.name ?? "",
        isDryRun,
        isPartial: only !== undefined,
      });
      if (errors.length > 0) {
        tell("\n" + formatDiagnostics(errors, queries.sources, { stream: "stderr", directory }));
        tell(`\nViews in broken files were not deployed: ${formatCount(errors.length, "error")}`);
      }
    }
    return errors.length > 0 ? 1 : 0;
  }, { prepareNew: false });
}

/** @returns 1 when what was applied and what is there do not agree; pending migrations are no fault */
export async function runMigrateStatus(
  { project, sql, json = false }: MigrateCommandOptions,
): Promise<number> {
  const config = readSettings({ project, sql });
  return await withDatabase(config, async ({ ownerUrl }) => {
    const { queries } = await loadQueries(queryFoldersOf(config));
    const { migrations: states, others } = await migrationStatus(
      ownerUrl,
      migrationLists(config.project, queries),
    );
    if (json) printJson({ migrations: states, others });
    else {
      const paint = paintFor("stdout");
      const colors = { applied: "green", pending: "yellow", changed: "red", missing: "red" } as const;
      print(formatTable(
        [{ title: "namespace" }, { title: "version", isNumber: true }, { title: "migration" }, {
          title: "state",
        }],
        states.map(({ namespace, version, name, state, partial }) => [
          namespace,
          String(version),
          name,
          partial === undefined ? state : `${state}; statements 1 to ${partial.ran} of ${partial.total} ran`,
        ]),
        { paint, width: widthOf("stdout") },
      ));
      const counts = Object.entries(colors).map(([state, color]) => {
        const count = states.filter((each) => each.state === state).length;
        return count === 0 ? "" : paint(color, `${count} ${state}`);
      });
      print(`\n${counts.filter(Boolean).join(", ") || "no migrations"}`);
      for (const { namespace, migrations } of others) {
        const whose = namespace === "" ? "of a version before namespaces" : `of the project "${namespace}"`;
        print(`Also in this database: ${formatCount(migrations, "migration")} ${whose}`);
      }
    }
    return states.some(({ state }) => state === "changed" || state === "missing") ? 1 : 0;
  }, { prepareNew: false });
}

function fieldsOf({ migrations, functions, views, leftOver, current }: Deployment) {
  return { current, applied: migrations, functions, views, left_over: leftOver };
}

function printDeployment(
  { migrations, functions, views, leftOver, current }: Deployment,
  { namespace, isDryRun, isPartial }: { namespace: string; isDryRun: boolean; isPartial: boolean },
): void {
  const paint = paintFor("stdout");
  const rows = [
    ...migrations.map(({ namespace, name }) => ["migration", namespace, name]),
    ...functions.map((path) => ["function", namespace, path]),
    ...views.map((path) => ["view", namespace, path]),
  ];
  if (rows.length > 0) {
    const columns = [isDryRun ? "would run" : "applied", "namespace", "file"].map((title) => ({ title }));
    print(formatTable(columns, rows, { paint, width: widthOf("stdout") }));
    print("");
  }
  // Query files by themselves have no migrations, and then no number.
  const at = current === 0 ? "" : ` at version ${current}`;
  const done = rows.length === 0
    ? isPartial ? "Deployed already" : `Up to date${at}`
    : isDryRun
    ? `Nothing was changed: without --dry-run, ${formatCount(rows.length, "file")} would run`
    : isPartial || current === 0
    ? `Deployed ${formatCount(rows.length, "file")}`
    : `At version ${current}`;
  print(`${paint("green", "✓")} ${done}`);
  for (const { path, routines } of leftOver) {
    tell(
      `The function file ${path} is gone, and what it made is still in the database: drop it in a ` +
        `migration (${routines.join(", ")})`,
    );
  }
}
