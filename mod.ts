/**
 * The public face: all that the TypeScript of a project may import. What is not here may change with any
 * version.
 *
 * Light on purpose: a server with an extension loads it at its start. What opens a database or draws a table
 * imports its work when it is called.
 */

export * from "./src/errors.ts";
export { createLog, type Log, type LogFields, type LogOptions, silentLog } from "./src/log.ts";
export { type Config, readConfig, type Setting, setting } from "./src/config.ts";
export {
  type CommandOptions,
  defineExtension,
  type Extension,
  type ExtensionCommand,
  type ExtensionCommands,
  type ExtensionConfig,
  type ExtensionDefinition,
  type ExtensionSettings,
  type Sample,
  type SampleLoad,
  type Worker,
  type WorkerDefinition,
} from "./src/extension/extension.ts";
export { findProject, type Project } from "./src/project.ts";
export {
  type Query,
  type QueryClient,
  queryClient,
  type QueryOptions,
  type QueryType,
} from "./src/client/queries.ts";
export type { CallContext, CallTool, JsonSchema, LoadInput, Tool, ToolResult } from "./src/tool/model.ts";
export type { ProgramHost, ProgramTool, ProgramToolSource } from "./src/tool/program_tool.ts";
export { closedObject } from "./src/tool/schema.ts";
export { type Caller, localCaller } from "./src/tool/caller.ts";
export type { Application } from "./src/app.ts";
export type { Database } from "./src/cli/database.ts";
export {
  formatTable,
  type ScratchOptions,
  withApplication,
  withDatabase,
  withScratchDatabase,
} from "./src/library.ts";
export { readSettings } from "./src/cli/environment.ts";
export {
  formatError,
  type Paint,
  paintFor,
  print,
  printJson,
  tell,
  UsageError,
  widthOf,
} from "./src/cli/console/console.ts";
export { Interruption } from "./src/cli/console/interruption.ts";
export type { Cell, Column, TableOptions } from "./src/cli/console/table.ts";
export {
  chunkBytes,
  chunksOf,
  chunksWithin,
  counted,
  readBounded,
  readStart,
  readWithin,
  type WaitLimits,
} from "./src/load/source/bytes.ts";
export { isWithin, pathBelow } from "./src/load/source/path.ts";
export type {
  ArchiveMember,
  DecompressOptions,
  RangedBytes,
  RawSource,
} from "./src/load/source/raw_source.ts";
export { archiveMembers, decompressed, openFile } from "./src/load/source/readers.ts";
