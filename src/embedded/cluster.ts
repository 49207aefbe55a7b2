/**
 * The embedded PostgreSQL's files: where they lie, whose they are, and the first `initdb`.
 *
 *   .sqlwright/                     the data directory of the project; ours alone
 *     postgresql-18.4.0-…/          the binaries
 *     cluster-18/ made under another name and renamed when whole, so a killed first start leaves no half
 *       data/                       PGDATA
 *       credentials.json            passwords of the roles, generated, mode 0600
 *       port                        the TCP port that was free the last time
 *       roles_made                  stands when roles and database have been made
 *     start.lock supervisor.lock supervisor.json postgres.log
 *
 * PostgreSQL refuses to run as root. Root therefore runs it as the person who owns the project, else as the
 * one who called sudo, else as `nobody`; where that account cannot reach the project's folder the files lie
 * below /var/lib instead.
 */

import { basename, dirname, join, resolve } from "node:path";
import { SqlwrightError } from "../errors.ts";
import { type Binaries, exists, ignoreNotFound } from "./binaries.ts";

/** A user of the operating system. */
export interface Account {
  uid: number;
  gid: number;
}

export interface Placement {
  /** Absolute. */
  directory: string;
  /** Whom PostgreSQL runs as; null means as ourselves. */
  account: Account | null;
  /** Whose the other files are when root makes them; null leaves them to whoever makes them. */
  fileOwner: Account | null;
}

/** Generated passwords, by role. */
export interface Credentials {
  superuser: string;
  owner: string;
  server: string;
}

/** Paths in the cluster's folder. */
export interface Cluster {
  data: string;
  portFile: string;
  rolesMarker: string;
  credentials: Credentials;
  /** Whether this call made it. */
  isNew: boolean;
}

const initdb_timeout_ms = 120_000;

/**
 * Written into postgresql.conf once, where a DBA can change them. WAL is minimal because there are no
 * replicas; data is synced to disk as on any server. TCP on the loopback is the one way in: a Unix socket's
 * path is limited to 107 bytes, and is not to be had on Windows.
 */
const settings: Record<string, string> = {
  autovacuum: "on",
  fsync: "on",
  listen_addresses: "127.0.0.1",
  log_line_prefix: "%m [%p] %q%u@%d ",
  log_timezone: "UTC",
  max_connections: "100",
  max_wal_senders: "0",
  max_wal_size: "512MB",
  min_wal_size: "64MB",
  shared_buffers: "128MB",
  timezone: "UTC",
  unix_socket_directories: "",
  wal_level: "minimal",
};

/** Decides where the files lie and who runs PostgreSQL, and makes the folder. */
export async function placeFiles(wanted: string, log: (line: string) => void): Promise<Placement> {
  const directory = resolve(wanted);
  if (Deno.build.os === "windows" || Deno.uid() !== 0) {
    await makePrivateFolder(directory, 0o700);
    return { directory, account: null, fileOwner: null };
  }
  await Deno.mkdir(dirname(directory), { recursive: true });
  const person = await findPerson(directory);
  const account = person ?? await findNobody();
  let place = directory;
  if (!await isReachable(dirname(directory), account)) {
    place = join("/var/lib/sqlwright", `${basename(dirname(directory))}-${await shortHash(directory)}`);
    log(`The embedded database lies in ${place}: user ${account.uid} cannot reach ${dirname(directory)}`);
  }
  // Others may pass through, not look around: what lies inside has its own modes.
  await makePrivateFolder(place, 0o711);
  const placement = { directory: place, account, fileOwner: person };
  await giveToOwner(place, placement);
  return placement;
}

/** Opens the cluster and makes it first where there is none. The caller holds the start lock. */
export async function openCluster(
  placement: Placement,
  binaries: Binaries,
  log: (line: string) => void,
): Promise<Cluster> {
  const home = join(placement.directory, "cluster-18");
  const isNew = !await exists(home);
  if (isNew) {
    log("Making a database cluster …");
    const unfinished = `${home}.new`;
    await Deno.remove(unfinished, { recursive: true }).catch(ignoreNotFound);
    await makeCluster(unfinished, placement, binaries);
    await Deno.rename(unfinished, home);
  }
  const credentials = JSON.parse(await Deno.readTextFile(join(home, "credentials.json"))) as Credentials;
  return {
    data: join(home, "data"),
    portFile: join(home, "port"),
    rolesMarker: join(home, "roles_made"),
    credentials,
    isNew,
  };
}

/**
 * When root made a file in a person's project, the person must be able to start without root the next time.
 */
export async function giveToOwner(path: string, placement: Pick<Placement, "fileOwner">): Promise<void> {
  if (placement.fileOwner) await Deno.chown(path, placement.fileOwner.uid, placement.fileOwner.gid);
}

