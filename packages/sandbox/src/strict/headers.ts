import { parseJson } from "../json.ts";
import { detailRefusal, type Refusal } from "../refusal.ts";
import type { Minter } from "../minter.ts";
import { checkIdentity } from "./identity.ts";
import { liteHeader } from "./lite.ts";
import type { HeaderMap, Rule } from "./rule.ts";

/** The second version of the socket protocol; the first was `2026-02-04`. */
const socketBeta = "responses_websockets=2026-02-06";

function isJson(text: string): boolean {
  return typeof parseJson(text) === "object";
}

function checkCommon(headers: HeaderMap, accountId: string, minter: Minter): Refusal | undefined {
  const claimed = headers["chatgpt-account-id"];
  if (claimed === undefined) return detailRefusal(403, "Missing required header: ChatGPT-Account-ID");
  if (claimed !== accountId) return detailRefusal(403, "ChatGPT-Account-ID does not match the access token");
  const turnState = headers["x-codex-turn-state"];
  if (turnState !== undefined && !isTurnState(turnState, accountId, minter)) {
    return detailRefusal(400, "Header x-codex-turn-state was not made for this account");
  }
  const metadata = headers["x-codex-turn-metadata"];
  // oxlint-disable-next-line no-control-regex -- ASCII is the very rule
  if (metadata !== undefined && (!/^[\x20-\x7e]*$/.test(metadata) || !isJson(metadata))) {
    return detailRefusal(400, "Header x-codex-turn-metadata must be JSON in ASCII");
  }
  return checkIdentity(headers);
}

/** A turn-state value that this sandbox made for the account. */
function isTurnState(value: string, accountId: string, minter: Minter): boolean {
  return value.startsWith("ts_") && minter.isToken(accountId, value.slice(3));
}

/** Headers of `POST /responses` and `/responses/compact` with a ChatGPT token. */
export function checkHttpHeaders(headers: HeaderMap, accountId: string, minter: Minter): Refusal | undefined {
  if (!/^application\/json\b/.test(headers["content-type"] ?? "")) {
    return detailRefusal(415, "Content-Type must be application/json");
  }
  const beta = headers["openai-beta"];
  // Older clients send `responses=experimental`; the beta of the sockets has no place here.
  if (beta !== undefined && beta !== "responses=experimental") {
    return detailRefusal(400, `Header OpenAI-Beta '${beta}' is not for HTTP`);
  }
  return checkCommon(headers, accountId, minter);
}

export function checkAccept(headers: HeaderMap): Refusal | undefined {
  const accept = headers.accept ?? "";
  return accept.includes("text/event-stream") ? undefined : detailRefusal(406, "Accept must be text/event-stream");
}

/** Headers of a handshake with a ChatGPT token. */
export function checkHandshakeHeaders(headers: HeaderMap, accountId: string, minter: Minter): Refusal | undefined {
  const beta = (headers["openai-beta"] ?? "").split(",").map((part) => part.trim());
  if (beta.length !== 1 || beta[0] !== socketBeta) {
    return detailRefusal(400, `Header OpenAI-Beta must be ${socketBeta}`);
  }
  if (headers[liteHeader] !== undefined) {
    return detailRefusal(400, "The Responses-Lite marker must be in client_metadata on a WebSocket");
  }
  return checkCommon(headers, accountId, minter);
}

const turnStateIsOurs: Rule = ({ request, accountId, minter }) => {
  const value = request.client_metadata?.["x-codex-turn-state"];
  return value === undefined || isTurnState(value, accountId, minter)
    ? undefined
    : detailRefusal(400, "client_metadata x-codex-turn-state was not made for this account");
};

export const metadataRules: readonly Rule[] = [turnStateIsOurs];
