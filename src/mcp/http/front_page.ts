/**
 * What a browser sees at `/`: what this is, how to connect to it, and whether it is well. It tells no tool
 * and no data.
 */

export interface FrontPage {
  /** The project's name. */
  title: string;
  version: string;
  /** Where clients reach the server, without `/mcp`. */
  origin: string;
  /** Requests need a token. */
  needsToken: boolean;
}

const styles = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
p.what { margin-top: .2rem; opacity: .75; }
code, pre { font: 14px/1.5 ui-monospace, monospace; }
pre { padding: .8rem 1rem; border: 1px solid #8886; border-radius: 6px; overflow-x: auto; }
a { color: inherit; }
`;

/** The page takes nothing from elsewhere and runs nothing. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

export function answerFrontPage(request: Request, page: FrontPage): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
  }
  return new Response(request.method === "HEAD" ? null : drawFrontPage(page), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": policy,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}

function drawFrontPage({ title, version, origin, needsToken }: FrontPage): string {
  const name = escapeHtml(title);
  const url = escapeHtml(`${origin}/mcp`);
  const config = escapeHtml(JSON.stringify({ mcpServers: { [title]: { url: `${origin}/mcp` } } }, null, 2));
  const token = needsToken
    ? `<p>Each request needs a bearer token. Where to get one is in
<a href="/.well-known/oauth-protected-resource/mcp">the resource's metadata</a>;
clients find it by themselves.</p>`
    : "";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${name}: an MCP server</title>
<style>${styles}</style>
<h1>${name}</h1>
<p class="what">An MCP server over PostgreSQL, made by sqlwright ${escapeHtml(version)}</p>
<p>This address is for programs: an agent's host connects to <code>${url}</code> and finds tools there.
A browser has nothing more to do here.</p>
<h2>Connect</h2>
${token}<p>Claude Code</p>
<pre>claude mcp add --transport http ${name} ${url}</pre>
<p>Cursor, and others that read <code>mcpServers</code></p>
<pre>${config}</pre>
<p>VS Code: “MCP: Add Server”, HTTP, <code>${url}</code></p>
<h2>Health</h2>
<p><a href="/health/live">/health/live</a>: the process answers.
<a href="/health/ready">/health/ready</a>: the database does too.</p>
</html>
`;
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
