/** The version of sqlwright. package.json is the one place that says it. */

import description from "../package.json" with { type: "json" };

/** `MAJOR.MINOR.PATCH`, as `--version` prints it and MCP clients see it. */
export const { version } = description;
