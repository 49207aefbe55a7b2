/**
 * The endpoint /mcp of Streamable HTTP, both protocol eras: from a request that has passed the guards to its
 * response.
 *
 * Requests that are right in every respect and that direct.ts knows are answered here. All others go to the
 * SDK, which is the reference for every protocol error: 2026-07-28 to its request handler, the versions
 * before to the session's transport, or without a session to its stateless fallback.
 */
import type { Log } from "../../log.ts";
import { type Caller, scopeMissing } from "../../tool/caller.ts";
import { abortReason, type RunningCalls } from "../call.ts";
import type { Era, McpApplication, RequestedCall } from "../model.ts";
import { DirectAnswers, envelopeOf, legacyVersions, modernVersion } from "../fast_path.ts";
import { type BodyLimits, BodyReader, CallExchanger } from "./exchange.ts";
import { errorResponse, jsonResponse } from "../json_response.ts";
import {
  asNotification,
  asRequest,
  cancelledId,
  errorCode,
  type JsonRpcNotification,
  type JsonRpcRequest,
  parseJson,
  readableId,
} from "../message.ts";
import type { Gate } from "../auth/gate.ts";
import { answerHeaders, authInfoOf, loadReference, type Reference, withAccept } from "../sdk.ts";
import { makeServer, sendListChanged } from "../sdk_server.ts";
import { ownerOf, Session, type SessionLimits, type SessionLink, SessionTable } from "./session.ts";
import { findHiddenCall, type HiddenCall, withoutHidden } from "../visible.ts";

export interface EndpointOptions extends BodyLimits, SessionLimits {
  log: Log;
  gate: Gate;
}

/** A request whose caller is known. */
interface Exchange {
  caller: Caller;
  completion: Completion;
}

/**
 * Of `Deno.serve`. Settles when the response has been sent or the client has gone; read only where needed, it
 * costs.
 */
interface Completion {
  readonly completed: Promise<void>;
}

export class HttpEndpoint {
  readonly #calls = new CallExchanger();
  readonly #bodies: BodyReader;
  readonly #application: McpApplication;
  readonly #options: EndpointOptions;
  readonly #log: Log;
  readonly #direct: DirectAnswers;
  readonly #sessions: SessionTable;
  readonly #endListening: () => void;
  readonly #endUpdates: (() => void) | undefined;
  #reference: Promise<Reference> | null = null;

