/** Commands over a real server with TLS: secrets from files and commands, in the sandbox, and what a wrong one is told as. */

import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { passwords, withSecuredCluster } from "../fixtures/secured_cluster.ts";
import { testServers, withFiles } from "../harness.ts";
import { testWith } from "../services.ts";
import { freeAddress, projectDirectory, run, shopDirectory } from "../cli/command.ts";

for (const server of testServers()) {
  testWith(
    "openssl",
    `the sandbox reaches what the connection names, and nothing more (PostgreSQL ${server.version})`,
    (openssl) =>
      withSecuredCluster(server, openssl, async ({ port, file, sql }) => {
        await sql.unsafe("create database shop owner by_scram");
        const shop = postgres(`postgresql://postgres@127.0.0.1:${port}/shop`, { max: 1, onnotice: () => {} });
        await shop.unsafe("set session authorization by_scram");
        await shop.unsafe(await Deno.readTextFile(join(projectDirectory, "tests/fixtures/cli/shop.sql")));
        await shop.end();
        const checked = `sslmode=verify-full&sslrootcert=${file("ca.crt")}&channel_binding=require`;
        const url = `postgresql://by_scram@localhost:${port}/shop?${checked}`;
        await withFiles(
          {
            "url": `${url}\n`,
            "secret": passwords.by_scram,
            "wrong": "not it",
            "empty": "",
            ".pgpass": `localhost:${port}:shop:by_scram:${passwords.by_scram}\n`,
          },
          async (folder) => {
            const path = (name: string) => join(folder, name);
            await Deno.chmod(path(".pgpass"), 0o600);
            // cat is the program of a command that gives a token.
            const ways: Record<string, string>[] = [
              { DATABASE_URL: url, DATABASE_PASSWORD_FILE: path("secret") },
              {
                DATABASE_URL: "",
                DATABASE_URL_FILE: path("url"),
                DATABASE_PASSWORD_COMMAND: `cat ${path("secret")}`,
              },
              // The password file at home.
              { DATABASE_URL: url, HOME: folder, DENO_DIR: denoDirectory() },
            ];
            for (const env of ways) {
              const { code, stdout } = await run(["doctor"], {
                env: { ...env, SQLWRIGHT_HTTP: freeAddress() },
              });
              assert.equal(code, 0, stdout);
              assert.match(
                stdout,
                /^✓ sandbox +may read the query files; may not read other files, write files, run programs/m,
              );
              assert.match(stdout, /^✓ server +starts and stops in its sandbox/m);
              assert.ok(!stdout.includes(passwords.by_scram));
              const flags = (await run(["permissions", "--stdio", "--lines"], { env })).stdout.split("\n");
              assert.ok(flags.includes(`--allow-net=localhost:${port}`), flags.join(" "));
              assert.ok(
                flags.some((flag) => flag.startsWith("--allow-read=") && flag.includes(file("ca.crt"))),
              );
              assert.equal(flags.includes("--allow-run=cat"), "DATABASE_PASSWORD_COMMAND" in env);
            }
            // What migrates reads the same string, bound to its TLS session.
            const migrated = await run(["migrate"], { env: ways[0]! });
            assert.equal(migrated.code, 0, migrated.stderr);

            const told = async (env: Record<string, string>) => {
              const { code, stderr } = await run(["call", "shop_count_things"], { env });
              assert.equal(code, 1, stderr);
              assert.doesNotMatch(stderr, /internal\.failed|fault of sqlwright/);
              return stderr.replace(/\s+/g, " ");
            };
            assert.match(
              await told({ DATABASE_URL: url, DATABASE_PASSWORD_FILE: path("wrong") }),
              /error\[database\.refused\] PostgreSQL at localhost:\d+\/shop refuses the login: password authentication failed.*help: The password that was sent is that of DATABASE_PASSWORD_FILE, \S+wrong/,
            );
            assert.match(
              await told({ DATABASE_URL: url, DATABASE_PASSWORD_FILE: path("empty") }),
              /error\[config\.invalid\] Cannot read DATABASE_PASSWORD_FILE: \S+empty is empty/,
            );
            assert.match(
              await told({ DATABASE_URL: url }),
              /database\.refused.*the server asks for the password of "by_scram".*DATABASE_PASSWORD_FILE/,
            );
            assert.match(
              await told({ DATABASE_URL: url, DATABASE_URL_FILE: path("url") }),
              /DATABASE_URL and DATABASE_URL_FILE are both set/,
            );
            assert.match(
              await told({ DATABASE_URL: "", DATABASE_URL_FILE: path("empty") }),
              /DATABASE_URL_FILE: \S+empty is empty/,
            );
            assert.match(
              await told({ DATABASE_URL: "", DATABASE_URL_FILE: path("none") }),
              /none: there is no such file/,
            );
            assert.match(
              await told({
                DATABASE_URL: url.replace(/&sslrootcert=[^&]*/, ""),
                PGPASSWORD: passwords.by_scram,
              }),
              /error\[database\.untrusted\] Cannot trust the server at localhost:\d+\/shop: .*authority.*sslrootcert=FILE.*DATABASE_URL is set in the environment/,
            );
            // The file that a wrong setting is from.
            const wrong = url.replace("by_scram@", "by_scram:wrong@");
            await Deno.writeTextFile(path(".env"), `DATABASE_URL=${wrong}\n`);
            const output = await new Deno.Command(Deno.execPath(), {
              args: [
                ...[
                  "run",
                  "--no-prompt",
                  "--cached-only",
                  "--allow-all",
                  "--config",
                  `${projectDirectory}deno.json`,
                ],
                ...[
                  `${projectDirectory}main.ts`,
                  "call",
                  "--sql",
                  join(projectDirectory, shopDirectory),
                  "shop_count_things",
                ],
              ],
              cwd: folder,
              env: { NO_COLOR: "1" },
              stdin: "null",
            }).output();
            const said = new TextDecoder().decode(output.stderr).replace(/\s+/g, " ");
            assert.match(
              said,
              new RegExp(
                `is that of DATABASE_URL: correct it there. DATABASE_URL is set in ${folder}/\\.env`,
              ),
            );
          },
        );
      }),
  );
}

/** The caches of this process, for one that has another home. */
function denoDirectory(): string {
  return Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache", "deno");
}
