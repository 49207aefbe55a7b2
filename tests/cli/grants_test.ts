/**
 * `grants` and `check`: a login that may do what the tools need, and no more; and all that is missing at
 * once.
 */

import assert from "node:assert/strict";
import postgres from "postgres";
import { testOnEach, withDatabase, withFiles } from "../harness.ts";
import { run } from "./command.ts";

const schema = `
  create schema shop;
  create schema audit;
  create type shop.state as enum ('new', 'paid');
  create table shop.customer (id bigint generated always as identity primary key, name text not null, secret text);
  create table shop.orders (
    id serial primary key,
    customer_id bigint not null references shop.customer (id),
    state shop.state not null default 'new',
    "Note" text,
    total numeric(12, 2) not null default 0 check (total >= 0)
  );
  create table shop.untouched (id integer primary key);
  create table audit.line (id bigint generated always as identity primary key, text text);
  create function shop.rate(integer) returns numeric language sql stable return 1.5;
  revoke execute on function shop.rate(integer) from public;
  create view shop.open_order as select orders.id, orders.customer_id from shop.orders as orders where orders.state = 'new';
  create view shop.rich with (security_invoker = true) as select customer.id, customer.name from shop.customer as customer;
  create function shop.log() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger log_orders before update on shop.orders for each row execute function shop.log();
  insert into shop.customer (name, secret) values ('Ada', 'x'), ('Bob', 'y');
  insert into shop.orders (customer_id, "Note") values (1, 'first'), (2, 'second');
`;

/** Of every sort of need: joins, aliases, a count, functions, views, conflicts, a merge, a bulk load. */
const files = {
  "shop/find.sql": `-- name: find :many
-- Orders with the names of their customers.
--
-- @rows 10
-- @example all  {}  => rows = 2

select o.id, customer.name
from shop.orders as o
join shop.customer as customer on customer.id = o.customer_id;
`,
  "shop/count_orders.sql": `-- name: count_orders :value
-- How many orders there are.
--
-- @example all  {}  => {value: 2}

select count(*) as total from shop.orders as orders;
`,
  "shop/rate.sql": `-- name: rate :value
-- The rate of an order.
--
-- @param id  Number of the order

select shop.rate(:id::integer) as rate;
`,
  "shop/list_open.sql": `-- name: list_open :many
-- Open orders, by a view of the owner.
--
-- @page id

select open_order.id, open_order.customer_id from shop.open_order as open_order;
`.replace("-- @page id", "-- @rows 10"),
  "shop/list_rich.sql": `-- name: list_rich :many
-- Customers, by a view that reads as its caller.
--
-- @rows 10

select rich.id, rich.name from shop.rich as rich;
`,
  "shop/set_note.sql": `-- name: set_note :exec
-- Sets the note of an order.
--
-- @param id    Number of the order
-- @param note  The new note

update shop.orders as orders
set "Note" = :note::text
where orders.id = :id::integer
returning orders.id;
`,
  "shop/add_order.sql": `-- name: add_order :exec
-- Adds an order, or changes the state of the one that is there.
--
-- @param customer_id  The customer
-- @param state        New, or paid

insert into shop.orders (customer_id, state)
values (:customer_id::bigint, :state::shop.state)
on conflict (id) do update set state = excluded.state
returning id;
`,
  "shop/drop_order.sql": `-- name: drop_order :exec
-- Deletes an order.
--
-- @param id  Number of the order

delete from shop.orders as orders where orders.id = :id::integer;
`,
  "shop/load_customers.sql": `-- name: load_customers :copy
-- Bulk-loads customers.
--
-- @column name  The name

copy shop.customer (name)
from stdin (format csv, header match);
`,
};

