/** The kinds of query files, each with its entry: its arguments, its answer, its checks and its call. */

import { copy } from "../load/kind.ts";
import { type CopyServices } from "../load/model.ts";
import type { Kind } from "../query/model.ts";
import type { KindEntry } from "../tool/kind.ts";
import type { BoundArguments } from "../tool/model.ts";
import { many, one } from "./rows.ts";
import { unnest } from "./unnest.ts";
import { report, value } from "./value.ts";
import { view } from "./view.ts";
import { exec } from "./write.ts";
import { type WriteServices } from "./model.ts";

/** What the calls of all kinds need. */
export type KindServices = CopyServices & WriteServices;

export const kindEntries: Readonly<Record<Kind, KindEntry<BoundArguments, KindServices>>> = {
  many,
  one,
  value,
  report,
  exec,
  view,
  unnest,
  copy,
};
