import type { JsonObject, Runtime } from "@turnout/core";
import { z } from "zod";
import type { AccountBook } from "../accounts.ts";
import { cutConnection, edgePage } from "../http-stream.ts";
import { parseObject } from "../json.ts";
import type { Minter } from "../minter.ts";
import type { Exchange } from "../routes.ts";
import { createBrowserEndpoints } from "./browser-endpoints.ts";
import { createDeviceEndpoints } from "./device-endpoints.ts";
import { createGrantBook } from "./grants.ts";
import { htmlAnswer, type IssuerAnswer, jsonAnswer } from "./issuer-answer.ts";
import { createIssuerFaults, type IssuerFault, type IssuerScenario } from "./issuer-faults.ts";
import { answerTokenRequest, readFields } from "./token-endpoint.ts";

export interface IssuerOptions {
  readonly accounts: AccountBook;
  readonly minter: Minter;
  readonly runtime: Runtime;
  readonly deviceLogin: boolean;
  readonly deviceIntervalSeconds: number;
  issuer(): string;
}

/** The authorization server beside the backend: browser login, device login, tokens, revocation. */
export interface Issuer {
  /** Answers when the request is for the issuer; false when it is not. */
  answer(exchange: Exchange): boolean;
  /** Queues a disturbance. */
  script(scenario: IssuerScenario): void;
}

const revokeSchema = z.looseObject({ token: z.string().min(1) });

export function createIssuer(options: IssuerOptions): Issuer {
  const { accounts, minter, runtime } = options;
  const grants = createGrantBook(accounts, minter, runtime);
  const faults = createIssuerFaults();
  const browser = createBrowserEndpoints({ accounts, grants, minter });
  const device = createDeviceEndpoints({
    ...options,
    grants,
    enabled: options.deviceLogin,
    intervalSeconds: options.deviceIntervalSeconds,
  });

  function revoke({ record, text }: Exchange): IssuerAnswer {
    const parsed = revokeSchema.safeParse(readFields(record.headers["content-type"] ?? "", text));
    // An unknown token is no error (RFC 7009, section 2.2).
    if (parsed.success) accounts.revoke(parsed.data.token);
    return jsonAnswer(parsed.success ? 200 : 400, {});
  }

  const endpoints: Readonly<Record<string, (exchange: Exchange) => IssuerAnswer>> = {
    "GET /oauth/authorize": ({ url }) => browser.authorize(url.searchParams),
    "POST /oauth/authorize/consent": ({ text }) => browser.decide(new URLSearchParams(text)),
    "POST /oauth/token": ({ record, text }) =>
      answerTokenRequest(accounts, grants, record.headers["content-type"] ?? "", text),
    "POST /oauth/revoke": revoke,
    "POST /api/accounts/deviceauth/usercode": ({ text }) => device.start(text),
    "POST /api/accounts/deviceauth/token": ({ text }) => device.poll(text),
    "GET /codex/device": () => device.page(),
    "POST /codex/device": ({ text }) => device.decide(new URLSearchParams(text)),
  };

  function send(exchange: Exchange, { status, headers, body }: IssuerAnswer, faulted = false): void {
    const { record, response } = exchange;
    record.status = status;
    record.outcome = faulted ? "faulted" : status < 400 ? "completed" : "refused";
    response.writeHead(status, { "x-request-id": minter.uuid(), ...headers });
    response.end(body);
  }

  function disturb(exchange: Exchange, fault: IssuerFault, carryOut: () => IssuerAnswer): void {
    switch (fault.type) {
      case "http": {
        const { headers, ...rest } = jsonAnswer(fault.status, {});
        const body = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body);
        send(exchange, { ...rest, headers: { ...headers, ...fault.headers }, body }, true);
        return;
      }
      case "html":
        send(exchange, htmlAnswer(fault.status, edgePage), true);
        return;
      case "hang":
        exchange.record.outcome = "faulted";
        return;
      case "cut":
        if (fault.when === "after") carryOut();
        cutConnection(exchange, { how: "reset", partial: Buffer.alloc(0), silent: true });
        return;
      case "slow": {
        const answer = carryOut();
        runtime.setTimer(fault.milliseconds, () => send(exchange, answer, true));
        return;
      }
      case "incomplete": {
        const answer = carryOut();
        const fields = Object.entries(parseObject(answer.body)).filter(([name]) => !fault.fields.includes(name));
        const body: JsonObject = Object.fromEntries(fields);
        send(exchange, { ...answer, body: JSON.stringify(body) }, true);
      }
    }
  }

  return {
    answer(exchange) {
      const { pathname } = exchange.url;
      const endpoint = endpoints[`${exchange.record.method} ${pathname}`];
      if (endpoint === undefined) return false;
      const fault = faults.take(pathname);
      if (fault === undefined) send(exchange, endpoint(exchange));
      else disturb(exchange, fault, () => endpoint(exchange));
      return true;
    },
    script: faults.add,
  };
}

/** Requests whose bodies hold secrets; they are not kept in the records. */
export function isIssuerPath(path: string): boolean {
  return /^\/(oauth|api\/accounts|codex\/device)/.test(path);
}
