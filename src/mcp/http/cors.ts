/**
 * Cross-origin requests of browsers (Fetch, "CORS protocol"), for the origins that are allowed and no other:
 * the answer to a preflight, and the headers without which a page may not read an answer.
 */

/** What a page may send beside the safelisted headers; those of MCP are the client's own and many. */
const requestHeaders = ["authorization", "content-type", "accept", "last-event-id"];
const exposedHeaders =
  "mcp-session-id, mcp-protocol-version, www-authenticate, retry-after, content-disposition";
const maxAge_s = "600";

/** The answer to a preflight. It comes before any token, which a preflight never has. */
export function answerPreflight(request: Request, origin: string): Response {
  const asked = (request.headers.get("access-control-request-headers") ?? "").split(",")
    .map((name) => name.trim().toLowerCase());
  const own = asked.filter((name) => /^(?:x-)?mcp-[a-z0-9-]{1,64}$/.test(name)).slice(0, 50);
  const isPrivate = request.headers.get("access-control-request-private-network") === "true";
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
      "access-control-allow-headers": [...requestHeaders, ...new Set(own)].join(", "),
      "access-control-max-age": maxAge_s,
      ...(isPrivate ? { "access-control-allow-private-network": "true" } : {}),
      vary: "origin, access-control-request-headers",
    },
  });
}

/** Lets a page of the origin read the answer. */
export function shareWith(origin: string, response: Response): Response {
  const shared = {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": exposedHeaders,
  };
  try {
    for (const [name, value] of Object.entries(shared)) response.headers.set(name, value);
    response.headers.append("vary", "origin");
    return response;
  } catch {
    // Headers of a response that was made elsewhere may be read only.
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(shared)) headers.set(name, value);
    headers.append("vary", "origin");
    return new Response(response.body, { status: response.status, headers });
  }
}
