/** Files, gzip and resources as sources of a load. Zip archives, addresses and uploads have tests of their own. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { describeSources } from "../../../src/load/source/source.ts";
import { project } from "../../harness.ts";
import { testWith } from "../../services.ts";
import { count, failure, open, read, withSources } from "./reading.ts";

/** Some megabytes that do not compress to nothing. */
const lines = Array.from({ length: 100_000 }, (_, index) => `${index},${(index * 7919) % 99_991},row\n`).join(
  "",
);

Deno.test("a file is streamed with its size, its name and its extension", async () => {
  await withSources({ "edgar/fact.CSV": lines, "empty.tsv": "", noname: "x" }, async (access) => {
    const { text, opened } = await read("edgar/fact.CSV", access);
    assert.equal(text, lines);
    assert.equal(opened.name, "edgar/fact.CSV");
    assert.equal(opened.size, lines.length);
    assert.equal(opened.consumed(), lines.length);
    assert.equal(opened.extension, "csv");
    const empty = await read("empty.tsv", access);
    assert.deepEqual([empty.text, empty.opened.size, empty.opened.extension], ["", 0, "tsv"]);
    assert.equal((await read("noname", access)).opened.extension, null);
  });
});

Deno.test("what is no file below the source folder is refused or told as missing", async () => {
  await withSources({ "a.csv": "a", "deep/b.csv": "b" }, async (access) => {
    const { directory } = access;
    await Deno.symlink("/etc/passwd", `${directory}/out.csv`);
    await Deno.symlink(`${directory}/deep/b.csv`, `${directory}/in.csv`);
    await Deno.symlink("/etc", `${directory}/folder`);
    await Deno.symlink("loop.csv", `${directory}/loop.csv`);
    for (
      const [source, code] of [
        ["../a.csv", "load.source_refused"],
        ["deep/../../a.csv", "load.source_refused"],
        ["deep\\..\\..\\a.csv", "load.source_refused"],
        ["/etc/passwd", "load.source_refused"],
        ["c:a.csv", "load.source_refused"],
        ["a.csv\0.txt", "load.source_refused"],
        ["out.csv", "load.source_refused"],
        ["folder/passwd", "load.source_refused"],
        [".", "load.source_refused"],
        ["", "load.source_refused"],
        ["file:///etc/passwd", "load.source_refused"],
        ["ftp://localhost/a.csv", "load.source_refused"],
        ["https://localhost/a.csv", "load.source_refused"],
        ["upload:00000000000000000000000000000000", "load.source_refused"],
        ["resource:sqlwright://status", "load.source_refused"],
        ["loop.csv", "load.source_unreadable"],
        ["none.csv", "load.source_unreadable"],
        ["a.csv/b", "load.source_unreadable"],
        ["deep", "load.source_unreadable"],
      ] as const
    ) {
      assert.equal((await failure(source, access)).code, code, source);
    }
    assert.match((await failure("deep", access)).message, /it is no file/);
    assert.match((await failure("none.csv", access)).message, /there is no such file/);
    assert.equal((await read("in.csv", access)).text, "b");
    assert.equal((await read(`${directory}/a.csv`, { kind: "any" })).text, "a");
    assert.match((await failure("/dev/zero", { kind: "any" })).message, /it is no file/);
    const gone = await failure("a.csv", { kind: "folder", directory: `${directory}/none` });
    assert.match(gone.message, /there is no source folder/);
  });
});

Deno.test("a file without permission to read is told as such", async () => {
  await withSources({ "secret.csv": "a" }, async (access) => {
    await Deno.chmod(`${access.directory}/secret.csv`, 0);
    const isRoot = Deno.uid() === 0;
    if (isRoot) assert.equal((await read("secret.csv", access)).text, "a");
    else {assert.match(
        (await failure("secret.csv", access)).message,
        /permissions do not let this server read it/,
      );}
  });
});

Deno.test("a file that shrinks or is written to while it is read names the byte", async () => {
  await withSources({ "a.csv": lines, "b.csv": lines }, async (access) => {
    const cases = [
      ["a.csv", (path: string) => Deno.truncate(path, 1_000_000)],
      ["b.csv", (path: string) => Deno.writeTextFile(path, "one more\n", { append: true })],
    ] as const;
    for (const [name, change] of cases) {
      const opened = await open(name, access);
      await assert.rejects(async () => {
        let isFirst = true;
        for await (const _ of opened.bytes) {
          if (isFirst) await change(`${access.directory}/${name}`);
          isFirst = false;
        }
      }, (error: Error & { code?: string; details?: { byte: number } }) => {
        assert.equal(error.code, "load.source_cut");
        assert.equal(error.details!.byte, name === "a.csv" ? 1_000_000 : lines.length);
        assert.match(error.message, new RegExp(`at byte ${error.details!.byte} of ${lines.length}`));
        return true;
      });
      await opened.close();
    }
  });
});

