/** Answers of HTTP whose body is JSON. */

import { errorText, type RequestId } from "./message.ts";

export const jsonHeaders = { "content-type": "application/json" };

export function jsonResponse(text: string, status = 200, headers?: Record<string, string>): Response {
  return new Response(text, {
    status,
    headers: headers === undefined ? jsonHeaders : { ...jsonHeaders, ...headers },
  });
}

export function errorResponse(
  status: number,
  code: number,
  message: string,
  options: { id?: RequestId | null; headers?: Record<string, string> } = {},
): Response {
  return jsonResponse(errorText(options.id ?? null, code, message), status, options.headers);
}
