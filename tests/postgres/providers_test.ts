/** The table of docs/connections.md: each provider's string, as it is copied, comes to what it says. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { settings } from "../../src/config.ts";
import { needsOf } from "../../src/postgres/target/needs.ts";
import { readTarget } from "../../src/postgres/target/target.ts";
import { project } from "../harness.ts";

/** Host, port, user, database, sslmode. */
const wanted: Record<string, string> = {
  "Neon": "ep-cool-darkness-a1b2c3d4.us-east-2.aws.neon.tech 5432 alex dbname require",
  "Neon, pooled": "ep-cool-darkness-a1b2c3d4-pooler.us-east-2.aws.neon.tech 5432 alex dbname require",
  "Amazon RDS": "shop.abc123.eu-west-1.rds.amazonaws.com 5432 agent shop verify-full",
  "Amazon Aurora": "shop.cluster-abc123.eu-west-1.rds.amazonaws.com 5432 agent shop verify-full",
  "Amazon RDS Proxy": "shop.proxy-abc123.eu-west-1.rds.amazonaws.com 5432 agent shop verify-full",
  "Google Cloud SQL": "203.0.113.7 5432 postgres postgres verify-ca",
  "Azure Database": "shop.postgres.database.azure.com 5432 agent postgres require",
  "Supabase, direct": "db.apbkobhfnmcqqzqeeqss.supabase.co 5432 postgres postgres prefer",
  "Supabase, session pooler":
    "aws-0-eu-west-1.pooler.supabase.com 5432 postgres.apbkobhfnmcqqzqeeqss postgres prefer",
  "Supabase, transaction pooler":
    "aws-0-eu-west-1.pooler.supabase.com 6543 postgres.apbkobhfnmcqqzqeeqss postgres prefer",
  "Supabase, checked":
    "aws-0-eu-west-1.pooler.supabase.com 5432 postgres.apbkobhfnmcqqzqeeqss postgres verify-full",
  "Crunchy Bridge": "p.abcdefghijklmnop.db.postgresbridge.com 5432 application postgres prefer",
  "Aiven": "shop-project.aivencloud.com 12691 avnadmin defaultdb require",
  "Heroku": "ec2-54-247-72-30.eu-west-1.compute.amazonaws.com 5432 bcjyarsqrmibiu d968eco7j6gdm prefer",
  "Tiger Cloud (Timescale)": "abc123.shop.tsdb.cloud.timescale.com 31234 tsdbadmin tsdb require",
  "A pair of one's own": "db1.internal,db2.internal 5432,5432 agent shop verify-full",
  "A local socket": "/var/run/postgresql 5432 me shop prefer",
};

Deno.test("each provider's string of docs/connections.md is read as it stands", async () => {
  const text = await Deno.readTextFile(join(project, "docs/connections.md"));
  const rows = [...text.matchAll(/^\| ([^|]+) \| `((?:postgres|host=|sslmode=)[^`]+)` \|/gm)];
  const found = Object.fromEntries(rows.map(([, provider, string]) => {
    assert.ok(settings.DATABASE_URL.read(string!) !== undefined, provider);
    const environment = (name: string) => name === "USER" ? "me" : undefined;
    const target = readTarget(string!, environment);
    const { places, user, database, tls } = target;
    const needs = needsOf(target, environment);
    assert.equal(needs.addresses.length + needs.sockets.length, places.length, provider);
    return [
      provider,
      [
        places.map(({ host, address }) => host ?? address).join(","),
        places.map(({ port }) => port).join(","),
        user?.value,
        database,
        tls.mode,
      ].join(" "),
    ];
  }));
  assert.deepEqual(found, wanted);
});

Deno.test("every parameter that docs/connections.md calls refused is refused", async () => {
  const text = await Deno.readTextFile(join(project, "docs/connections.md"));
  const refused = text.slice(text.indexOf("## What is refused"));
  const names = [...refused.matchAll(/`([a-z_]+(?:=[a-z0-9]+)?)`/g)].map(([, name]) => name!)
    .filter((name) => !["cert", "keepalives=1", "client_encoding", "replication"].includes(name));
  assert.ok(names.length > 12, names.join(" "));
  for (const name of names) {
    const [parameter, value = "9"] = name.split("=");
    assert.throws(
      () => readTarget(`postgresql://me@db/x?${parameter}=${value}`, () => undefined),
      /cannot be honoured/,
      name,
    );
  }
});
