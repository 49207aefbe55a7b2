/** Addresses as they may be told: in errors, in the log, and in what the database keeps of a load. */

/**
 * Without what may be a secret: the user, and the query, in which a signed link has its signature. That
 * there was one is shown.
 */
export function withoutSecrets(address: string): string {
  return address
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1…@")
    .replace(/\?[^]*$/, "?…")
    .replace(/#[^]*$/, "");
}

/** What a library has thrown, whose message may name an address; for the cause of an error of ours. */
export function causeWithoutSecrets(error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const told = new Error(message.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'()<>]+/gi, withoutSecrets));
  told.name = name;
  return told;
}
