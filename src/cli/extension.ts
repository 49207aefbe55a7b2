/**
 * The commands of a project's extension, below the project's name: `sqlwright shop import`. They are there
 * where the project is, and nowhere else: a command of another name never loads an extension for the sake of
 * the help.
 */

import type { Command } from "@commander-js/extra-typings";
import { withApplication } from "../app.ts";
import type { ExtensionCommand, ExtensionCommands, WorkerDefinition } from "../extension/extension.ts";
import type { Extension, ExtensionSettings } from "../extension/extension.ts";
import { loadExtension, readExtensionSettings } from "../extension/open.ts";
import { silentLog } from "../log.ts";
import type { Project } from "../project.ts";
import { nearestProject } from "./configuration.ts";
import { tell, UsageError } from "./console/console.ts";
import { Interruption } from "./console/interruption.ts";
import { withDatabase } from "./database.ts";
import { readSettings } from "./environment.ts";

/** What `program.ts` gives: how commands are made here, so that all look alike. */
export interface ProjectCommandOptions {
  finish(exitCode: number): void;
  /** Adds a command below another one, with the options and the help that all have. */
  add(parent: Command, name: string, description: string, examples: readonly string[]): ExtensionCommand;
}

/**
 * Adds the project's commands where the words name the project. The help names it, and loads nothing of it.
 * @throws {SqlwrightError} `extension.invalid` when they are asked for and the extension is broken
 */
export async function addProjectCommands(
  program: Command,
  args: readonly string[],
  options: ProjectCommandOptions,
): Promise<void> {
  const [word] = args;
  const isHelp = word === undefined || ["help", "-h", "--help"].includes(word);
  const project = nearestProject(args);
  if (project === null || project.extension === null) return;
  // The name of a command of sqlwright means that command.
  const isTaken = program.commands.some((command) => command.name() === project.name);
  if (isTaken || !isHelp && word !== project.name) return;
  if (!isHelp) return addGroup(program, await loadExtension(project, project.extension), project, options);
  // Whoever asks for help has not said that the project's code may run.
  program.command(project.name).summary(`Commands of the project's own TypeScript: ${project.name} --help`);
}

async function addGroup(
  program: Command,
  extension: Extension,
  { name, directory }: Project,
  { finish, add }: ProjectCommandOptions,
): Promise<void> {
  if (!extension.hasCommands) return;
  const group = program.command(name)
    .summary(extension.description.split("\n")[0]!)
    .description(extension.description)
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .enablePositionalOptions()
    .option("--project <dir>", `the project's folder (default: ${directory})`);
  const commands: ExtensionCommands<ExtensionSettings> = {
    add: (command, description, ...examples) =>
      add(group, command, description, examples.map((example) => `${name} ${example}`)),
    finish,
    readSettings: (options) =>
      readExtensionSettings(
        extension,
        readSettings({ project: options.project ?? group.opts().project ?? directory }),
      ),
  };
  await extension.addCommands(commands);
  for (const [name, worker] of Object.entries(extension.workers)) addWorker(commands, name, worker);
}

function addWorker(
  { add, finish, readSettings }: ExtensionCommands<ExtensionSettings>,
  name: string,
  worker: WorkerDefinition<ExtensionSettings>,
): void {
  const { description, maximumConcurrency: maximum = 1, requireSettings, run } = worker;
  const examples = [name, ...(maximum > 1 ? [`${name} --concurrency 2`] : []), `${name} --once`];
  add(name, description, ...examples)
    .option("--concurrency <jobs>", `jobs at a time, at most ${maximum} (default: 1)`)
    .option("--once", "end when no job is left")
    .action(async ({ concurrency = "1", once: isOnce = false, ...options }) => {
      const jobs = readConcurrency(concurrency, maximum);
      const settings = readSettings(options);
      await requireSettings?.(settings);
      await withDatabase(settings, async ({ config, ownerUrl }) => {
        await withApplication(config, { log: silentLog, startsFromLock: true }, async (application) => {
          await application.ready;
          using interruption = new Interruption();
          const { signal } = interruption;
          if (!isOnce) tell("Waiting for jobs; Ctrl-C ends");
          await run({ config, application, ownerUrl, concurrency: jobs, isOnce, signal });
          finish(signal.aborted ? 130 : 0);
        });
      });
    });
}

function readConcurrency(text: string, maximum: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= maximum) return number;
  throw new UsageError(
    `"${text}" is no count for --concurrency`,
    `Write a whole number from 1 to ${maximum}`,
  );
}
