/**
 * The members of a nightly archive, a few at once: each is the file that it is at its own address, in the
 * ledger too.
 */

import { SqlwrightError } from "../errors.ts";
import { archiveMembers } from "../parse/bulk_archive.ts";
import { countingAccess, readMember } from "./file_bytes.ts";
import type { Ledger } from "./ledger.ts";
import type { FileReport, LoadListener } from "./load_report.ts";
import { defaultParseLimits, type SourceFile } from "../source/source_file.ts";
import { cikOfPath, sourceKindOf } from "../source/source_kind.ts";

/** What loads the members, one by one. */
interface MemberLoader {
  ledger: Pick<Ledger, "readBelow">;
  loadContent(
    content: { path: string; bytes: Uint8Array; fetched: null },
    isMember: true,
  ): Promise<FileReport>;
}

/** @throws {SqlwrightError} `edgar.load_failed` when members failed, which have reports of their own */
export async function loadMembers(
  archive: SourceFile,
  { sizeBytes }: FileReport,
  { loader, listener, concurrency }: {
    loader: MemberLoader;
    listener?: LoadListener;
    concurrency: number;
  },
): Promise<void> {
  const isFacts = sourceKindOf(archive.path) === "company_facts_archive";
  await loader.ledger.readBelow(isFacts ? "api/xbrl/companyfacts/" : "submissions/");
  const failed: FileReport[] = [];
  /** By company: its older pages refer to the company of its own file. */
  const running = new Map<string, Promise<void>>();
  let read = 0;
  const random_access = countingAccess(archive.random_access, (length) => read += length);
  for await (const member of archiveMembers({ ...archive, random_access }, defaultParseLimits)) {
    const bytes = await readMember(member.bytes);
    listener?.expected?.(1, 0);
    listener?.advanced?.(archive.path, 0, Math.min(1, read / Math.max(1, sizeBytes)));
    const company = cikOfPath(member.path) ?? member.path;
    const before = running.get(company) ?? Promise.resolve();
    const work: Promise<void> = before
      .then(() => loader.loadContent({ path: member.path, bytes, fetched: null }, true))
      .then((each) => {
        if (each.outcome === "failed") failed.push(each);
      })
      .finally(() => {
        if (running.get(company) === work) running.delete(company);
      });
    running.set(company, work);
    if (running.size >= concurrency) await Promise.race(running.values());
  }
  await Promise.all(running.values());
  if (failed.length === 0) return;
  throw new SqlwrightError(
    "edgar.load_failed",
    `Cannot load ${failed.length} of the members of "${archive.path}"; the first: ${
      failed[0]!.failure!.message
    }`,
    { details: { path: archive.path, failed: failed.length } },
  );
}
