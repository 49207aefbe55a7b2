/** What calls with arguments of their kind have bound, and what writes need of the server. */

import { type CallServices } from "../tool/kind.ts";
import type { BoundArguments, PageStatements, Tool } from "../tool/model.ts";

export interface BoundWrite extends BoundArguments {
  isDryRun: boolean;
  /** Null: the ceiling of the tool alone. */
  maxAffected: number | null;
}

/** What earlier calls found out of a tool. */
export type WriteMemory = WeakMap<Tool, WriteWay>;

/** How outcomes are found: by the count or what is returned where they can tell, by places, or not at all. */
export type WriteWay = "returning" | "places" | "none";

export interface WriteServices extends CallServices {
  memory: WriteMemory;
}

/** The rows of a call, column by column. */
export interface BoundRows extends BoundWrite {
  /** By parameter, the elements of its array, and what is between them in the array's text in `values`. */
  elements: Record<string, (string | null)[]>;
  delimiters: Record<string, string>;
}

/** What a page reads: both statements, and their parameters without the key and the limit. */
export interface PageSource {
  values: BoundArguments["values"];
  statements: PageStatements;
  parameters: (string | null)[];
  /** The filters of the call, which its cursor is tied to. */
  filters: readonly unknown[];
}

export interface BoundPage extends BoundArguments {
  page: PageSource & { cursor: string | null; size: number };
}
