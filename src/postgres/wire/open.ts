/**
 * From a target to a session: each of its hosts in turn, each within its own bound of time, until one
 * answers that is of the kind that is wanted.
 */

import { type Certificates, readCertificates } from "../target/certificates.ts";
import {
  describePlace,
  isAddress,
  isFolder,
  type Place,
  socketPath,
  type Target,
  type TargetKind,
  type TlsSettings,
} from "../target/model.ts";
import type { Secrets } from "../target/secrets.ts";
import { type Attempt, ConnectionEnded, LoginFailure, ServerError } from "./protocol_error.ts";
import { Session } from "./session.ts";
import type { Address, TlsPolicy } from "./transport.ts";

export interface OpenOptions {
  target: Target;
  secrets: Secrets;
  /** Run-time parameters of the session. */
  parameters: Readonly<Record<string, string>>;
  /** For each host, where the target says nothing itself. */
  timeout_ms: number;
}

/**
 * @throws {LoginFailure} with each host that was tried and its cause
 * @throws {SqlwrightError} `config.invalid` for a file or a command that gives no password or certificate
 */
export async function openSession(options: OpenOptions): Promise<Session> {
  const { target } = options;
  const user = target.user?.value;
  if (user === undefined) throw new ConnectionEnded("NO_USER", "DATABASE_URL and PGUSER name no user");
  const certificates = await readCertificates(target.tls);
  const attempts: Attempt[] = [];
  const wanted: TargetKind[] = target.kind === "prefer-standby" ? ["standby", "any"] : [target.kind];
  let places = target.isShuffled ? shuffled(target.places) : target.places;
  for (const kind of wanted) {
    const others: Place[] = [];
    for (const place of places) {
      const attempt: Attempt = {
        place: `${describePlace(place)}/${target.database ?? user}`,
        passwordFrom: null,
        error: null,
      };
      try {
        return await openPlace(place, { ...options, user, certificates, kind, attempt });
      } catch (error) {
        if (error instanceof OtherKind) others.push(place);
        else if (!isOfConnection(error)) throw error;
        attempts.push({ ...attempt, error });
        if (isFinal(error)) throw new LoginFailure(attempts);
      }
    }
    // Those that do not answer at all need not be asked again.
    places = others;
  }
  throw new LoginFailure(attempts);
}

/** A host that is there, and not of the kind that is wanted. */
class OtherKind extends ConnectionEnded {
  constructor(kind: TargetKind, isStandby: boolean) {
    const found = isStandby ? "a standby" : "a primary";
    super("OTHER_KIND", `it is ${found}, and target_session_attrs=${kind} is wanted`);
  }
}

interface PlaceOptions extends OpenOptions {
  user: string;
  certificates: Certificates;
  kind: TargetKind;
  /** Gets where the password was from. */
  attempt: Attempt;
}