async function makeCluster(home: string, placement: Placement, binaries: Binaries): Promise<void> {
  const { account } = placement;
  const [data, passwordFile, credentialsFile] = [
    join(home, "data"),
    join(home, "password"),
    join(home, "credentials.json"),
  ];
  const credentials: Credentials = {
    superuser: makePassword(),
    owner: makePassword(),
    server: makePassword(),
  };
  await makePrivateFolder(home, account ? 0o711 : 0o700);
  await makePrivateFolder(data, 0o700);
  await Deno.writeTextFile(passwordFile, credentials.superuser, { mode: 0o600 });
  await Deno.writeTextFile(credentialsFile, JSON.stringify(credentials), { mode: 0o600 });
  for (const path of [home, credentialsFile]) await giveToOwner(path, placement);
  if (account) {
    for (const path of [data, passwordFile]) await Deno.chown(path, account.uid, account.gid);
  }
  const output = await new Deno.Command(binaries.initdb, {
    args: [
      `--pgdata=${data}`,
      "--username=postgres",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      // Sorting by code point and Unicode's case mapping, the same on every platform; no library decides it.
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--no-instructions",
      ...Object.entries(settings).map(([name, value]) => `--set=${name}=${value}`),
    ],
    ...asAccount(account),
    cwd: data,
    stdin: "null",
    signal: AbortSignal.timeout(initdb_timeout_ms),
  }).output();
  await Deno.remove(passwordFile);
  if (!output.success) {
    const said = new TextDecoder().decode(output.stderr).trim();
    throw new SqlwrightError(
      "embedded.failed",
      `Cannot make a database cluster in "${data}": ${lastLine(said)}`,
      {
        details: { exit_code: output.code, signal: output.signal, stderr: said.slice(-2000) },
        hint: "Free some disk space or choose another folder with SQLWRIGHT_DATA_DIR, or set DATABASE_URL",
      },
    );
  }
}

/** The environment is emptied: PG* and locale variables of the person must not change the server. */
export function asAccount(
  account: Account | null,
): Pick<Deno.CommandOptions, "uid" | "gid" | "clearEnv" | "env"> {
  const kept = ["PATH", "SystemRoot", "TEMP", "TMP"].map((name) => [name, Deno.env.get(name)]);
  const env = Object.fromEntries(kept.filter(([, value]) => value !== undefined)) as Record<string, string>;
  return { clearEnv: true, env: { ...env, LC_ALL: "C", TZ: "UTC" }, ...account };
}

/**
 * The owner of the project's folder or the one who called sudo, when that is a known user other than root.
 */
async function findPerson(directory: string): Promise<Account | null> {
  const existing = await Deno.stat(directory).catch(ignoreNotFound);
  const project = existing ?? await Deno.stat(dirname(directory)).catch(ignoreNotFound);
  const sudo = { uid: Number(Deno.env.get("SUDO_UID") || 0), gid: Number(Deno.env.get("SUDO_GID") || 0) };
  const candidates = [{ uid: project?.uid ?? 0, gid: project?.gid ?? 0 }, sudo];
  for (const { uid, gid } of candidates) {
    // initdb looks its user up and fails for one without an entry; so does a folder mounted from another
    // machine.
    if (uid !== 0 && (await readUsers()).some((user) => user.uid === uid)) return { uid, gid };
  }
  return null;
}

async function findNobody(): Promise<Account> {
  return (await readUsers()).find((user) => user.name === "nobody") ?? { uid: 65_534, gid: 65_534 };
}

/**
 * Users of this machine. macOS keeps people elsewhere, but there root comes by sudo and `nobody` is listed.
 */
async function readUsers(): Promise<(Account & { name: string })[]> {
  const lines = (await Deno.readTextFile("/etc/passwd").catch(ignoreNotFound) ?? "").split("\n");
  const users = lines.map((line) => line.split(":")).filter((fields) => fields.length >= 4);
  return users.map(([name, , uid, gid]) => ({ name: name!, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }));
}

/** Whether an account may pass through a folder and all that lie above it. */
async function isReachable(folder: string, account: Account): Promise<boolean> {
  for (let path = await Deno.realPath(folder);; path = dirname(path)) {
    const { mode, uid, gid } = await Deno.stat(path);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if (((mode ?? 0) & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

async function makePrivateFolder(path: string, mode: number): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  if (Deno.build.os !== "windows") await Deno.chmod(path, mode);
}

async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex().slice(0, 8);
}

/** 192 random bits in letters that need no escaping in an URL or in SQL. */
function makePassword(): string {
  return crypto.getRandomValues(new Uint8Array(24)).toBase64({ alphabet: "base64url" });
}

function lastLine(text: string): string {
  return text.split("\n").at(-1) || "it said nothing";
}
