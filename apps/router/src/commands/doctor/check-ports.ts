import { createServer } from "node:net";
import { createIssuerFetch } from "@turnout/auth";
import type { OAuthDeclaration, Runtime } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { z } from "zod";
import type { Config } from "../../config/config-schema.ts";
import { type Finding, note, ok, problem } from "./finding.ts";

/** Why nobody could listen there; undefined when somebody could. */
function whyTaken(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

const healthSchema = z.looseObject({ status: z.string() });

/** Whether what listens there is a turnout. */
async function isTurnout(host: string, port: number, runtime: Runtime): Promise<boolean> {
  const fetch = createIssuerFetch({ runtime, timeoutMs: 2_000 });
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  try {
    const answer = await fetch(`http://${name.includes(":") ? `[${name}]` : name}:${port}/health`, {
      method: "GET",
      headers: {},
    });
    return healthSchema.safeParse(JSON.parse(await answer.text())).success;
  } catch (error) {
    // Something that does not speak our language is no turnout.
    if (RouterError.is(error) || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Whether `turnout serve` could listen where the config says. */
export async function checkServerPort({ server }: Config, runtime: Runtime): Promise<readonly Finding[]> {
  const { host, port } = server;
  const where = `${host}:${port}`;
  if (port === 0) return [ok("port", "any free one")];
  const reason = await whyTaken(host, port);
  if (reason === undefined) return [ok("port", `${where} is free`)];
  if (reason !== "EADDRINUSE") {
    return [problem("port", `Cannot listen on ${where}: ${reason}`, "Set another `server.host` or `server.port`")];
  }
  if (await isTurnout(host, port, runtime)) return [ok("port", `turnout runs on ${where}`)];
  const advice = "Stop that program, set another `server.port`, or start with --port";
  return [problem("port", `${where} is taken by another program`, advice)];
}

/** Whether a browser could come back from a login. */
export async function checkCallbackPort(provider: string, oauth: OAuthDeclaration): Promise<readonly Finding[]> {
  const redirect = oauth.browser?.redirect;
  if (redirect === undefined || redirect.port === 0 || redirect.otherPorts === true) return [];
  const reason = await whyTaken("127.0.0.1", redirect.port);
  const check = `login ${provider}`;
  if (reason === undefined) return [ok(check, `port ${redirect.port}, where the browser comes back to, is free`)];
  const message = `port ${redirect.port}, where the browser comes back to, cannot be used: ${reason}`;
  return [note(check, message, "Stop what uses it, or log in with --device, or paste the address when asked")];
}
