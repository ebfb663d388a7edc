import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import { errorCode } from "../library/files.ts";
import { callbackPage, callbackPageHeaders } from "./callback-page.ts";
import { shownText } from "./login-failure.ts";

export interface CallbackServerOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly path: string;
  readonly state: string;
  /**
   * Called once, with the query of the first visit that has the right state.
   *
   * @returns What came of it, for the page; an error is shown by its message.
   */
  onCallback(parameters: URLSearchParams): Promise<void>;
}

/** The page on loopback a browser login comes back to. */
export interface CallbackServer {
  readonly port: number;
  /** Lets answers under way end, then stops. */
  close(): Promise<void>;
}

/** Why nobody can listen there. */
export interface CallbackProblem {
  readonly problem: string;
}

/** Compares without telling by its time how much of it was right. */
export function isSameState(given: string | null, state: string): boolean {
  const left = Buffer.from(given ?? "");
  const right = Buffer.from(state);
  return left.length === right.length && timingSafeEqual(left, right);
}

function send(response: ServerResponse, status: number, title: string, text: string): void {
  response.writeHead(status, callbackPageHeaders);
  response.end(callbackPage(title, text));
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/**
 * Listens on 127.0.0.1 for the browser. A visit with another state is told so and changes nothing: any page can send a
 * browser here.
 */
export async function startCallbackServer(options: CallbackServerOptions): Promise<CallbackServer | CallbackProblem> {
  let outcome: Promise<void> | undefined;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { port } = request.socket.address() as { port?: number };
    const { host } = request.headers;
    // Another name means a page whose own name leads here (DNS rebinding).
    if (host !== `localhost:${port}` && host !== `127.0.0.1:${port}`) {
      send(response, 403, "Not here", "This address is for a login of turnout only.");
      return;
    }
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname !== options.path || request.method !== "GET") {
      send(response, 404, "Not found", "This address is for a login of turnout only.");
      return;
    }
    if (!isSameState(url.searchParams.get("state"), options.state)) {
      const error = url.searchParams.get("error");
      const told = error === null ? "" : ` The issuer says: ${shownText(error)}.`;
      send(response, 400, "Not this login", `This belongs to another login. Start again in the terminal.${told}`);
      return;
    }
    outcome ??= options.onCallback(url.searchParams);
    try {
      await outcome;
      send(response, 200, "Logged in", "You can close this page and go back to the terminal.");
    } catch (error) {
      send(response, 400, "Not logged in", error instanceof Error ? error.message : "The login failed.");
    }
  }

  /** Answers that are not out yet. */
  let open = 0;
  let closing = false;
  const server = createServer((request, response) => {
    open += 1;
    response.once("close", () => {
      open -= 1;
      if (closing && open === 0) server.closeAllConnections();
    });
    void answer(request, response);
  });
  try {
    const port = await listen(server, options.port);
    return {
      port,
      close: () =>
        new Promise((resolve) => {
          closing = true;
          server.close(() => resolve());
          // Browsers open connections beforehand, which would keep the server for a minute.
          if (open === 0) server.closeAllConnections();
        }),
    };
  } catch (error) {
    const code = errorCode(error) ?? "unknown failure";
    const reason = code === "EADDRINUSE" ? "another program uses it" : code;
    return { problem: `Cannot listen on port ${options.port}: ${reason}` };
  }
}