testOnEach(
  "the script of grants makes a login that runs every tool and can do nothing else",
  (server) =>
    withDatabase(async ({ url, ownerUrl, sql, name: database }) => {
      await sql.unsafe(schema);
      const role = `agent_${database}`;
      await withFiles(files, async (directory) => {
        const made = await run(["grants", "--role", role], { databaseUrl: ownerUrl, sql: directory });
        assert.equal(made.code, 0, made.stderr);
        for (const line of made.stdout.split("\n")) assert.ok(line.length <= 80, line);
        assert.match(
          made.stdout,
          new RegExp(`^grant select \\(id, state, customer_id\\) on shop\\.orders to ${role};$`, "m"),
        );
        assert.match(
          made.stdout,
          new RegExp(`^grant update \\(state, "Note"\\) on shop\\.orders to ${role};$`, "m"),
        );
        assert.match(made.stdout, /^grant usage on sequence shop\.orders_id_seq to /m);
        assert.match(made.stdout, /^grant execute on function shop\.rate\(integer\) to /m);
        assert.match(made.stdout, /^-- {3}trigger log_orders on shop\.orders$/m);
        assert.doesNotMatch(made.stdout, /secret|untouched|audit/);
        try {
          // Twice: it can be run again.
          await runScript(url, made.stdout);
          await runScript(url, made.stdout);
          const login = new URL(ownerUrl);
          [login.username, login.password] = [role, role];
          await sql.unsafe(`alter role ${role} password '${role}'`);
          const options = { databaseUrl: login.href, sql: directory };

          const checked = await run(["check"], options);
          assert.equal(checked.code, 0, checked.stdout + checked.stderr);
          const calls: [string, Record<string, unknown>][] = [
            ["shop_find", {}],
            ["shop_count_orders", {}],
            ["shop_rate", { id: 1 }],
            ["shop_list_open", {}],
            ["shop_list_rich", {}],
            ["shop_set_note", { id: 1, note: "changed" }],
            ["shop_add_order", { customer_id: 1, state: "paid" }],
            ["shop_drop_order", { id: 2 }],
            ["shop_load_customers", { rows: [{ name: "Cem" }] }],
          ];
          for (const [tool, args] of calls) {
            const { code, stdout, stderr } = await run(
              ["call", tool, JSON.stringify(args), "--json"],
              options,
            );
            assert.equal(code, 0, `${tool}: ${stdout}${stderr}`);
          }

          const client = postgres(login.href, { max: 1, onnotice: () => {} });
          try {
            const forbidden = [
              "select secret from shop.customer",
              "select total from shop.orders",
              "select * from shop.untouched",
              "select id from audit.line",
              "insert into audit.line (text) values ('x')",
              "update shop.customer set name = 'x'",
              "update shop.orders set total = 1",
              "delete from shop.customer",
              "insert into shop.customer (secret) values ('x')",
              "truncate shop.orders",
              "create table shop.mine (id integer)",
              "create schema mine",
              "alter table shop.orders add column mine integer",
              `create role ${role}_2`,
              "select edgar.company.cik from edgar.company",
            ];
            for (const statement of forbidden) {
              await assert.rejects(() => client.unsafe(statement), { code: "42501" }, statement);
            }
          } finally {
            await client.end();
          }
          const [facts] = await sql`
          select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin
          from pg_roles where rolname = ${role}`;
          assert.deepEqual({ ...facts }, {
            rolsuper: false,
            rolcreatedb: false,
            rolcreaterole: false,
            rolreplication: false,
            rolbypassrls: false,
            rolcanlogin: true,
          });
        } finally {
          await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
        }
      });
    }, { server }),
);

testOnEach(
  "every tool of a scaffolded schema works with the login of its script",
  (server) =>
    withDatabase(async ({ url, ownerUrl, sql, name: database }) => {
      await sql.unsafe(schema);
      await sql.unsafe(`grant usage on schema shop to sqlwright_owner;
      grant all on all tables in schema shop to sqlwright_owner;
      grant all on all sequences in schema shop to sqlwright_owner`);
      const role = `scaffolded_${database}`;
      await withFiles({}, async (directory) => {
        const files = { databaseUrl: ownerUrl, sql: directory };
        const kinds = "many,one,value,report,exec,unnest,copy";
        const made = await run(["new", "shop.*", "--kind", kinds, "--json"], files);
        assert.equal(made.code, 0, made.stderr);
        const { stdout: script } = await run(["grants", "--role", role], files);
        try {
          await runScript(url, script);
          const login = new URL(ownerUrl);
          [login.username, login.password] = [role, role];
          await sql.unsafe(`alter role ${role} password '${role}'`);
          const options = { databaseUrl: login.href, sql: directory };
          const checked = await run(["check"], options);
          assert.equal(checked.code, 0, checked.stdout + checked.stderr);
          const { modules } = JSON.parse((await run(["list", "--json"], options)).stdout);
          const tools: string[] = modules
            .filter(({ name }: { name: string }) => name === "shop")
            .flatMap(({ tools }: { tools: { name: string }[] }) => tools.map(({ name }) => name));
          const row = { id: 7, customer_id: 1, state: "paid", Note: "n", total: 2, name: "Dee", secret: "s" };
          const pick = (...names: (keyof typeof row)[]) =>
            Object.fromEntries(names.map((name) => [name, row[name]]));
          const argumentsOf: Record<string, Record<string, unknown>> = {
            shop_get_customer: { id: 1 },
            shop_get_orders: { id: 1 },
            shop_get_untouched: { id: 1 },
            shop_add_customer: pick("name", "secret"),
            shop_add_orders: pick("customer_id"),
            shop_add_untouched: pick("id"),
            shop_add_many_untouched: { rows: [{ id: 8 }] },
            shop_set_customer_name: { rows: [{ id: 1, name: "Eve" }] },
            shop_set_orders_state: { rows: [{ id: 1, state: "paid" }] },
            shop_load_customer: { rows: [pick("name", "secret")] },
            shop_load_orders: { rows: [pick("id", "customer_id", "state", "Note", "total")] },
            shop_load_untouched: { rows: [pick("id"), { id: 9 }] },
          };
          assert.ok(tools.length > 25, tools.join(" "));
          for (const tool of tools) {
            const args = JSON.stringify(argumentsOf[tool] ?? {});
            const { code, stdout, stderr } = await run(["call", tool, args, "--json"], options);
            assert.equal(code, 0, `${tool} ${args}: ${stdout}${stderr}`);
          }
          const client = postgres(login.href, { max: 1, onnotice: () => {} });
          try {
            for (
              const statement of [
                "delete from shop.orders",
                "update shop.customer set secret = 'x'",
                "select id from audit.line",
                "truncate shop.customer",
                "create table shop.mine (id integer)",
              ]
            ) await assert.rejects(() => client.unsafe(statement), { code: "42501" }, statement);
          } finally {
            await client.end();
          }
        } finally {
          await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
        }
      });
    }, { server }),
);

