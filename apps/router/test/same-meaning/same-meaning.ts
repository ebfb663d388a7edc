import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { type AnswerLedger, createCallNumbers, isReasoning, type Maker } from "./answer-ledger.ts";
import { canonicalItem, firstDifference, splitItem } from "./canonical-item.ts";

/** A request as the upstream understood it. */
export interface Understood {
  readonly accountId: string | undefined;
  /** As sent. */
  readonly body: JsonObject;
  /** The whole conversation, what the socket remembered included. */
  readonly input: readonly JsonObject[];
}

export interface SameMeaningOptions {
  readonly ledger: AnswerLedger;
  /**
   * The client speaks another format. Annotations and the borders between texts of one message are other ones there, and the
   * ids of calls may be: some formats have none, and each road makes up its own.
   */
  readonly isTranslated: boolean;
  /** The client named no conversation, and the router may have named it for the prompt cache. Default false. */
  readonly mayBeNamed?: boolean;
}

/**
 * Judges whether a request that continued a conversation means what the same request in full would have meant.
 *
 * The continued one may hold reasoning, its visible digest, the phase of a message and annotations, where the client did not bring them
 * back: exactly what this upstream gave at this place of this conversation, to this account and, for reasoning, by this model. Nothing else may differ.
 *
 * @returns The first difference as a path and a reason; undefined when there is none.
 */
export function sameMeaning(continued: Understood, full: Understood, options: SameMeaningOptions): string | undefined {
  return sameSettings(continued.body, full.body, options) ?? sameConversation(continued, full, options);
}

/** What continues a conversation, and what only a socket says (codex.md 4.2). */
const transportFields = new Set(["type", "input", "previous_response_id"]);
/** Keys of `client_metadata` that only travel over a socket (codex.md 3.6). */
const socketMetadata = new Set([
  "x-codex-turn-state",
  "x-codex-ws-stream-request-start-ms",
  "ws_request_header_traceparent",
  "ws_request_header_tracestate",
]);

function settingsOf(body: JsonObject): JsonObject {
  const fields: Record<string, JsonValue | undefined> = {};
  for (const [name, value] of Object.entries(body)) if (!transportFields.has(name)) fields[name] = value;
  // On a socket a stream is all there is.
  if (fields["stream"] === true) delete fields["stream"];
  const { client_metadata: metadata } = body;
  if (isJsonObject(metadata)) {
    const kept = Object.entries(metadata).filter(([name]) => !socketMetadata.has(name));
    if (kept.length > 0) fields["client_metadata"] = Object.fromEntries(kept);
    else delete fields["client_metadata"];
  }
  return fields;
}

function sameSettings(continued: JsonObject, full: JsonObject, options: SameMeaningOptions): string | undefined {
  const { prompt_cache_key: key, ...settings } = settingsOf(continued);
  const isNamed = options.mayBeNamed === true && full["prompt_cache_key"] === undefined;
  const path = firstDifference(isNamed ? settings : { ...settings, prompt_cache_key: key }, settingsOf(full));
  return path === undefined ? undefined : `${path}: the setting is another`;
}

function modelOf(body: JsonObject): string {
  return typeof body["model"] === "string" ? body["model"] : "";
}

/** Ids of calls on both roads: the same, or renamed one to one. */
function createCallPairs(renames: boolean): (left: JsonValue | undefined, right: JsonValue | undefined) => boolean {
  const rightOf = new Map<JsonValue | undefined, JsonValue | undefined>();
  const leftOf = new Map<JsonValue | undefined, JsonValue | undefined>();
  return (left, right) => {
    if (left === right && !renames) return true;
    if (!renames || typeof left !== typeof right) return false;
    if (!rightOf.has(left) && !leftOf.has(right)) {
      rightOf.set(left, right);
      leftOf.set(right, left);
    }
    return rightOf.get(left) === right && leftOf.get(right) === left;
  };
}

function sameConversation(continued: Understood, full: Understood, options: SameMeaningOptions): string | undefined {
  const { ledger } = options;
  const maker: Maker = { accountId: continued.accountId, model: modelOf(continued.body) };
  const isSameCall = createCallPairs(options.isTranslated);
  const number = createCallNumbers();
  let place = ledger.start;
  /** Thoughts before the next item, and whether the upstream has to have given them: the client did not bring them like this. */
  let thoughts: JsonObject[] = [];
  let needProof = false;
  let position = 0;
  // What the account cannot read may stay behind.
  const foreign = (item: JsonObject) => isReasoning(item) && ledger.isForeign(item, continued.accountId);
  const whole = full.input.filter((item) => !foreign(item));
  for (const [index, item] of continued.input.entries()) {
    if (foreign(item)) return `input[${index}]: reasoning of another account`;
    const other = whole[position];
    if (isReasoning(item)) {
      thoughts.push(item);
      if (other === undefined || !isReasoning(other)) {
        // From the full request it may be gone only because that went to an account that cannot read it.
        needProof ||= !ledger.isForeign(item, full.accountId);
        continue;
      }
      // The client brought it back, byte for byte; some formats lose how its visible digest was cut up.
      if (item["encrypted_content"] !== other["encrypted_content"]) {
        return `input[${index}].encrypted_content: other reasoning than the client's`;
      }
      if (firstDifference(canonicalItem(item), canonicalItem(other)) !== undefined) needProof = true;
      position += 1;
      continue;
    }
    if (other === undefined) return `input[${index}]: not in the full request`;
    if (isReasoning(other)) return `input[${index}]: reasoning of the client is missing before it`;
    const { meaning, beside } = splitItem(canonicalItem(item));
    const { meaning: otherMeaning, beside: otherBeside } = splitItem(canonicalItem(other));
    const path = firstDifference({ ...meaning, call_id: "" }, { ...otherMeaning, call_id: "" });
    if (path !== undefined) return `${at(index, path)}: another item`;
    if (!isSameCall(meaning["call_id"], otherMeaning["call_id"])) return `input[${index}].call_id: another call`;
    place = ledger.after(place, other, number(other));
    // What the client brought back is the same; what it did not, or cannot say as it was, is what was given.
    const said = options.isTranslated ? { ...beside, ...phaseOf(otherBeside) } : { ...beside, ...otherBeside };
    const lost = firstDifference(said, beside);
    if (lost !== undefined) return `${at(index, lost)}: not what the client brought back`;
    if (firstDifference(beside, otherBeside) !== undefined && !ledger.hasBeside(place, beside)) {
      return `input[${index}]: ${Object.keys(beside).join(", ")} that was not given here`;
    }
    if (needProof && !ledger.hasThought(place, thoughts, maker)) {
      return `input[${index - thoughts.length}]: reasoning that was not thought here`;
    }
    thoughts = [];
    needProof = false;
    position += 1;
  }
  if (thoughts.length > 0) return `input[${continued.input.length - 1}]: reasoning without what it led to`;
  if (position < whole.length) return `input[${continued.input.length}]: items of the full request are missing`;
  return undefined;
}

function phaseOf({ phase }: JsonObject): JsonObject {
  return phase === undefined ? {} : { phase };
}

function at(index: number, path: string): string {
  return path === "" || path.startsWith("[") ? `input[${index}]${path}` : `input[${index}].${path}`;
}
