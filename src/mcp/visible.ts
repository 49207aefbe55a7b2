/**
 * The application as one caller may see it: lists, resources, completions, instructions and status of the
 * tools that the caller may use, as if there were no others. Calls go to the whole application, which judges
 * each by itself.
 */

import type { CatalogStatus } from "../reload/status.ts";
import { type Caller, mayUse } from "../tool/caller.ts";
import { isObject } from "./message.ts";
import { readResource } from "./resources.ts";
import type { McpApplication, ServedCatalog, ServedProgram, ServedTool } from "./model.ts";

/** The application itself where nothing is hidden: the usual case costs one comparison. */
export function visibleTo(application: McpApplication, caller: Caller): McpApplication {
  if (caller.scopes === "all" || scopesOf(application).length === 0) return application;
  return {
    ...application,
    catalog: () => visibleCatalog(application, caller),
    programTools: (application.programTools ?? []).filter(({ scopes }) => mayUse(caller, scopes)),
    instructions: () => application.instructions(visibleCatalog(application, caller)),
    ...(application.status === undefined ? {} : { status: () => visibleStatus(application, caller) }),
    ...(application.readRejects === undefined
      ? {}
      : { readRejects: (loadId) => visibleRejects(application, loadId, caller) }),
  };
}

/** The tool or program of the name, whoever asks. */
export function toolNamed(
  { catalog, programTools = [] }: Pick<McpApplication, "catalog" | "programTools">,
  name: string,
): ServedTool | ServedProgram | undefined {
  return catalog().tools.get(name) ?? programTools.find((program) => program.name === name);
}

/** A caller from whom nothing is hidden is also told of what is gone. */
export function isSeen(application: McpApplication, uri: string, caller: Caller): boolean {
  const seen = visibleTo(application, caller);
  return seen === application || readResource(seen, uri) !== null;
}

/** A call of a tool that the caller may not use. */
export interface HiddenCall {
  message: Record<string, unknown>;
  tool: ServedTool | ServedProgram;
}

/** The first one of a message, or of a batch of them, as it came. */
export function findHiddenCall(
  application: McpApplication,
  value: unknown,
  caller: Caller,
): HiddenCall | null {
  for (const message of Array.isArray(value) ? value : [value]) {
    if (!isObject(message) || message.method !== "tools/call" || !isObject(message.params)) continue;
    const { name } = message.params;
    const tool = typeof name === "string" ? toolNamed(application, name) : undefined;
    if (tool !== undefined && !mayUse(caller, tool.scopes)) return { message, tool };
  }
  return null;
}

/**
 * A request without the hidden resources that a subscription of 2026-07-28 asks to hear of: the SDK takes it
 * as it is.
 */
export function withoutHidden(application: McpApplication, body: unknown, caller: Caller): unknown {
  if (caller.scopes === "all" || !isObject(body) || body.method !== "subscriptions/listen") return body;
  const { params } = body;
  if (!isObject(params) || !isObject(params.notifications)) return body;
  const { resourceSubscriptions: uris } = params.notifications;
  if (!Array.isArray(uris)) return body;
  const resourceSubscriptions = uris.filter((uri) =>
    typeof uri !== "string" || isSeen(application, uri, caller)
  );
  return {
    ...body,
    params: { ...params, notifications: { ...params.notifications, resourceSubscriptions } },
  };
}

const scopesOfCatalog = new WeakMap<ServedCatalog, readonly string[]>();

/** Every scope that some tool needs, in order. */
export function scopesOf(
  { catalog: present, programTools = [] }: Pick<McpApplication, "catalog" | "programTools">,
): readonly string[] {
  const catalog = present();
  let found = scopesOfCatalog.get(catalog);
  if (found === undefined) {
    const all = [...catalog.tools.values(), ...programTools].flatMap(({ scopes }) => scopes);
    found = [...new Set(all)].sort();
    scopesOfCatalog.set(catalog, found);
  }
  return found;
}

/** How many views of one catalogue are kept; each is as large as its list of tools. */
const maximumViews = 64;
const viewsOfCatalog = new WeakMap<ServedCatalog, Map<string, ServedCatalog>>();

/** The same object for all who see the same: answers are kept by it. */
function visibleCatalog(application: McpApplication, caller: Caller): ServedCatalog {
  const catalog = application.catalog();
  const key = scopesOf(application).filter((scope) => mayUse(caller, [scope])).join(" ");
  let views = viewsOfCatalog.get(catalog);
  if (views === undefined) viewsOfCatalog.set(catalog, views = new Map());
  let view = views.get(key);
  if (view === undefined) {
    if (views.size >= maximumViews) views.clear();
    views.set(key, view = reduceCatalog(catalog, caller));
  }
  return view;
}

/** A module whose tools are all hidden is hidden too. */
function reduceCatalog({ tools, modules }: ServedCatalog, caller: Caller): ServedCatalog {
  const visible = new Map([...tools].filter(([, { scopes }]) => mayUse(caller, scopes)));
  const modulesOf = (some: ReadonlyMap<string, ServedTool>) =>
    new Set([...some.values()].map(({ module }) => module));
  const [all, left] = [modulesOf(tools), modulesOf(visible)];
  return { tools: visible, modules: modules.filter(({ name }) => left.has(name) || !all.has(name)) };
}

/**
 * Without the names of files and tools that are hidden, and of those of which nobody knows any more who may
 * see them.
 */
function visibleStatus(application: McpApplication, caller: Caller): object {
  const { tools, modules } = visibleCatalog(application, caller);
  const names = new Set([
    ...tools.keys(),
    ...(application.programTools ?? []).filter(({ scopes }) => mayUse(caller, scopes)).map(({ name }) =>
      name
    ),
  ]);
  const status = application.status!() as CatalogStatus & { program_tools?: string[] };
  const isVisible = (path: string) => {
    const [module = "", file = ""] = path.replace(/\.sql$/, "").split("/");
    return file === "_module" ? modules.some(({ name }) => name === module) : names.has(`${module}_${file}`);
  };
  const known = (changed: readonly string[]) => changed.filter((name) => names.has(name));
  const { last_reload: reload, program_tools: programs } = status;
  return {
    ...status,
    tools: tools.size,
    files: status.files.filter(({ path }) => isVisible(path)),
    last_reload: reload && {
      ...reload,
      added: known(reload.added),
      changed: known(reload.changed),
      removed: known(reload.removed),
      error: reload.error &&
        { ...reload.error, message: "The reload failed: the server's log says why", details: {} },
    },
    ...(programs === undefined ? {} : { program_tools: known(programs) }),
  };
}

/** Those of a tool that is gone are hidden too. */
async function visibleRejects(
  application: McpApplication,
  loadId: string,
  caller: Caller,
): Promise<string | null> {
  const text = await application.readRejects!(loadId);
  if (text === null) return null;
  const { tool } = JSON.parse(text) as { tool: string };
  const found = toolNamed(application, tool);
  return found !== undefined && mayUse(caller, found.scopes) ? text : null;
}