Deno.test("gzip is seen by its first bytes, whatever the name, with any number of members", async () => {
  const packed = gzipSync(lines);
  const members = new Uint8Array([...gzipSync("a,b\n"), ...gzipSync(""), ...gzipSync("1,2\n")]);
  await withSources({ "fact.csv.gz": packed, "odd.tsv": packed, "members.gz": members }, async (access) => {
    const { text, opened } = await read("fact.csv.gz", access);
    assert.equal(text, lines);
    assert.deepEqual([opened.size, opened.consumed(), opened.extension], [
      packed.length,
      packed.length,
      "csv",
    ]);
    assert.equal((await read("odd.tsv", access)).text, lines);
    assert.equal((await read("odd.tsv", access)).opened.extension, "tsv");
    assert.equal((await read("members.gz", access)).text, "a,b\n1,2\n");
    assert.equal((await read("members.gz", access)).opened.extension, null);
    assert.equal((await read("odd.tsv", access, { compression: "gzip" })).text, lines);
    assert.equal(await count("odd.tsv", access, { compression: "none" }), packed.length);
  });
});

Deno.test("gzip that is cut, broken or none names the file and the byte", async () => {
  const packed = gzipSync(lines);
  const broken = packed.slice();
  broken[100_000] = broken[100_000]! ^ 0xff;
  const sum = packed.slice();
  sum[sum.length - 6] = sum[sum.length - 6]! ^ 0xff;
  await withSources({
    "cut.csv.gz": packed.subarray(0, 100_000),
    "head.csv.gz": packed.subarray(0, 5),
    "broken.csv.gz": broken,
    "sum.csv.gz": sum,
    "text.csv.gz": "a,b\n",
    "empty.csv.gz": "",
    "plain.csv": "a,b\n",
  }, async (access) => {
    for (
      const [source, byte, why] of [
        ["cut.csv.gz", 100_000, /the gzip stream is cut at byte 100000$/],
        ["head.csv.gz", 5, /the gzip stream is cut/],
        ["sum.csv.gz", null, /the gzip stream is broken/],
        ["text.csv.gz", 0, /it is named as gzip but does not begin as one/],
        ["empty.csv.gz", 0, /it is named as gzip but does not begin as one/],
      ] as const
    ) {
      const error = await failure(source, access);
      assert.equal(error.code, "load.source_corrupt", source);
      assert.match(error.message, why);
      assert.ok(error.message.includes(`"${source}"`));
      if (byte !== null) assert.equal(error.details.byte, byte, source);
    }
    const { code, details } = await failure("broken.csv.gz", access);
    assert.equal(code, "load.source_corrupt");
    assert.ok(Number(details.byte) >= 100_000 && Number(details.byte) <= packed.length, String(details.byte));
    assert.equal((await failure("plain.csv", access, { compression: "gzip" })).code, "load.source_corrupt");
    assert.equal(
      (await failure("empty.csv.gz", access, { compression: "gzip" })).code,
      "load.source_corrupt",
    );
    assert.equal((await read("text.csv.gz", access, { compression: "none" })).text, "a,b\n");
    const member = await failure("plain.csv", access, { member: "a" });
    assert.match(member.message, /no zip archive, so it has no member "a"/);
  });
});

Deno.test("zeros may follow gzip, and nothing that follows them is lost without a word", async () => {
  const one = gzipSync("a,b\n");
  const two = gzipSync("1,2\n");
  const zeros = (count: number) => new Uint8Array(count);
  const bare = two.slice();
  bare[0] = 0;
  const border = 256 * 1024 - one.length;
  const sources: Record<string, readonly Uint8Array[]> = {
    "padded.gz": [one, zeros(600_000)],
    "member.gz": [one, zeros(8), two],
    "late.gz": [one, zeros(600_000), two],
    "border.gz": [one, zeros(border), two],
    "damaged.gz": [one, bare],
  };
  const whole = Object.entries(sources).map(([name, parts]) => [name, Buffer.concat(parts)] as const);
  await withSources(Object.fromEntries(whole), async (access) => {
    assert.equal((await read("padded.gz", access)).text, "a,b\n");
    for (
      const [source, byte] of [
        ["member.gz", one.length + 8],
        ["late.gz", one.length + 600_000],
        ["border.gz", one.length + border],
        ["damaged.gz", one.length],
      ] as const
    ) {
      const error = await failure(source, access);
      assert.equal(error.code, "load.source_corrupt", source);
      assert.match(error.message, /the gzip stream has ended, and more than zeros follows/, source);
      const found = Number(error.details.byte);
      assert.ok(found === byte || found === byte + 1, `${source}: ${found}`);
    }
  });
});

