/** What the reader of a tag gets, and what is known of a tag before its value is read. */

import type { Header, Kind, ModuleDefaults, Place } from "../model.ts";

/** One tag of one file, for its reader. */
export interface TagContext {
  tag: string;
  /** Null in `_module.sql` and when the file's kind is not known. */
  kind: Kind | null;
  moduleDefaults: ModuleDefaults | null;
  /** The `@`. */
  place: Place;
  /** The value; a line end stands where a continuation line begins. */
  text: string;
  placeOf: (index: number) => Place;
  fail: (index: number, message: string, hint?: string) => void;
  /** Reports a name that an earlier tag already has. */
  repeat: (index: number, message: string) => void;
  /** Reports a part of a tag's value that has no effect yet. */
  unbuilt: (index: number, feature: string) => void;
}

export interface TagRule {
  /** Null: every kind. */
  kinds: readonly Kind[] | null;
  isRepeatable: boolean;
  isModuleDefault: boolean;
  /** The form of the value, as a hint. */
  form: string;
  read: (context: TagContext, header: Header) => void;
}
