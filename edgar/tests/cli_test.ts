/** `edgar load`, `sync` and `status` as a person runs them: real processes, a server that stands in for SEC, a real Redis. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { formatFile, formatReport, formatRun } from "../src/cli/progress.ts";
import { project, type TestDatabase, withFiles } from "../../tests/harness.ts";
import { checksums, withEmptyEdgar } from "./loading.ts";
import { testWithRedis } from "./redis_server.ts";
import { mostInASecond, smallPayloads, withSecServer } from "./sec_server.ts";
import { type CommandResult, nowhere, run, spawn } from "../../tests/cli/command.ts";

const userAgent = "Example Research admin@example.com";
const apple = join(smallPayloads, "api/xbrl/companyfacts/CIK0000320193.json");

function edgar(
  database: Pick<TestDatabase, "serverUrl">,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<CommandResult> {
  return run(["edgar", ...args], { databaseUrl: database.serverUrl, project: join(project, "edgar"), env });
}

const secOf = (url: string) => ({ EDGAR_USER_AGENT: userAgent, EDGAR_WWW_URL: url, EDGAR_DATA_URL: url });

Deno.test("edgar load tells each file in a line, the sum as a table, and the second time that nothing changed", async () => {
  await withEmptyEdgar(async (database) => {
    const first = await edgar(database, ["load", apple]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stderr,
      /^✓ api\/xbrl\/companyfacts\/CIK0000320193\.json {2}[\d,]+ rows · [\d,]+ new · /,
    );
    assert.match(first.stdout, /^kind +files +skipped +rows +inserted .*\n─.*\nfacts +1 +0 /);
    assert.match(first.stdout, /\n\n[\d,]+ inserted, 0 updated · /);
    const second = await edgar(database, ["load", apple]);
    assert.match(second.stdout, /\nnothing changed · /);
    const status = await edgar(database, ["status"]);
    assert.match(status.stdout, /company facts +1 +0 .*\n\nno failures\n$/s);
    const json = JSON.parse((await edgar(database, ["status", "--json"])).stdout);
    assert.equal(json.kinds[0].kind, "company_facts");
  });
});

Deno.test("edgar load --bulk comes to the same rows, with the key of the facts built at the end, also after a failure", async () => {
  const broken = '{"cik": 63908, "entityName": "x", "facts": ';
  await withFiles({ "api/xbrl/companyfacts/CIK0000063908.json": broken }, async (folder) => {
    const sums: Record<string, string>[] = [];
    for (const flags of [[], ["--bulk"]]) {
      await withEmptyEdgar(async (database) => {
        const indexes = () =>
          database.sql`select indexname from pg_indexes where schemaname = 'edgar' order by indexname`;
        const before = await indexes();
        // Only the owner of the tables may take their key away.
        const { code, stderr } = await edgar({ serverUrl: database.ownerUrl }, [
          "load",
          apple,
          folder,
          ...flags,
        ]);
        assert.equal(code, 1, stderr);
        assert.deepEqual(await indexes(), before);
        sums.push(await checksums(database.sql));
      });
    }
    assert.deepEqual(sums[1], sums[0]);
  });
});

Deno.test("edgar load fails with code 1 and says which file failed and why; --json says the same as data", async () => {
  await withFiles(
    { "api/xbrl/companyfacts/CIK0000320193.json": '{"cik": 320193, "entityName": "Apple Inc.", "facts": ' },
    (folder) =>
      withEmptyEdgar(async (database) => {
        const { code, stderr, stdout } = await edgar(database, ["load", folder]);
        assert.equal(code, 1);
        assert.match(stderr, /^✗ Cannot read "api\/xbrl\/companyfacts\/CIK0000320193\.json": .* \(byte 53\)/);
        assert.match(stdout, /1 of 1 files failed/);
        const json = await edgar(database, ["load", folder, "--json"]);
        assert.equal(json.code, 1);
        assert.equal(JSON.parse(json.stdout).failures[0].code, "edgar.source_invalid");
        const status = await edgar(database, ["status"]);
        assert.match(
          status.stdout,
          /✗ api\/xbrl\/companyfacts\/CIK0000320193\.json .*\n +edgar\.source_invalid: /,
        );
      }),
  );
});

Deno.test("edgar sync and work refuse to start without who asks, before the database is looked at", async () => {
  for (const args of [["sync", "--ticker", "AAPL"], ["work", "--once"]]) {
    for (const agent of ["", "curl/8.0"]) {
      const { code, stderr } = await run(["edgar", ...args], {
        databaseUrl: nowhere,
        project: join(project, "edgar"),
        env: { EDGAR_USER_AGENT: agent },
      });
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^error\[edgar\.user_agent_missing\] Cannot ask SEC: EDGAR_USER_AGENT .*\n {2}help: /,
      );
    }
  }
});

Deno.test("edgar sync says what it needs to know, and refuses what it does not understand", async () => {
  const cases: [string[], RegExp][] = [
    [["sync"], /needs to know what/],
    [["sync", "--cik", "apple"], /"apple" is no company number/],
    [["sync", "--since", "yesterday"], /"yesterday" is no day/],
    [["sync", "--all", "--cik", "1"], /--all goes with --since/],
    [["sync", "--ticker", "A", "--filings", "0"], /"0" is no count/],
    [["load"], /path/],
    [["work", "--concurrency", "99"], /from 1 to 8/],
    [["load", "--queue", "--bulk", "x"], /exclude each other/],
    [["pull"], /unknown command/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await run(["edgar", ...args], {
      databaseUrl: nowhere,
      project: join(project, "edgar"),
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});

Deno.test("every command of edgar has help with an example", async () => {
  for (const name of ["load", "sync", "status", "work"]) {
    const { code, stdout } = await run(["edgar", name, "--help"], {
      databaseUrl: nowhere,
      project: join(project, "edgar"),
    });
    assert.equal(code, 0);
    assert.ok(stdout.includes(`\nExample:\n  deno task sqlwright edgar ${name}`), stdout);
  }
});

testWithRedis(
  "three commands at once share SEC's rate through Redis, and a Redis that is gone stops them",
  (redisUrl, stop) =>
    withSecServer(smallPayloads, (sec) =>
      withEmptyEdgar(async (database) => {
        const env = { ...secOf(sec.url), REDIS_URL: redisUrl };
        const ended = await Promise.all(
          ["320193", "63908", "354950"].map((cik) => edgar(database, ["sync", "--cik", cik], env)),
        );
        for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
        assert.equal(sec.log.length, 7);
        assert.ok(mostInASecond(sec.log) <= 10);
        await stop();
        const gone = await edgar(database, ["sync", "--cik", "320193"], env);
        assert.equal(gone.code, 1);
        assert.match(gone.stderr, /^error\[redis\.unreachable\]/);
        assert.equal(sec.log.length, 7);
      })),
);

Deno.test("Ctrl-C ends a sync at once with code 130, and the next one goes on", async () => {
  await withSecServer(smallPayloads, (sec) =>
    withEmptyEdgar(async (database) => {
      sec.misbehave("api/xbrl/companyfacts/CIK0000320193.json", [{ kind: "stall" }], { isLasting: true });
      const options = {
        databaseUrl: database.serverUrl,
        project: join(project, "edgar"),
        env: secOf(sec.url),
      };
      const child = spawn(["--allow-all"], ["edgar", "sync", "--cik", "320193"], options);
      await child.stdin.close();
      const output = child.output();
      while (!sec.log.some(({ path }) => path.startsWith("api/"))) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      child.kill("SIGINT");
      const { code, stderr } = await output;
      assert.equal(code, 130);
      assert.match(new TextDecoder().decode(stderr), /stopped: what is loaded stays/);
      sec.behave();
      const next = await edgar(database, ["sync", "--cik", "320193", "--json"], secOf(sec.url));
      const { known, loaded, failed } = JSON.parse(next.stdout);
      assert.deepEqual([known, loaded, failed], [1, 1, 0]);
    }));
});

Deno.test("the lines of progress fit their terminal, and leave out from the right what does not", () => {
  const paint = (_style: unknown, text: string) => text;
  const state = {
    files: 37,
    expectedFiles: 61,
    members: 0,
    expectedMembers: 0,
    openFiles: 1.5,
    bytes: 610,
    skippedBytes: 0,
    expectedBytes: 1000,
    rows: 214_300,
    rejected: 2,
    failed: 1,
    elapsed_s: 5,
  };
  assert.equal(
    formatRun(state, { width: 119, paint }),
    "███████████████░░░░░░░░░   61 %  37/61 files  214,300 rows  1 failed  2 rejected  3.2 s left  42,860 rows/s",
  );
  assert.equal(
    formatRun(state, { width: 79, paint }),
    "█████████░░░░░   61 %  37/61 files  214,300 rows  1 failed  2 rejected",
  );
  const file = {
    path: `api/xbrl/companyfacts/CIK0000320193.json`,
    sizeBytes: 100,
    isMember: false,
    rows: 2000,
    fraction: 0.5,
    isSent: false,
    received: null,
    elapsed_s: 1,
  };
  assert.equal(
    formatFile(file, { width: 79, paint }),
    "███████░░░░░░░   50 %  …/companyfacts/CIK0000320193.json  2,000 rows",
  );
  // After the first moments also how long the file takes; of one that SEC sends on from the middle, by what came since.
  assert.match(
    formatFile({ ...file, elapsed_s: 30 }, { width: 119, paint }),
    / 50 % .* 2,000 rows {2}30 s left$/,
  );
  const received = { bytes: 75e6, from: 50e6, total: 100e6 };
  assert.match(
    formatFile({ ...file, received, elapsed_s: 10 }, { width: 119, paint }),
    /75 % .*received {2}10 s left$/,
  );
  // What was skipped took no time, and does not make the rest look quick; from SEC the files are what is known.
  const left = (more: object) =>
    /([\d.]+ s|\d+ min.*) left/.exec(
      formatRun({ ...state, failed: 0, rejected: 0, ...more }, { width: 119, paint }),
    )?.[1];
  assert.equal(left({}), "3.2 s");
  assert.equal(left({ bytes: 610, skippedBytes: 510 }), "20 s");
  assert.equal(left({ bytes: 610, skippedBytes: 610 }), undefined);
  const fromSec = { files: 1, openFiles: 0.5, expectedFiles: 6, bytes: 0, expectedBytes: 0 };
  assert.equal(left(fromSec), "15 s");
  assert.equal(
    left({ ...fromSec, files: 901, members: 900, expectedFiles: 909, expectedMembers: 903 }),
    "15 s",
  );
  const report = {
    path: file.path,
    isMember: false,
    outcome: "loaded" as const,
    queries: {},
    rows: 2,
    inserted: 1,
    updated: 1,
    unchanged: 0,
    rejected: 0,
    sizeBytes: 9,
    seconds: 0.25,
    failure: null,
  };
  assert.equal(
    formatReport(report, { width: 79, paint }),
    "✓ …/companyfacts/CIK0000320193.json  2 rows · 1 new · 1 changed · 0.25 s",
  );
  assert.equal(formatReport({ ...report, outcome: "known" }, { width: 79, paint }), null);
});
