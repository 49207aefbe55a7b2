/**
 * `init`: a project over a database of one's own or an embedded one, in a script and at a terminal; what can
 * be wrong, before anything is written.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { builtInFolder } from "../../src/project.ts";
import { testOnEach, withDatabase, withFiles } from "../harness.ts";
import { type CommandResult, makeDatabase, nowhere, projectDirectory, until } from "./command.ts";

const northwind = `
  create table categories (category_id smallint primary key, category_name varchar(15) not null, picture bytea);
  create table customers (customer_id varchar(5) primary key, company_name varchar(40) not null, city text);
  create table employees (employee_id smallint primary key, last_name text not null, reports_to smallint references employees);
  create table products (product_id smallint primary key, product_name text not null, category_id smallint references categories);
  create table orders (order_id smallint primary key, customer_id varchar(5) references customers, order_date date, freight real);
  create table order_details (order_id smallint references orders, product_id smallint references products, quantity smallint not null, primary key (order_id, product_id));
  create schema stock;
  create table stock.item (id bigint generated always as identity primary key, status text not null default 'new');
  insert into categories values (1, 'Beverages', '');
  insert into stock.item default values;
`;

/** The command in a folder, as a person there runs it, without any of the variables of this process. */
async function init(
  cwd: string,
  args: readonly string[],
  { env = {}, command = ["init"] }: {
    env?: Record<string, string>;
    command?: string[];
  } = {},
): Promise<CommandResult> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...sqlwright, ...command, ...args],
    cwd,
    env: { ...plainEnvironment(), ...env },
    clearEnv: true,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

const sqlwright = [
  "run",
  "--no-prompt",
  "--cached-only",
  "--allow-all",
  "--config",
  join(projectDirectory, "deno.json"),
  join(projectDirectory, "main.ts"),
];

function plainEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "DENO_DIR", "LANG", "TMPDIR"];
  const kept = names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(kept),
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
  };
}

async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  async function walk(below: string): Promise<void> {
    for await (
      const { name, isDirectory } of Deno.readDir(join(folder, below))
    ) {
      if (isDirectory) await walk(`${below}${name}/`);
      else found.push(`${below}${name}`);
    }
  }
  await walk("");
  return found.sort();
}

/** Every relation, routine and role that the database has. */
const everything = `
  select class.oid::text, relnamespace::regnamespace || '.' || relname as name from pg_class as class
  where relnamespace::regnamespace::text !~ '^pg_'
  union all select oid::text, proname from pg_proc
  union all select oid::text, nspname from pg_namespace where nspname !~ '^pg_(temp|toast_temp)'
  union all select oid::text, rolname from pg_roles
  order by 1, 2`;

