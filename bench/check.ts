/**
 * How long `check` takes for one hundred files: parsed, described, planned, examples and privileges checked,
 * the lock made. The files are the shipped ones under other names, in a folder of their own.
 *
 *   DATABASE_URL=… deno task bench:check [files]
 *
 * Needs a database with the migrations, views and the sample.
 */

import { join } from "node:path";
import process from "node:process";
import { checkFiles, openPools } from "../src/app.ts";
import { checkLock } from "../src/cli/files/lock.ts";
import { readConfig } from "../src/config.ts";
import { proveFurther } from "../src/check/check_tools.ts";

const project = new URL("..", import.meta.url).pathname;
const wanted = Number(Deno.args[0] ?? 100);
const rounds = 3;

async function main(): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_check_" });
  try {
    await makeFiles(directory);
    const config = readConfig({ ...Deno.env.toObject(), SQLWRIGHT_SQL_DIR: directory });
    const pools = openPools(config);
    print(
      "| round | parse, types, pages | plans, privileges, examples | lock | all, ms |\n|--:|--:|--:|--:|--:|",
    );
    try {
      for (let round = 1; round <= rounds; round++) {
        const times = [performance.now()];
        const files = await checkFiles(config, pools.writer);
        times.push(performance.now());
        const tools = [...files.catalog.tools.values()];
        const queries = tools.map(({ query }) => query.parsed);
        const further = await pools.writer.withConnection(
          undefined,
          (each) => proveFurther(each, { tools, queries }),
        );
        times.push(performance.now());
        await checkLock(files, pools, directory);
        times.push(performance.now());
        const errors = [...files.diagnostics, ...further.diagnostics].filter(({ severity }) =>
          severity === "error"
        );
        if (errors.length > 0 || tools.length !== wanted) {
          throw new Error(`${tools.length} tools, ${JSON.stringify(errors[0])}`);
        }
        const [start, typed, planned, locked] = times as [number, number, number, number];
        print(
          `| ${round} | ${ms(typed - start)} | ${ms(planned - typed)} | ${ms(locked - planned)} | ${
            ms(locked - start)
          } |`,
        );
      }
    } finally {
      await Promise.all([pools.reader.close(), pools.writer.close()]);
    }
    const began = performance.now();
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "main.ts", "check", "--sql", directory],
      cwd: project,
      stdin: "null",
    }).output();
    print(`\nThe whole command: ${ms(performance.now() - began)} ms, exit code ${code}`);
    print(new TextDecoder().decode(stdout).trimEnd());
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/**
 * A `:view` file stands for one relation, so it is taken once; all others again and again, a number after the
 * name.
 */
async function makeFiles(directory: string): Promise<void> {
  const folder = join(directory, "edgar");
  await Deno.mkdir(folder);
  const source = join(project, "edgar", "sql", "edgar");
  const files: { name: string; text: string }[] = [];
  for await (const { name } of Deno.readDir(source)) {
    const text = await Deno.readTextFile(join(source, name));
    if (name === "_module.sql") await Deno.writeTextFile(join(folder, name), text);
    else if (name.endsWith(".sql")) files.push({ name: name.slice(0, -".sql".length), text });
  }
  const copies = files.filter(({ text }) => !/^-- name: \w+ :view/.test(text));
  for (let made = 0; made < wanted; made++) {
    const { name, text } = made < files.length ? files[made]! : copies[made % copies.length]!;
    const own = made < files.length ? name : `${name}_${made}`;
    await Deno.writeTextFile(
      join(folder, `${own}.sql`),
      text.replace(`-- name: ${name} `, `-- name: ${own} `),
    );
  }
}

const ms = (time: number) => String(Math.round(time));

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
