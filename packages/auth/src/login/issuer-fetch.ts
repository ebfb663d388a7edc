import { fromNodeError, RouterError, type Runtime } from "@turnout/core";
import { type Dispatcher, ProxyAgent, request } from "undici";

/** Bodies of an issuer are small; what is longer is not one of its answers. */
const maxBodyBytes = 1024 * 1024;

export interface IssuerFetchOptions {
  readonly runtime: Runtime;
  /** Milliseconds until an answer must be complete. Default 30 000. */
  readonly timeoutMs?: number;
  /** HTTP proxy, `http://host:port`. */
  readonly proxyUrl?: string;
  /** Sent with every request, for example `user-agent`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What OAuth needs of HTTP. */
export interface IssuerRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One request to an issuer; redirects are not followed.
 *
 * @throws {RouterError} `upstream-unavailable` or `upstream-timeout`; the signal's reason when it is aborted.
 */
export type IssuerFetch = (url: string, options: IssuerRequest) => Promise<Response>;

async function readText(body: Dispatcher.ResponseData["body"], url: string): Promise<string> {
  const source: AsyncIterable<Uint8Array> = body;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > maxBodyBytes) {
      const message = `Cannot use the answer of ${url}: larger than ${maxBodyBytes} bytes`;
      throw new RouterError("upstream-malformed", message, { excerpt: "" });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function headersOf(headers: Dispatcher.ResponseData["headers"]): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((text): [string, string] => [name, text]),
  );
}

/** Requests over undici, with a deadline, in the form that OAuth libraries take. */
export function createIssuerFetch(options: IssuerFetchOptions): IssuerFetch {
  const { runtime, timeoutMs = 30_000, proxyUrl } = options;
  const dispatcher = proxyUrl === undefined ? undefined : new ProxyAgent(proxyUrl);
  return async (url, { method, headers, body, signal }) => {
    const place = url.replace(/\?.*$/u, "");
    const deadline = new AbortController();
    const timer = runtime.setTimer(timeoutMs, () => deadline.abort());
    try {
      const response = await request(url, {
        method: method === "GET" ? "GET" : "POST",
        headers: { ...headers, ...options.headers },
        body: body?.toString() ?? null,
        signal: signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal]),
        ...(dispatcher && { dispatcher }),
      });
      const text = await readText(response.body, place);
      const hasBody = response.statusCode !== 204 && response.statusCode !== 304;
      return new Response(hasBody ? text : null, { status: response.statusCode, headers: headersOf(response.headers) });
    } catch (error) {
      signal?.throwIfAborted();
      if (deadline.signal.aborted) {
        const message = `Cannot reach ${place}: no answer within ${timeoutMs} ms`;
        throw new RouterError("upstream-timeout", message, { timeoutMs, requestSent: true });
      }
      throw fromNodeError(error, `Cannot reach ${place}`, true);
    } finally {
      timer.cancel();
    }
  };
}
