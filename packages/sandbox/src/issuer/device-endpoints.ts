import type { Runtime } from "@turnout/core";
import { z } from "zod";
import type { AccountBook } from "../accounts.ts";
import { parseJson } from "../json.ts";
import type { Minter } from "../minter.ts";
import { chosenAccount } from "./browser-endpoints.ts";
import { codexClientId } from "./clients.ts";
import { codeChallengeOf, type GrantBook } from "./grants.ts";
import { apiError, htmlAnswer, type IssuerAnswer, jsonAnswer } from "./issuer-answer.ts";
import { devicePage, messagePage } from "./pages.ts";

/** Milliseconds that a device code lives (codex.md 7.2). */
const lifetimeMs = 15 * 60_000;

/** Device codes that are remembered; the oldest go first. */
const maximumDevices = 1_000;

const scopes = ["openid", "profile", "email", "offline_access"];

const startSchema = z.looseObject({ client_id: z.literal(codexClientId) });
const pollSchema = z.looseObject({ device_auth_id: z.string(), user_code: z.string() });

interface Device {
  readonly id: string;
  readonly userCode: string;
  readonly expiresAt: number;
  state: "pending" | "denied" | { readonly accountId: string };
}

export interface DeviceEndpointOptions {
  readonly accounts: AccountBook;
  readonly grants: GrantBook;
  readonly minter: Minter;
  readonly runtime: Runtime;
  /** False: the workspace has device logins switched off. */
  readonly enabled: boolean;
  readonly intervalSeconds: number;
  issuer(): string;
}

/** The device login of Codex: its own protocol, not RFC 8628 (codex.md 7.2). */
export interface DeviceEndpoints {
  /** `POST /api/accounts/deviceauth/usercode` */
  start(text: string): IssuerAnswer;
  /** `POST /api/accounts/deviceauth/token` */
  poll(text: string): IssuerAnswer;
  /** `GET /codex/device` */
  page(): IssuerAnswer;
  /** `POST /codex/device`: the user typed a code and decided. */
  decide(form: URLSearchParams): IssuerAnswer;
}

/** Letters and digits that are not taken for one another. */
function userCodeOf(token: string): string {
  const letters = "BCDFGHJKLMNPQRSTVWXZ23456789";
  const digits = [...token.slice(0, 18).matchAll(/../g)].map(
    ([pair]) => letters[Number.parseInt(pair, 16) % letters.length],
  );
  return `${digits.slice(0, 4).join("")}-${digits.slice(4, 9).join("")}`;
}

export function createDeviceEndpoints(options: DeviceEndpointOptions): DeviceEndpoints {
  const { accounts, grants, minter, runtime } = options;
  const devices = new Map<string, Device>();

  function findByUserCode(text: string): Device | undefined {
    const wanted = text.trim().toUpperCase();
    return [...devices.values()].find(({ userCode, expiresAt }) => userCode === wanted && expiresAt > runtime.now());
  }

  return {
    start(text) {
      if (!options.enabled) return apiError(404, "not_found", "Device code login is not enabled for this workspace.");
      if (!startSchema.safeParse(parseJson(text)).success)
        return apiError(400, "invalid_request", "Unknown client_id.");
      const device: Device = {
        id: `deviceauth_${minter.token("device")}`,
        userCode: userCodeOf(minter.token("device")),
        expiresAt: runtime.now() + lifetimeMs,
        state: "pending",
      };
      devices.set(device.id, device);
      const oldest = devices.keys().next();
      if (devices.size > maximumDevices && oldest.done !== true) devices.delete(oldest.value);
      // The interval is a string, as in codex.md 7.2.
      const interval = String(options.intervalSeconds);
      return jsonAnswer(200, { device_auth_id: device.id, user_code: device.userCode, interval });
    },

    poll(text) {
      const parsed = pollSchema.safeParse(parseJson(text));
      const device = parsed.success ? devices.get(parsed.data.device_auth_id) : undefined;
      if (!parsed.success || device?.userCode !== parsed.data.user_code || device.expiresAt <= runtime.now()) {
        return apiError(404, "deviceauth_not_found", "This device code is not known.");
      }
      if (device.state === "denied") return apiError(400, "access_denied", "The user denied the request.");
      if (device.state === "pending") return apiError(403, "deviceauth_pending", "The user has not signed in yet.");
      devices.delete(device.id);
      const { accountId } = device.state;
      const codeVerifier = `${minter.token(accountId)}${minter.token(accountId)}${minter.token(accountId)}`;
      const codeChallenge = codeChallengeOf(codeVerifier);
      const redirectUri = `${options.issuer()}/deviceauth/callback`;
      const code = grants.grant(accountId, { clientId: codexClientId, redirectUri, codeChallenge, scopes });
      return jsonAnswer(200, {
        authorization_code: code,
        code_challenge: codeChallenge,
        code_verifier: codeVerifier,
      });
    },

    page: () => htmlAnswer(200, devicePage(accounts.list())),

    decide(form) {
      const device = findByUserCode(form.get("user_code") ?? "");
      if (device?.state !== "pending") {
        return htmlAnswer(400, devicePage(accounts.list(), "This code is not known, or it has expired."));
      }
      if (form.get("decision") !== "allow") {
        device.state = "denied";
        return htmlAnswer(200, messagePage("Denied", "The device will not be signed in."));
      }
      device.state = { accountId: chosenAccount(accounts, form) };
      return htmlAnswer(200, messagePage("Signed in", "You can go back to your device."));
    },
  };
}
