/** The configurations by which MCP hosts start the project's server: of Claude Code, VS Code and Cursor. */

import { installation } from "../installation.ts";
import { launchCommand } from "../server/launch_command.ts";

export interface HostFile {
  path: string;
  /** The member that holds the servers. */
  group: string;
  entry: Record<string, unknown>;
}

/** They are shared through the repository, so they name no place of this machine where that can be helped. */
export function hostFiles(directory: string): HostFile[] {
  // A checkout of sqlwright is started in its own folder.
  const inFolder = (variable: string) => installation === "checkout" ? directory : variable;
  const launch = (place: string) =>
    launchCommand(["start", "--stdio", "--project", inFolder(place)], {
      isShared: true,
    });
  return [
    { path: ".mcp.json", group: "mcpServers", entry: { ...launch(".") } },
    {
      path: ".vscode/mcp.json",
      group: "servers",
      entry: { type: "stdio", ...launch("${workspaceFolder}") },
    },
    {
      path: ".cursor/mcp.json",
      group: "mcpServers",
      entry: { ...launch("${workspaceFolder}") },
    },
  ];
}