testOnEach(
  "check tells all missing privileges at once, with a script that mends them all",
  (server) =>
    withDatabase(async ({ serverUrl, sql }) => {
      await sql.unsafe(schema);
      await withFiles(files, async (directory) => {
        const options = { databaseUrl: serverUrl, sql: directory };
        const first = await run(["check"], options);
        assert.equal(first.code, 1, first.stdout);
        assert.doesNotMatch(first.stdout, /postgres-42501|types not checked/, first.stderr);
        assert.match(
          first.stdout,
          /error\[privilege-missing\]: The role "sqlwright_server" has no usage on schema shop/,
        );
        assert.match(first.stdout, /has no execute on function shop\.rate\(integer\)/);
        const [, script = ""] = first.stderr.split("as a script for the owner of these objects:\n");
        assert.match(script, /^grant delete on shop\.orders to sqlwright_server;$/m);
        const report = JSON.parse((await run(["check", "--json"], options)).stdout);
        assert.equal(report.grants.join("\n"), script.trim());
        await sql.unsafe(script);
        const second = await run(["check"], options);
        assert.equal(second.code, 0, second.stdout + second.stderr);
        assert.doesNotMatch(second.stderr, /script/);
      });
    }, { server }),
);

testOnEach(
  "a tool with @role needs what its role needs, and the login the role",
  (server) =>
    withDatabase(async ({ serverUrl, ownerUrl, sql, name }) => {
      await sql.unsafe(schema);
      const role = `reader_${name}`;
      await sql.unsafe(`create role ${role}`);
      try {
        const ofRole = {
          "shop/find.sql": files["shop/find.sql"].replace("-- @rows", `-- @role ${role}\n-- @rows`),
        };
        await withFiles(ofRole, async (directory) => {
          const { stdout } = await run(["grants", "--role", "Odd Login"], {
            databaseUrl: ownerUrl,
            sql: directory,
          });
          assert.match(stdout, new RegExp(`^grant ${role} to "Odd Login";$`, "m"));
          assert.match(
            stdout,
            new RegExp(`^grant select \\(id, name\\) on shop\\.customer to ${role};$`, "m"),
          );
          assert.doesNotMatch(stdout, /on shop\.\w+ to "Odd Login"/);
          const { stdout: found } = await run(["check"], { databaseUrl: serverUrl, sql: directory });
          assert.match(found, new RegExp(`The login "sqlwright_server" may not become ${role}`));
          assert.match(
            found,
            new RegExp(`The role "${role}" has no select on shop\\.customer \\(id, name\\)`),
          );
        });
      } finally {
        await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
      }
    }, { server }),
);

Deno.test("grants refuses a name that no role can have", () =>
  withFiles({}, async (directory) => {
    await withDatabase(async ({ serverUrl }) => {
      const { code, stdout, stderr } = await run(["grants", "--role", "x".repeat(64)], {
        databaseUrl: serverUrl,
        sql: directory,
      });
      assert.equal(code, 1);
      assert.equal(stdout, "");
      assert.match(stderr, /Cannot name a role "x+"\n {2}help: A role's name has 1 to 63 bytes/);
    });
  }));

/** As psql runs it: on a connection of its own. */
async function runScript(url: string, script: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(script);
  } finally {
    await sql.end();
  }
}
