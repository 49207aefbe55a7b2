/** What a load takes in and from where, as a call has bound it. */

import type { Caller } from "../tool/caller.ts";
import { type CallServices } from "../tool/kind.ts";
import type { BoundArguments, LoadInput } from "../tool/model.ts";
import type { LoadOptions } from "./format/options.ts";
import type { SourceAccess } from "./source/model.ts";

export interface BoundCopy extends BoundArguments {
  load: BoundLoad;
}

/** What a load takes in, and how. */
export type BoundLoad =
  & { options: LoadOptions }
  & (
    | { columns: string[]; rows: (string | null)[][] }
    | { source: string }
    | { input: LoadInput }
  );

export interface CopyServices extends CallServices {
  /** What loads of a caller may read. */
  sources: (caller: Caller) => SourceAccess;
}