  constructor(application: McpApplication, options: EndpointOptions) {
    this.#application = application;
    this.#options = options;
    this.#log = options.log;
    this.#bodies = new BodyReader(options);
    this.#direct = new DirectAnswers(application, options.log);
    this.#sessions = new SessionTable(options, options.log);
    this.#endListening = application.onCatalogChanged(() => {
      this.#sendListChanged().catch((error) => this.#log.warn("list_changed.unsent", { error }));
    });
    this.#endUpdates = application.onResourcesUpdated?.((uris) => {
      this.#sendUpdated(uris).catch((error) => this.#log.warn("updated.unsent", { error }));
    });
  }

  /** The tool calls under way. */
  get running(): RunningCalls {
    return this.#calls.running;
  }

  async handle(request: Request, caller: Caller, completion: Completion): Promise<Response> {
    const exchange: Exchange = { caller, completion };
    switch (request.method) {
      case "POST":
        return await this.#post(request, exchange);
      case "GET":
      case "DELETE":
        return await this.#sessionOperation(request, exchange);
      default:
        return methodNotAllowed("GET, POST, DELETE");
    }
  }

  /** Aborts what still runs, and ends all sessions and streams. */
  async close(): Promise<void> {
    this.#endListening();
    this.#endUpdates?.();
    this.#bodies.close();
    const reason = abortReason("stopping");
    this.running.abortAll(reason);
    await this.#sessions.closeAll(reason);
    if (this.#reference !== null) await (await this.#reference).modern.close();
  }

  async #post(request: Request, exchange: Exchange): Promise<Response> {
    const { headers } = request;
    if (!isJson(headers.get("content-type"))) {
      return errorResponse(
        415,
        errorCode.refused,
        "Unsupported Media Type: Content-Type must be application/json",
      );
    }
    const encoding = headers.get("content-encoding");
    if (encoding !== null && encoding.toLowerCase() !== "identity") {
      return errorResponse(
        415,
        errorCode.refused,
        `Unsupported Media Type: Content-Encoding ${encoding.slice(0, 40)}; send the body as it is`,
        { headers: { "accept-encoding": "identity" } },
      );
    }
    if (!acceptsAnswers(headers.get("accept"))) {
      return errorResponse(
        406,
        errorCode.refused,
        "Not Acceptable: the client must accept both application/json and text/event-stream",
      );
    }
    const body = await this.#bodies.read(request);
    if (typeof body !== "string") return body;
    const parsed = parseJson(body);
    if (!parsed.ok) return errorResponse(400, parsed.code, parsed.message, { id: parsed.id });
    const { value } = parsed;
    const { caller } = exchange;
    // Before anything reads the protocol's version, because it makes no difference; the call is judged once
    // more, by the same rule.
    const hidden = caller.scopes === "all" ? null : findHiddenCall(this.#application, value, caller);
    if (hidden !== null) return this.#refuse(request, hidden, caller);

    const message = asRequest(value);
    if (message !== null) {
      const envelope = envelopeOf(message);
      if (envelope === "none" && isLegacyVersion(headers)) {
        return await this.#legacyRequest(request, message, exchange);
      }
      if (envelope === "modern" && standardHeadersAgree(headers, message)) {
        return await this.#answer(message, "modern", null, caller) ??
          await this.#refer(request, value, exchange);
      }
      return await this.#refer(request, value, exchange);
    }
    const notification = asNotification(value);
    if (notification !== null && envelopeOf(notification) === "none" && isLegacyVersion(headers)) {
      return await this.#legacyNotification(request, notification, exchange);
    }
    return await this.#refer(request, value, exchange);
  }

  #refuse(request: Request, { message, tool }: HiddenCall, caller: Caller): Response {
    const error = scopeMissing(caller, tool);
    this.#log.info("auth.refused", { tool: tool.name, caller: caller.subject, found: error.details.missing });
    return this.#options.gate.refuse(request, error, { id: readableId(message) });
  }

  async #legacyRequest(
    request: Request,
    message: JsonRpcRequest,
    exchange: Exchange,
  ): Promise<Response> {
    const sessionId = request.headers.get("mcp-session-id");
    const { caller } = exchange;
    if (message.method === "initialize" && sessionId === null) {
      return this.#openSession(message, caller) ?? await this.#refer(request, message, exchange);
    }
    let session: Session | null = null;
    if (sessionId !== null) {
      session = this.#sessions.use(sessionId, ownerOf(caller));
      if (session === null) return sessionNotFound(message);
      if (session.calls.has(message.id)) {
        const text = "Invalid Request: the id is that of a running request of this session";
        return errorResponse(400, errorCode.invalidRequest, text, { id: message.id });
      }
    }
    // A second initialize in a session is the SDK's to refuse.
    if (message.method === "initialize") return await this.#refer(request, message, exchange);
    return await this.#answer(message, "legacy", session, caller) ??
      await this.#refer(request, message, exchange);
  }

  /** The direct answer, or null when there is none. */
  #answer(
    message: JsonRpcRequest,
    era: Era,
    session: Session | null,
    caller: Caller,
  ): Promise<Response> | Response | null {
    const call = this.#direct.callOf(message);
    if (call !== null) return this.#call(message, call, era, session, caller);
    const answer = this.#direct.answer(message, era, caller);
    return answer === null ? null : jsonResponse(answer);
  }

  #call(
    message: JsonRpcRequest,
    call: RequestedCall,
    era: Era,
    session: Session | null,
    caller: Caller,
  ): Promise<Response> {
    return this.#calls.run({
      call,
      caller,
      register: (controller) => {
        session?.calls.set(message.id, controller);
        return () => session?.calls.delete(message.id);
      },
      answer: (channel) => this.#direct.call(message, call, era, channel),
    });
  }

  #openSession(message: JsonRpcRequest, caller: Caller): Response | null {
    const answer = this.#direct.answer(message, "legacy", caller);
    if (answer === null) return null;
    const session = new Session(message, ownerOf(caller));
    if (!this.#sessions.add(session)) return tooManySessions(message);
    return jsonResponse(answer, 200, { "mcp-session-id": session.id });
  }

  async #legacyNotification(
    request: Request,
    notification: JsonRpcNotification,
    exchange: Exchange,
  ): Promise<Response> {
    const sessionId = request.headers.get("mcp-session-id");
    // Without a session there is no request of the same client that it could be about.
    if (sessionId === null) return accepted();
    const session = this.#sessions.use(sessionId, ownerOf(exchange.caller));
    if (session === null) return sessionNotFound(null);
    const id = notification.method === "notifications/cancelled" ? cancelledId(notification) : null;
    const controller = id === null ? undefined : session.calls.get(id);
    if (controller !== undefined) {
      controller.abort(abortReason("cancelled"));
      return accepted();
    }
    return session.link === null ? accepted() : await this.#refer(request, notification, exchange);
  }

  /** GET opens a session's event stream, DELETE ends the session. 2026-07-28 has neither. */
  async #sessionOperation(request: Request, exchange: Exchange): Promise<Response> {
    if (!isLegacyVersion(request.headers)) return methodNotAllowed("POST");
    const sessionId = request.headers.get("mcp-session-id");
    if (sessionId === null) {
      return errorResponse(400, errorCode.refused, "Bad Request: the header Mcp-Session-Id is required");
    }
    const session = this.#sessions.use(sessionId, ownerOf(exchange.caller));
    if (session === null) return sessionNotFound(null);
    if (request.method === "DELETE") {
      this.#sessions.delete(session);
      await session.close(abortReason("cancelled"));
      return new Response(null, { status: 200 });
    }
    return await this.#referToSession(request, undefined, session, exchange);
  }

  async #refer(request: Request, body: unknown, exchange: Exchange): Promise<Response> {
    const reference = await this.#loadReference();
    if (!await reference.isLegacyRequest(request, body)) {
      return await reference.modern.fetch(request, {
        parsedBody: withoutHidden(this.#application, body, exchange.caller),
        authInfo: authInfoOf(exchange.caller),
      });
    }
    const sessionId = request.headers.get("mcp-session-id");
    if (sessionId !== null) {
      const session = this.#sessions.use(sessionId, ownerOf(exchange.caller));
      return session === null
        ? sessionNotFound(body)
        : await this.#referToSession(request, body, session, exchange);
    }
    const legacyRequest = withAccept(request);
    if (asRequest(body)?.method !== "initialize") {
      return await reference.stateless(legacyRequest, {
        parsedBody: body,
        authInfo: authInfoOf(exchange.caller),
      });
    }
    const session = new Session(null, ownerOf(exchange.caller));
    const response = await this.#referToSession(legacyRequest, body, session, exchange);
    const { transport } = await this.#link(session, exchange.caller);
    if (transport.sessionId === undefined || this.#sessions.add(session)) return response;
    await session.close(abortReason("stopping"));
    return tooManySessions(body);
  }

  async #referToSession(
    request: Request,
    body: unknown,
    session: Session,
    exchange: Exchange,
  ): Promise<Response> {
    session.openExchanges++;
    const closed = () => {
      session.openExchanges--;
      session.lastUsed_ms = performance.now();
    };
    exchange.completion.completed.then(closed, closed);
    const { transport } = await this.#link(session, exchange.caller);
    return await transport.handleRequest(withAccept(request), {
      authInfo: authInfoOf(exchange.caller),
      ...(body === undefined ? {} : { parsedBody: body }),
    });
  }

  /** Gives the session its SDK side; one that was opened directly is told of its handshake first. */
  #link(session: Session, caller: Caller): Promise<SessionLink> {
    return session.link ??= (async () => {
      const reference = await this.#loadReference();
      const transport = reference.makeTransport(session);
      const server = await makeServer(this.#application, { log: this.#log, caller });
      await server.connect(transport);
      if (session.handshake !== null) {
        const handshake = new Request("http://localhost/mcp", { method: "POST", headers: answerHeaders });
        const response = await transport.handleRequest(handshake, {
          parsedBody: session.handshake,
          authInfo: authInfoOf(caller),
        });
        await response.text();
      }
      return { transport, server };
    })();
  }

  #loadReference(): Promise<Reference> {
    return this.#reference ??= loadReference(this.#application, this.#options);
  }

  /**
   * For the subscriptions of 2026-07-28; those of the versions before are with the servers of their sessions.
   */
  async #sendUpdated(uris: readonly string[]): Promise<void> {
    if (this.#reference === null) return;
    const { modern } = await this.#reference;
    for (const uri of uris) modern.notify.resourceUpdated(uri);
  }

  async #sendListChanged(): Promise<void> {
    if (this.#reference === null) return;
    const { modern } = await this.#reference;
    modern.notify.toolsChanged();
    modern.notify.resourcesChanged();
    const links = [...this.#sessions.all()].map((session) => session.link).filter((link) => link !== null);
    await Promise.all(links.map(async (link) => sendListChanged((await link).server)));
  }
}