testOnEach(
  "init over a database of one's own makes a project that works, and nothing in the database",
  (server) =>
    withDatabase(async ({ sql, ownerUrl }) => {
      await sql.unsafe(northwind);
      await sql.unsafe(
        "alter schema stock owner to sqlwright_owner; grant all on all tables in schema public, stock to sqlwright_owner",
      );
      const before = await sql.unsafe(everything);
      await withFiles({}, async (folder) => {
        const made = await init(folder, [
          "shop",
          "--yes",
          "--database-url",
          ownerUrl,
          "--write",
        ]);
        assert.equal(made.code, 0, made.stdout + made.stderr);
        assert.match(made.stderr, /^\d+ tools that change data: shop_add_categories,/m);
        assert.doesNotMatch(made.stdout, /description-placeholder/);
        for (const line of `${made.stdout}${made.stderr}`.split("\n")) {
          assert.ok(line.length <= 80, line);
        }
        assert.match(
          made.stderr,
          /^PostgreSQL 1[58]\.\S+, database "test_\w+", as "sqlwright_owner"$/m,
        );
        assert.match(made.stdout, /^ {2}\+ sqlwright\.json$/m);
        assert.match(made.stdout, /^✓ \d+ files · /m);
        assert.match(made.stderr, /call shop_list_categories --page_size 3$/m);
        assert.match(made.stdout, /^ +1 {2}Beverages/m);
        assert.match(made.stderr, /^Next:\n {2}cd shop\n/m);

        const project = join(folder, "shop");
        const files = await filesIn(project);
        const wanted = [
          ".cursor/mcp.json",
          ".env",
          ".env.example",
          ".github/workflows/sqlwright.yml",
          ".gitignore",
          ".mcp.json",
          ".sqlwright/sqlwright.schema.json",
          ".vscode/mcp.json",
          "AGENTS.md",
          "README.md",
          "functions/.gitkeep",
          "migrations/.gitkeep",
          "roles.sql",
          "sql/lock.json",
          "sql/shop/_module.sql",
          "sql/shop/add_categories.sql",
          "sql/shop/count_categories.sql",
          "sql/shop/get_order_details.sql",
          "sql/shop/list_item.sql",
          "sql/shop/load_categories.sql",
          "sql/shop/report_categories.sql",
          "sql/shop/set_categories_category_name.sql",
          "sqlwright.json",
          "tests/shop.sql",
        ];
        assert.deepEqual(wanted.filter((file) => !files.includes(file)), []);
        // More than five tables: one shows every kind, and no view is made in a foreign database.
        assert.ok(
          !files.some((file) => /sql\/shop\/(add_customers|\w+_view)\.sql/.test(file)),
          files.join("\n"),
        );

        // The secret is in one file, which nobody else reads and nobody commits.
        const password = new URL(ownerUrl).password || ownerUrl;
        for (const file of files) {
          const text = await Deno.readTextFile(join(project, file));
          assert.equal(text.includes(password), file === ".env", file);
        }
        assert.equal(
          (await Deno.stat(join(project, ".env"))).mode! & 0o777,
          0o600,
        );
        assert.equal(
          await Deno.readTextFile(join(project, ".gitignore")),
          ".env\n.sqlwright/\n",
        );

        // Every host starts this project.
        for (
          const [file, group] of [[".mcp.json", "mcpServers"], [
            ".vscode/mcp.json",
            "servers",
          ], [
            ".cursor/mcp.json",
            "mcpServers",
          ]] as const
        ) {
          const { shop } = JSON.parse(await Deno.readTextFile(join(project, file)))[group];
          assert.deepEqual(shop.args.slice(-4), [
            "start",
            "--stdio",
            "--project",
            await Deno.realPath(project),
          ]);
        }
        const tested = await init(project, [], { command: ["test"] });
        assert.equal(tested.code, 0, tested.stdout + tested.stderr);
        assert.match(tested.stdout, /^tests\/shop\.sql$/m);
        assert.match(tested.stdout, /✓ \d+ passed, 0 failed/);

        const script = await Deno.readTextFile(join(project, "roles.sql"));
        for (const line of script.split("\n")) {
          assert.ok(line.length <= 80, line);
        }
        assert.match(
          script,
          /^grant select \(\n {2}customer_id, company_name, city\n\) on public\.customers to shop_tools;$/m,
        );
        assert.doesNotMatch(script, /update .* on public\.customers/);

        assert.deepEqual([...await sql.unsafe(everything)], [...before]);
      });
    }, { server, isEmpty: true }),
);

