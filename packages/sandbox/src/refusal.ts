import type { JsonObject } from "@turnout/core";

/** What the sandbox answers instead of an answer: an HTTP status and body. */
export interface Refusal {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The plain shape of the ChatGPT backend: `{"detail": "…"}`. */
export function detailRefusal(status: number, detail: string): Refusal {
  return { status, body: { detail } };
}

/** How the backend names a parameter it does not take. */
export function unsupportedParameter(name: string): Refusal {
  return detailRefusal(400, `Unsupported parameter: ${name}`);
}

export interface ApiErrorFields {
  readonly message: string;
  /** Default `invalid_request_error`. */
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
}

/** OpenAI's shape: `{"error": {"type", "code", "message", "param"}}`. */
export function apiRefusal(status: number, fields: ApiErrorFields): Refusal {
  const { message, type = "invalid_request_error", code = null, param = null } = fields;
  return { status, body: { error: { message, type, code, param } } };
}

/** The same refusal as the `error` event of a socket: always with `status`, details under `error`. */
export function refusalEvent(refusal: Refusal): JsonObject {
  const { error, detail } = refusal.body;
  return {
    type: "error",
    status: refusal.status,
    error: error ?? { type: "invalid_request_error", code: null, message: detail ?? null, param: null },
    ...(refusal.headers === undefined ? {} : { headers: { ...refusal.headers } }),
  };
}
