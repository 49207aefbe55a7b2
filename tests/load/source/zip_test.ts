/** Members of zip archives as sources: real archives, and those that somebody made to do harm. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter, type ZipWriterAddDataOptions } from "@zip.js/zip.js";
import { testWith } from "../../services.ts";
import { count, failure, open, read, withSources } from "./reading.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const rows = Array.from({ length: 200_000 }, (_, index) => `${index}\t${(index * 7919) % 99_991}\n`).join("");

async function zipOf(
  members: Record<string, string | Uint8Array>,
  options: ZipWriterAddDataOptions = {},
): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  for (const [name, content] of Object.entries(members)) {
    const bytes = typeof content === "string" ? encode(content) : content;
    await writer.add(name, new Uint8ArrayReader(bytes), options);
  }
  return await writer.close();
}

/** The same bytes with one text put for another of the same length. */
function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  assert.equal(from.length, to.length);
  const latin1 = new TextDecoder("latin1");
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("").replaceAll(from, to);
  assert.ok(latin1.decode(bytes).includes(from));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

Deno.test("a member is read by name, and without a name when it is the only one", async () => {
  const one = await zipOf({ "deep/num.txt": rows });
  const many = await zipOf({ "readme.htm": "<p>", "num.tsv": rows, "folder/": "", "empty.csv": "" });
  const stored = await zipOf({ "num.txt": rows, "a.txt": "a" }, { level: 0 });
  await withSources(
    { "one.zip": one, "many.zip": many, "stored.ZIP": stored, "odd.dat": one },
    async (access) => {
      const { text, opened } = await read("one.zip", access);
      assert.equal(text, rows);
      assert.equal(opened.name, "one.zip#deep/num.txt");
      assert.equal(opened.extension, "txt");
      assert.ok(opened.size! < one.length && opened.size! > one.length - 300);
      assert.equal(opened.consumed(), opened.size);
      assert.equal((await read("many.zip#num.tsv", access)).text, rows);
      assert.equal((await read("many.zip#num.tsv", access)).opened.extension, "tsv");
      assert.equal((await read("many.zip", access, { member: "readme.htm" })).text, "<p>");
      assert.equal((await read("many.zip#empty.csv", access)).text, "");
      assert.equal((await read("stored.ZIP#num.txt", access)).text, rows);
      assert.equal((await read("odd.dat", access)).text, rows);
      assert.equal(await count("one.zip", access, { compression: "none" }), one.length);
    },
  );
});

Deno.test("an archive of many members that is asked for none or another lists them", async () => {
  const names = Array.from({ length: 25 }, (_, index) => `part${String(index).padStart(2, "0")}.csv`);
  const many = await zipOf(Object.fromEntries(names.map((name) => [name, "a"])));
  await withSources({ "many.zip": many, "none.zip": await zipOf({}) }, async (access) => {
    const unnamed = await failure("many.zip", access);
    assert.equal(unnamed.code, "load.source_refused");
    assert.match(unnamed.message, /has 25 members, and member does not say which/);
    assert.match(unnamed.hint!, /part00\.csv, .*part19\.csv and 5 more$/);
    assert.match((await failure("many.zip#other.csv", access)).message, /has no member "other\.csv"/);
    assert.match((await failure("many.zip#a", access, { member: "b" })).message, /member says "b"/);
    assert.match((await failure("none.zip", access)).message, /the zip archive is empty/);
  });
});

Deno.test("members whose names lead out, links and encrypted ones are refused", async () => {
  const plain = await zipOf({ "aa/bb.txt": "text" });
  const files = {
    "up.zip": replaced(plain, "aa/bb.txt", "../bb.txt"),
    "deep.zip": replaced(plain, "aa/bb.txt", "a/../.txt"),
    "root.zip": replaced(plain, "aa/bb.txt", "/a/bb.txt"),
    "drive.zip": replaced(plain, "aa/bb.txt", "C:/bb.txt"),
    "back.zip": replaced(plain, "aa/bb.txt", "aa\\bb.txt"),
    "beside.zip": await zipOf({ "good.csv": "a", "..x/good.txt": "a" }),
    "link.zip": await zipOf({ "link.csv": "/etc/passwd" }, { unixMode: 0o120777, msDosCompatible: false }),
    "locked.zip": await zipOf({ "locked.csv": "a" }, { password: "secret" }),
    "twice.zip": replaced(await zipOf({ "a1.csv": "a", "a2.csv": "b" }), "a2.csv", "a1.csv"),
  };
  await withSources(files, async (access) => {
    for (const source of ["up.zip", "deep.zip", "root.zip", "drive.zip", "back.zip"]) {
      const error = await failure(source, access);
      assert.equal(error.code, "load.source_refused", source);
      assert.match(error.message, /whose name leads out of it/);
    }
    assert.equal((await read("beside.zip#good.csv", access)).text, "a");
    assert.match((await failure("link.zip", access)).message, /"link\.csv" is a link/);
    assert.match((await failure("locked.zip", access)).message, /"locked\.csv" is encrypted/);
    assert.match((await failure("twice.zip#a1.csv", access)).message, /has the member "a1\.csv" twice/);
  });
});

