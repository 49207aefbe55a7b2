/** What can become of a row of an `:unnest` call. */

import type { UnnestKeys } from "../query/model.ts";

export const outcomeNames = ["updated", "unchanged", "missing", "inserted", "deleted"] as const;
export type Outcome = (typeof outcomeNames)[number];

/** Which of the outcomes a tool can have. */
export function possibleOutcomes({ does }: UnnestKeys): Outcome[] {
  const changes = does.map((each) =>
    ({ update: "updated", delete: "deleted", insert: "inserted" } as const)[each]
  );
  return outcomeNames.filter((name) => name === "unchanged" || name === "missing" || changes.includes(name));
}