function isLegacyVersion(headers: Headers): boolean {
  const version = headers.get("mcp-protocol-version");
  return version === null || legacyVersions.includes(version);
}

/** Whether the headers that 2026-07-28 requires are there and say what the body says, letter by letter. */
function standardHeadersAgree(headers: Headers, { method, params }: JsonRpcRequest): boolean {
  if (headers.get("mcp-protocol-version") !== modernVersion || headers.get("mcp-method") !== method) {
    return false;
  }
  return method !== "tools/call" || headers.get("mcp-name") === params?.name;
}

function isJson(contentType: string | null): boolean {
  if (contentType === null) return false;
  const end = contentType.indexOf(";");
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase() === "application/json";
}

/**
 * Both forms of an answer (RFC 9110, 12.5.1): ranges, any case, and none that the client weighs with zero.
 */
function acceptsAnswers(accept: string | null): boolean {
  if (accept === null || accept === bothForms) return true;
  const weights = new Map(
    accept.toLowerCase().split(",").map((range) => {
      const [name = "", ...parameters] = range.split(";").map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight)];
    }),
  );
  const accepts = (type: string) =>
    (weights.get(type) ?? weights.get(`${type.slice(0, type.indexOf("/"))}/*`) ?? weights.get("*/*") ?? 0) >
      0;
  return accepts("application/json") && accepts("text/event-stream");
}

/** What the official clients send. */
const bothForms = "application/json, text/event-stream";

function accepted(): Response {
  return new Response(null, { status: 202 });
}

function methodNotAllowed(allow: string): Response {
  return errorResponse(405, errorCode.refused, "Method not allowed", { headers: { allow } });
}

function sessionNotFound(message: unknown): Response {
  return errorResponse(404, errorCode.sessionNotFound, "Session not found: initialize again", {
    id: asRequest(message)?.id ?? null,
  });
}

function tooManySessions(message: unknown): Response {
  return errorResponse(503, errorCode.refused, "Cannot open a session: all of them are in use", {
    id: asRequest(message)?.id ?? null,
    headers: { "retry-after": "5" },
  });
}