Deno.test("a zip bomb is stopped by its ratio, and by the size that it may have", async () => {
  const bomb = await zipOf({ "bomb.csv": new Uint8Array(100 * 1024 ** 2) });
  assert.ok(bomb.length < 200_000);
  await withSources({ "bomb.zip": bomb, "rows.zip": await zipOf({ "rows.tsv": rows }) }, async (access) => {
    const error = await failure("bomb.zip", access);
    assert.equal(error.code, "load.source_too_large");
    assert.match(error.message, /bomb\.zip#bomb\.csv.*a zip bomb/);
    assert.ok(Number(error.details.decompressed) < 66 * 1024 ** 2);
    const large = await failure("rows.zip", access, { maximumBytes: 100_000 });
    assert.equal(large.code, "load.source_too_large");
  });
});

Deno.test("an archive that is cut, broken or lies about its members names member and byte", async () => {
  const good = await zipOf({ "rows.tsv": rows });
  const broken = good.slice();
  broken.fill(0xff, 100_000, 100_100);
  const stored = await zipOf({ "rows.tsv": rows }, { level: 0 });
  const wrong = stored.slice();
  wrong[50_000] = wrong[50_000]! ^ 1;
  const directory = good.findLastIndex((_, index) =>
    new DataView(good.buffer, good.byteOffset).byteLength > index + 4 &&
    new DataView(good.buffer, good.byteOffset + index, 4).getUint32(0, true) === 0x02014b50
  );
  const short = good.slice();
  // Directory record: CRC-32 at 16, compressed size at 20, size at 24.
  new DataView(short.buffer, short.byteOffset).setUint32(directory + 24, rows.length - 1, true);
  const long = good.slice();
  new DataView(long.buffer, long.byteOffset).setUint32(directory + 24, rows.length + 1, true);
  const files = {
    "cut.zip": good.subarray(0, 100_000),
    "broken.zip": broken,
    "wrong.zip": wrong,
    "short.zip": short,
    "long.zip": long,
    "text.zip": "a,b\n",
  };
  await withSources(files, async (access) => {
    for (
      const [source, why] of [
        ["cut.zip", /no whole directory at byte 100000$/],
        ["broken.zip", /"broken\.zip#rows\.tsv": the member is broken at byte \d+$/],
        ["wrong.zip", /do not have the CRC-32/],
        ["short.zip", /says \d+ bytes, but there are more/],
        ["long.zip", /says \d+ bytes, but there are \d+ at byte/],
        ["text.zip", /it is named as zip but does not begin as one/],
      ] as const
    ) {
      const error = await failure(source, access);
      assert.equal(error.code, "load.source_corrupt", source);
      assert.match(error.message, why);
    }
  });
});

Deno.test("a member that is compressed once more is refused and not read as text", async () => {
  const inner = await zipOf({ "a.csv": "id\n1\n" });
  const outer = await zipOf({ "a.zip": inner, "a.csv.gz": new Uint8Array(gzipSync("id\n1\n")) });
  await withSources({ "outer.zip": outer }, async (access) => {
    for (const [member, kind] of [["a.zip", "zip"], ["a.csv.gz", "gzip"]] as const) {
      const error = await failure(`outer.zip#${member}`, access);
      assert.equal(error.code, "load.source_refused");
      assert.equal(
        error.message,
        `Cannot load "outer.zip#${member}": the member is a ${kind} archive itself`,
      );
      assert.match(error.hint ?? "", /Take it out of outer\.zip/);
    }
  });
});

Deno.test("a member is let go when its reader stops", async () => {
  await withSources({ "rows.zip": await zipOf({ "rows.tsv": rows }) }, async (access) => {
    const opened = await open("rows.zip", access);
    for await (const _ of opened.bytes) break;
    await opened.close();
    await (await open("rows.zip", access)).close();
  });
});

testWith("SEC's own files", "an archive of statements is read by member", async (folder) => {
  const directory = join(folder, "files", "dera", "data", "financial-statement-data-sets");
  const found = await Array.fromAsync(Deno.readDir(directory));
  const archive = found.find(({ name }) => name.endsWith(".zip"));
  assert.ok(archive, `no archive in ${directory}`);
  for (const [member, start] of [["sub.txt", "adsh\tcik\t"], ["num.txt", "adsh\ttag\t"]] as const) {
    const { text, opened } = await read(`${archive.name}#${member}`, { kind: "folder", directory });
    assert.ok(text.startsWith(start), text.slice(0, 80));
    assert.equal(opened.consumed(), opened.size);
  }
});