Deno.test("too many bytes, and gzip that swells, are refused while they come", async () => {
  const bomb = gzipSync(new Uint8Array(80 * 1024 ** 2));
  await withSources(
    { "bomb.csv.gz": bomb, "fact.csv": lines, "fact.csv.gz": gzipSync(lines) },
    async (access) => {
      const swelling = await failure("bomb.csv.gz", access);
      assert.equal(swelling.code, "load.source_too_large");
      assert.match(swelling.message, /a zip bomb/);
      assert.ok(Number(swelling.details.decompressed) < 66 * 1024 ** 2);
      for (const source of ["fact.csv", "fact.csv.gz"]) {
        const error = await failure(source, access, { maximumBytes: 1000 });
        assert.equal(error.code, "load.source_too_large");
        assert.match(error.message, /more than 1000 bytes/);
        assert.equal(await count(source, access, { maximumBytes: lines.length }), lines.length);
      }
    },
  );
});

Deno.test("a source is let go when its reader stops or is cancelled", async () => {
  await withSources({ "fact.csv.gz": gzipSync(lines + lines), "fact.csv": lines }, async (access) => {
    for (const source of ["fact.csv.gz", "fact.csv"]) {
      const controller = new AbortController();
      const opened = await open(source, access, { signal: controller.signal });
      await assert.rejects(async () => {
        for await (const _ of opened.bytes) controller.abort(new Error("enough"));
      }, /enough/);
      await opened.close();
      const other = await open(source, access);
      for await (const _ of other.bytes) break;
      await other.close();
      await other.close();
      await (await open(source, access)).close();
      await assert.rejects(open(source, access, { signal: AbortSignal.abort(new Error("never")) }), /never/);
    }
  });
});

Deno.test("the reader sets the pace: no more is read than a few chunks ahead", async () => {
  const noise = Array.from({ length: 150 }, () => crypto.getRandomValues(new Uint8Array(65_536)));
  const packed = gzipSync(await new Blob(noise).bytes());
  await withSources({ "noise.gz": packed }, async (access) => {
    const opened = await open("noise.gz", access);
    for await (const _ of opened.bytes) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(opened.consumed() < 3 * 1024 ** 2, `${opened.consumed()} bytes were read`);
      break;
    }
    await opened.close();
  });
});

Deno.test("a resource of the server is read as bytes", async () => {
  const access = {
    kind: "folder",
    directory: project,
    resources: (uri: string) =>
      uri === "sqlwright://catalog" ? { mimeType: "application/json", text: "[1]" } : null,
  } as const;
  const { text, opened } = await read("resource:sqlwright://catalog", access);
  assert.deepEqual([text, opened.size, opened.extension], ["[1]", 3, "json"]);
  const missing = await failure("resource:sqlwright://none", access);
  assert.equal(missing.code, "load.source_unreadable");
  assert.match(missing.message, /no such resource/);
});

Deno.test("the forms of a source that are on are told, the others are not", () => {
  assert.equal(
    describeSources({ kind: "folder", directory: "data" }),
    "The path of a file below the source folder. gzip is decompressed; a member of a zip archive is named as file.zip#member.",
  );
  assert.match(
    describeSources({
      kind: "folder",
      directory: "data",
      hosts: [{ hostname: "www.sec.gov", port: 443 }, { hostname: "example.org", port: 8443 }],
      resources: () => null,
    }),
    /^The path of a file below the source folder, an https address on www\.sec\.gov or example\.org:8443 or resource:<uri> of/,
  );
});

testWith("SEC's own files", "a gzip index is read whole", async (directory) => {
  const source = "Archives/edgar/full-index/2025/QTR4/master.gz";
  const { text, opened } = await read(source, { kind: "folder", directory });
  assert.match(text, /^Description: +Master Index of EDGAR Dissemination Feed/);
  assert.ok(text.split("\n").length > 1000);
  assert.equal(opened.extension, null);
  assert.equal(opened.consumed(), opened.size);
});