Deno.test("init again adds what is missing and overwrites nothing", async () => {
  await using database = await makeDatabase();
  await database.query(northwind);
  await database.query(
    `grant all on all tables in schema public, stock to ${new URL(database.url).username}`,
  );
  await database.query(
    `grant usage on schema stock to ${new URL(database.url).username}`,
  );
  const existing = {
    "README.md": "# Mine\n",
    "AGENTS.md": "Say hello.",
    ".gitignore": "node_modules\n.env",
    ".env": "OTHER=1\n",
    ".mcp.json": '{"mcpServers": {"other": {"command": "other"}}}',
    ".vscode/mcp.json": "// not plain JSON\n{}",
    "sql/stock/list_item.sql": "-- name: list_item :value\n-- Mine.\n\nselect 1 as one;\n",
  };
  await withFiles(existing, async (folder) => {
    const words = [
      "--yes",
      "--database-url",
      database.url,
      "--schema",
      "stock",
      "--module",
      "stock",
      "--no-ops",
    ];
    const first = await init(folder, words);
    assert.equal(first.code, 0, first.stdout + first.stderr);
    const read = (file: string) => Deno.readTextFile(join(folder, file));
    assert.match(await read("README.md"), /^# Mine\n\n## SQL tools\n/);
    assert.match(await read("AGENTS.md"), /^Say hello\.\n\n# SQL tools\n/);
    assert.equal(await read(".gitignore"), "node_modules\n.env\n.sqlwright/\n");
    assert.equal(await read(".env"), `OTHER=1\nDATABASE_URL=${database.url}\n`);
    const hosts = JSON.parse(await read(".mcp.json")).mcpServers;
    assert.deepEqual(Object.keys(hosts).length, 2);
    assert.equal(await read(".vscode/mcp.json"), existing[".vscode/mcp.json"]);
    assert.match(
      first.stderr,
      /^\.vscode\/mcp\.json is no plain JSON: add under "servers"$/m,
    );
    assert.equal(
      await read("sql/stock/list_item.sql"),
      existing["sql/stock/list_item.sql"],
    );
    assert.deepEqual(JSON.parse(await read("sqlwright.json")).modules, []);

    // What tools there are is for `new` from now on, and the lock is a review's.
    for (
      const word of [["--schema", "public"], ["--tables", "orders"], ["--module", "other"], ["--write"]]
    ) {
      const refused = await init(folder, ["--yes", ...word]);
      assert.equal(refused.code, 2);
      assert.match(
        refused.stderr,
        /there is a project here already.*\n {2}help: Write .* new 'schema\.pattern\*'/,
      );
    }
    await Deno.remove(join(folder, "AGENTS.md"));
    await Deno.remove(join(folder, "sql/stock/get_item.sql"));
    await Deno.writeTextFile(join(folder, "roles.sql"), "-- mine\n");
    const before = new Map(
      await Promise.all(
        (await filesIn(folder)).map(async (file) => [file, await read(file)] as const),
      ),
    );
    // The database is that of .env now.
    const again = await init(folder, ["--yes"]);
    assert.equal(again.code, 1, "the lock is not that of the files, and stays");
    assert.match(again.stdout, /lock-stale/);
    assert.match(again.stderr, /There is a project here.*tools are made by `new`/);
    assert.match(again.stdout, /^ {2}\+ AGENTS\.md$/m);
    assert.match(again.stdout, /= \d+ files that were there kept/);
    for (const [file, text] of before) {
      assert.equal(await read(file), text, file);
    }
    assert.deepEqual(await filesIn(folder), [...before.keys(), "AGENTS.md"].sort());
    await Deno.remove(join(folder, "sql/lock.json"));
    const locked = await init(folder, ["--yes"]);
    assert.equal(locked.code, 0, locked.stdout + locked.stderr);
    assert.ok((await filesIn(folder)).includes("sql/lock.json"));
  });
});

Deno.test("an .env that names another database keeps it, and sqlwright's own line goes before it", async () => {
  await using database = await makeDatabase();
  await database.query(northwind);
  await database.query(
    `grant select on all tables in schema public to ${new URL(database.url).username}`,
  );
  const app = "postgresql://app:hush@127.0.0.1:1/app";
  const words = ["--yes", "--database-url", database.url, "--tables", "customers", "--no-ops"];
  await withFiles({ ".env": `DATABASE_URL=${app}\n` }, async (folder) => {
    const made = await init(folder, words);
    assert.equal(made.code, 0, made.stdout + made.stderr);
    const said =
      /\.env has DATABASE_URL already, of another database:\n {2}postgresql:\/\/app:…@127\.0\.0\.1:1\/app/g;
    assert.equal(made.stderr.match(said)?.length, 2, "before anything is written, and at the end");
    assert.match(made.stderr, /in \.env as SQLWRIGHT_DATABASE_URL/);
    assert.doesNotMatch(made.stdout + made.stderr, /hush/);
    assert.equal(
      await Deno.readTextFile(join(folder, ".env")),
      `DATABASE_URL=${app}\nSQLWRIGHT_DATABASE_URL=${database.url}\n`,
    );
    const called = await init(folder, ["list_customers"].map((name) => `${moduleOf(folder)}_${name}`), {
      command: ["call"],
    });
    assert.equal(called.code, 0, called.stderr);
    const doctor = await init(folder, [], { command: ["doctor"] });
    assert.match(doctor.stdout, /SQLWRIGHT_DATABASE_URL=.* from \.env/);
    assert.doesNotMatch(doctor.stdout, / DATABASE_URL=/);
  });
  await withFiles({ ".env": `SQLWRIGHT_DATABASE_URL=${app}\n` }, async (folder) => {
    const { code, stderr } = await init(folder, words);
    assert.equal(code, 2);
    assert.match(stderr, /\.env names another database in SQLWRIGHT_DATABASE_URL: postgresql:\/\/app:…@/);
    assert.deepEqual(await filesIn(folder), [".env"]);
  });
  await withFiles({ ".env": `DATABASE_URL=${app}\n` }, async (folder) => {
    const { code, stderr } = await init(folder, ["--yes", "--embedded"]);
    assert.equal(code, 2);
    assert.match(stderr, /take that line out of \.env first/);
    assert.deepEqual(await filesIn(folder), [".env"]);
  });
  // What is exported goes before .env, so the project's own variable is needed there too.
  await withFiles({}, async (folder) => {
    const made = await init(folder, words, { env: { DATABASE_URL: app } });
    assert.equal(made.code, 0, made.stdout + made.stderr);
    assert.equal(await Deno.readTextFile(join(folder, ".env")), `SQLWRIGHT_DATABASE_URL=${database.url}\n`);
  });
});

/** The module is named after the folder. */
const moduleOf = (folder: string) =>
  JSON.parse(Deno.readTextFileSync(join(folder, "sqlwright.json"))).name.slice(0, 30);

Deno.test("init with the embedded database begins with a table of the project's own, in every kind", () =>
  withFiles({}, async (folder) => {
    // PostgreSQL does not run as root, and its account must be able to pass.
    await Deno.chmod(folder, 0o755);
    const made = await init(folder, [
      "tasks",
      "--yes",
      "--embedded",
      "--no-ops",
    ], {
      // Neither a variable nor the folder above counts.
      env: { DATABASE_URL: nowhere },
    });
    assert.equal(made.code, 0, made.stdout + made.stderr);
    for (const line of `${made.stdout}${made.stderr}`.split("\n")) {
      assert.ok(line.length <= 80, line);
    }
    const project = join(folder, "tasks");
    const files = await filesIn(join(project, "sql"));
    assert.deepEqual(files, [
      "lock.json",
      "tasks/_module.sql",
      "tasks/add_task.sql",
      "tasks/count_task.sql",
      "tasks/get_task.sql",
      "tasks/list_task.sql",
      "tasks/load_task.sql",
      "tasks/report_task.sql",
      "tasks/set_task_status.sql",
      "tasks/task_view.sql",
    ]);
    assert.doesNotMatch(
      await Deno.readTextFile(join(project, ".env")),
      /^DATABASE_URL/m,
    );
    assert.match(made.stdout, /Write a query file/);
    const tested = await init(project, [], { command: ["test"] });
    assert.equal(tested.code, 0, tested.stdout + tested.stderr);
    assert.match(tested.stdout, /✓ a task that is added is open/);
    const viewed = await init(project, ["tasks_task_view", "--json"], {
      command: ["call"],
    });
    assert.equal(JSON.parse(viewed.stdout).rows.length, 3, viewed.stderr);
  }));

Deno.test("what is wrong is told in a line with what to do, and nothing is made", async () => {
  await using database = await makeDatabase();
  await database.query(northwind);
  await database.query(
    `grant select on all tables in schema public to ${new URL(database.url).username}`,
  );
  const wrongPassword = database.url.replace(/:[^:@/]*@/, ":wrong@");
  const isTrusting = wrongPassword === database.url;
  assert.ok(!isTrusting);
  const at = (url: string) => ["--yes", "--database-url", url];
  const cases: [string[], RegExp][] = [
    [
      [],
      /init asks its questions on a terminal, and there is none\n {2}help: Write --yes/,
    ],
    [
      at("mysql://x"),
      /--database-url is no connection string that can be read: write postgresql:\/\/… or host=… dbname=…\n {2}help: Write/,
    ],
    [
      at("postgresql://me@127.0.0.1:1/app?schema=shop"),
      /schema cannot be honoured: it is a parameter of Prisma, .*take it out/,
    ],
    [at("postgresql+psycopg://me@127.0.0.1:1/app"), /names a driver of SQLAlchemy: write postgresql:\/\//],
    [
      at(nowhere),
      /error\[database\.unreachable\] Cannot reach PostgreSQL at 127\.0\.0\.1:1\/nothing/,
    ],
    [at(wrongPassword), /error\[database\.refused\].*password/],
    [
      at(database.url.replace(/\/[^/]*$/, "/nothing_there")),
      /error\[database\.refused\].*nothing_there/,
    ],
    [
      [...at(database.url), "--schema", "publik"],
      /no schema "publik"[^]*help: Did you mean "public"\?/,
    ],
    [
      [...at(database.url), "--tables", "ordr*"],
      /no table matches "ordr\*"[^]*help: .*public\.orders/,
    ],
    [
      [...at(database.url), "--module", "ops"],
      /the module "ops" comes with sqlwright\n {2}help: .*--module ops_own/,
    ],
    [[...at(database.url), "--module", "No"], /"No" is no name of a module/],
    [
      [...at(database.url), "--embedded"],
      /--database-url and --embedded exclude each other/,
    ],
  ];
  await withFiles({}, async (folder) => {
    for (const [words, message] of cases) {
      const { code, stdout, stderr } = await init(folder, words);
      assert.ok(code === 1 || code === 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /internal\.failed/);
      assert.deepEqual(await filesIn(folder), [], words.join(" "));
    }
  });
  await using empty = await makeDatabase();
  await withFiles({}, async (folder) => {
    const { code, stderr } = await init(join(folder), [
      "deeper/still",
      ...at(empty.url),
    ]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /error\[project\.no_tables\].*has none that "cli_test_\w+" may use\n {2}help: .*--embedded/,
    );
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  });
});

Deno.test("a folder that cannot be taken, a project of a newer version and one around this one are told", async () => {
  await using database = await makeDatabase();
  await database.query(northwind);
  await database.query(
    `grant select on all tables in schema public to ${new URL(database.url).username}`,
  );
  const words = [
    "--yes",
    "--database-url",
    database.url,
    "--tables",
    "customers",
  ];
  await withFiles({
    "file": "",
    "newer/sqlwright.json": '{"sqlwright": "99.0.0", "name": "shop"}',
    "wrong/sqlwright.json": '{"sqlwright": "0.1.0", "name": "shop", "sgl": "sql"}',
    "outer/sqlwright.json": '{"sqlwright": "0.1.0", "name": "outer"}',
  }, async (folder) => {
    const before = await filesIn(folder);
    const onFile = await init(folder, ["file/inside", ...words]);
    assert.match(
      onFile.stderr,
      /error\[project\.unwritable\] Cannot make a project in .*: .*\/file is a file\n {2}help: /,
    );
    const newer = await init(folder, ["newer", ...words]);
    assert.match(
      newer.stderr,
      /error\[project\.newer\].*made with sqlwright 99\.0\.0/,
    );
    const wrong = await init(folder, ["wrong", ...words]);
    assert.match(
      wrong.stderr,
      /error\[project\.invalid\].*sqlwright\.json:1:\d+: unknown key "sgl"\n {2}help: Did you mean "sql"/,
    );
    for (const { code } of [onFile, newer, wrong]) assert.equal(code, 1);
    assert.deepEqual(await filesIn(folder), before);
    const nested = await init(folder, ["outer/inner", ...words]);
    assert.equal(nested.code, 0, nested.stdout + nested.stderr);
    assert.match(nested.stderr, /There is a project around it, in .*\/outer\./);
    assert.equal(
      await Deno.readTextFile(join(folder, "outer/sqlwright.json")),
      '{"sqlwright": "0.1.0", "name": "outer"}',
    );
  });
  await withFiles({ "locked/.keep": "" }, async (folder) => {
    // Root may write everywhere, but not into the system's own tree.
    const place = Deno.uid() === 0 ? "/proc/sqlwright_init" : join(folder, "locked", "inside");
    if (Deno.uid() !== 0) await Deno.chmod(join(folder, "locked"), 0o500);
    const { code, stderr } = await init(folder, [place, ...words]);
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /error\[project\.unwritable\] Cannot write .*\n {2}help: Give yourself the right/,
    );
    if (Deno.uid() !== 0) await Deno.chmod(join(folder, "locked"), 0o700);
  });
});

Deno.test("init writes through no link that leads out of the project, and then writes nothing", async () => {
  await using database = await makeDatabase();
  await database.query(northwind);
  const words = ["--yes", "--database-url", database.url, "--tables", "customers"];
  for (const link of ["sql", ".gitignore", ".mcp.json", "AGENTS.md", "nowhere"]) {
    await withFiles(
      { "outside/sql/.keep": "", "outside/file": "mine\n", "shop/.keep": "" },
      async (folder) => {
        const [name, target] = link === "sql"
          ? ["sql", "../outside/sql"]
          : link === "nowhere"
          ? [".env", "../outside/none"]
          : [link, "../outside/file"];
        await Deno.symlink(target!, join(folder, "shop", name!));
        const before = await filesIn(folder);
        const { code, stderr } = await init(folder, ["shop", ...words]);
        assert.equal(code, 1, stderr);
        assert.match(
          stderr,
          /^error\[project\.unwritable\] Cannot write .*: it leads out of the project, to .*outside\/.*\n {2}help: /m,
        );
        assert.ok(stderr.includes(join("shop", name!)), stderr);
        assert.deepEqual(await filesIn(folder), before);
        assert.equal(await Deno.readTextFile(join(folder, "outside/file")), "mine\n");
      },
    );
  }
});

Deno.test("a superuser may make a project, and is told that it must not serve it", () =>
  withDatabase(async ({ url, sql }) => {
    await sql.unsafe(northwind);
    await withFiles({}, async (folder) => {
      const made = await init(folder, [
        "shop",
        "--yes",
        "--database-url",
        url,
        "--tables",
        "customers",
        "orders",
      ]);
      assert.equal(made.code, 0, made.stdout + made.stderr);
      assert.match(
        made.stderr,
        /! "\w+" is a superuser, whom no privilege stops: `start` refuses it\./,
      );
      assert.match(made.stderr, /^ {2}psql -h \S+ -p \d+ -U \w+ -d test_\w+ -f roles\.sql$/m);
      assert.match(made.stderr, /^ {2}psql .* -c '\\password shop_tools'$/m);
      const called = await init(join(folder, "shop"), ["shop_list_customers"], {
        command: ["call"],
      });
      assert.match(called.stderr, /error\[database\.refused\]/);
    });
  }, { isEmpty: true }));

Deno.test({
  name: "at a terminal init asks for the database, the tables and the module",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using database = await makeDatabase();
    await database.query(northwind);
    const login = new URL(database.url).username;
    await database.query(
      `grant usage on schema stock to ${login}; grant select on all tables in schema public, stock to ${login}`,
    );
    await withFiles({}, async (folder) => {
      const words = [Deno.execPath(), ...sqlwright, "init", "shop"].map((
        word,
      ) => `'${word}'`).join(" ");
      const child = new Deno.Command("script", {
        args: [
          "--quiet",
          "--return",
          "--command",
          `stty cols 80; ${words}`,
          "/dev/null",
        ],
        cwd: folder,
        env: { ...plainEnvironment(), TERM: "xterm" },
        clearEnv: true,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      let shown = "";
      const reading = (async () => {
        for await (
          const text of child.stdout.pipeThrough(new TextDecoderStream())
        ) shown += text;
      })();
      const answers: [RegExp, string][] = [
        [/Database:/, "not a string"],
        [/That is no connection string[^]*Database:/, database.url],
        ...(await hasOps() ? [[/Take it\?/, "n"] as [RegExp, string]] : []),
        [/Schemas \[/, "public"],
        [/Tables, by name or pattern such as order\* \[\*\]:/, "ordrs"],
        [
          /no table\s+matches "ordrs"[^]*Tables, by name[^]*\]:/,
          "orders, cat*",
        ],
        [/Module, the folder of the tools \[shop\]:/, "ops"],
        [
          /comes with sqlwright[^]*Module, the folder of the tools \[shop\]:/,
          "sales",
        ],
        [/Tools that change data too\? \(y\/n\) \[n\]:/, ""],
      ];
      const bound = setTimeout(() => child.kill("SIGKILL"), 60_000);
      const type = async (question: RegExp, answer: string) => {
        await until(
          () => Promise.resolve(question.test(shown)),
          `${question} in\n${shown}`,
        );
        // Deno throws away what was typed before it asks.
        await new Promise((resolve) => setTimeout(resolve, 300));
        await writer.write(new TextEncoder().encode(`${answer}\n`));
      };
      try {
        for (const [question, answer] of answers) await type(question, answer);
        const { code } = await child.status;
        await reading;
        assert.equal(code, 0, shown);
      } finally {
        clearTimeout(bound);
        await writer.close().catch(() => {});
        await child.stderr.cancel();
      }
      assert.match(shown, /public \(6\): categories, customers, /);
      const files = await filesIn(join(folder, "shop/sql"));
      assert.ok(
        files.includes("sales/list_orders.sql") &&
          files.includes("sales/list_categories.sql"),
        shown,
      );
      assert.ok(!files.some((file) => file.includes("customers")));
      assert.ok(!files.some((file) => /(add|set|load)_/.test(file)), "nothing that writes was asked for");
      const plain = stripVTControlCharacters(shown);
      for (const line of plain.split(/\r?\n/)) {
        // What is typed is as wide as it is.
        assert.ok(stringWidth(line) <= 80 || line.includes("Database: "), line);
      }
    });
  },
});

/** Whether the built-in module is there to be asked for. */
async function hasOps(): Promise<boolean> {
  return await Deno.stat(builtInFolder("ops")).then(() => true, () => false);
}