async function openPlace(place: Place, options: PlaceOptions): Promise<Session> {
  const { target, secrets, parameters, user, certificates, kind, attempt } = options;
  const findPassword = async () => {
    const found = await secrets.find(target, place);
    attempt.passwordFrom = found?.from ?? null;
    return found?.value ?? null;
  };
  // A command takes its own time, which is not the server's.
  const isEarly = target.password.kind === "command" || target.password.kind === "file";
  const early = isEarly ? await findPassword() : null;
  const late = new AbortController();
  const expire = () => late.abort(new ConnectionEnded("CONNECT_TIMEOUT", "no answer in time"));
  const timer = setTimeout(expire, target.connectTimeout_ms ?? options.timeout_ms);
  const address: Address = isFolder(place.host)
    ? { path: socketPath(place.host, place.port) }
    : { host: place.address ?? place.host!, port: place.port };
  const start = (tls: TlsPolicy | null) =>
    Session.start({
      address,
      tls,
      keepsAlive: target.keepsAlive,
      user,
      password: isEarly ? () => early : findPassword,
      database: target.database ?? user,
      channelBinding: target.channelBinding,
      loginWays: target.loginWays,
      parameters: {
        ...parameters,
        ...(target.applicationName === null ? {} : { application_name: target.applicationName }),
        ...(target.options === null ? {} : { options: target.options }),
      },
    }, late.signal);
  try {
    const [first, second] = policiesOf(place, target.tls, certificates);
    const session = await start(first!).catch((error) => {
      if (second === undefined || !isForOther(error, first!)) throw error;
      return start(second);
    });
    return await requireKind(session, kind, parameters, late.signal);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "28P01" || code === "28000") secrets.forget();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What to try, and after it what else: `prefer` and `allow` take either. */
function policiesOf(place: Place, tls: TlsSettings, certificates: Certificates): (TlsPolicy | null)[] {
  if (tls.mode === "disable" || isFolder(place.host)) return [null];
  const { host } = place;
  if (tls.mode === "verify-full" && host === null) {
    throw new ConnectionEnded(
      "CERT_UNTRUSTED",
      "sslmode=verify-full needs the name that the certificate is to be for: host beside hostaddr",
    );
  }
  const policy: TlsPolicy = {
    isRequired: tls.mode !== "prefer" && tls.mode !== "allow",
    isDirect: tls.isDirect,
    // An address has no server name (RFC 6066).
    serverName: tls.sendsName && host !== null && !isAddress(host) ? host : null,
    checkedHost: tls.mode === "verify-full" ? host : null,
    authorities: certificates.authorities,
    own: certificates.own,
    oldest: tls.oldest,
    newest: tls.newest,
  };
  if (tls.mode === "prefer") return [policy, null];
  return tls.mode === "allow" ? [null, policy] : [policy];
}

/** pg_hba.conf has no line for this login with TLS, or without it; or TLS itself did not come about. */
function isForOther(error: unknown, tried: TlsPolicy | null): boolean {
  if (error instanceof ServerError) return error.code === "28000";
  return tried !== null && error instanceof ConnectionEnded && /SSL|TLS/.test(error.code);
}

/** @throws {OtherKind} after the session was closed */
async function requireKind(
  session: Session,
  kind: TargetKind,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Session> {
  if (kind === "any") return session;
  const onAbort = () => session.destroy(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const { isStandby, isReadOnly } = await stateOf(session, parameters);
    const suits = {
      "read-write": !isReadOnly,
      "read-only": isReadOnly,
      "primary": !isStandby,
      "standby": isStandby,
      "prefer-standby": isStandby,
    };
    if (suits[kind]) return session;
    throw new OtherKind(kind, isStandby);
  } catch (error) {
    session.destroy(error);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** As the server reports it; a pooler that reports nothing is asked. */
async function stateOf(session: Session, parameters: Readonly<Record<string, string>>) {
  const standby = session.parameters.get("in_hot_standby");
  const readOnly = session.parameters.get("default_transaction_read_only");
  // Sessions that read are read-only because they asked for it, and say nothing of the server then.
  const isAsked = parameters.default_transaction_read_only === "on";
  if (standby !== undefined && (isAsked || readOnly !== undefined)) {
    const isStandby = standby === "on";
    return { isStandby, isReadOnly: isStandby || !isAsked && readOnly === "on" };
  }
  let answer: readonly (string | null)[] = [];
  await session.execute(stateQuestion, [], { onRow: (row) => void (answer = row) }, false).answer;
  const isStandby = answer[0] === "t";
  return { isStandby, isReadOnly: isStandby || !isAsked && answer[1] === "on" };
}

const stateQuestion =
  "select pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";

function isOfConnection(error: unknown): boolean {
  return error instanceof ConnectionEnded || error instanceof ServerError ||
    error instanceof Deno.errors.NotCapable || (error as Error | null)?.name === "ProtocolViolation";
}

/** A server that is starting or going down; another one may serve. */
const passing = new Set(["57P01", "57P02", "57P03"]);
const finalCodes = new Set([
  "NO_PASSWORD",
  "CHANNEL_BINDING",
  "SCRAM_REFUSED",
  "SERVER_UNPROVEN",
  "LOGIN_WAY",
]);

/** As libpq: a login that one host refuses is not tried at the next. */
function isFinal(error: unknown): boolean {
  if (error instanceof ServerError) return !passing.has(error.code);
  return error instanceof ConnectionEnded && finalCodes.has(error.code);
}

function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items];
  for (let end = mixed.length - 1; end > 0; end--) {
    const at = Math.floor(Math.random() * (end + 1));
    [mixed[end], mixed[at]] = [mixed[at]!, mixed[end]!];
  }
  return mixed;
}
