import type { JsonObject, JsonValue } from "@turnout/core";
import { z } from "zod";
import { jsonCopy } from "./json.ts";
import type { Minter } from "./minter.ts";
import { findModel } from "./models.ts";
import { detailRefusal, unsupportedParameter, type Refusal } from "./refusal.ts";
import { itemType } from "./strict/input.ts";
import { inputItemSchema } from "./strict/request-schema.ts";

const compactRequestSchema = z.looseObject({ model: z.string(), input: z.array(inputItemSchema) });

const knownParameters = new Set([
  "model",
  "input",
  "instructions",
  "tools",
  "parallel_tool_calls",
  "reasoning",
  "text",
  "service_tier",
  "prompt_cache_key",
]);

const payloadLength = 200;

export type CompactResult =
  | { readonly ok: true; readonly body: JsonObject }
  | { readonly ok: false; readonly refusal: Refusal };

/** `POST /responses/compact`: the user's messages stay, everything else becomes one `compaction` item. */
export function compactDocument(body: JsonValue | undefined, accountId: string, minter: Minter): CompactResult {
  const parsed = compactRequestSchema.safeParse(body);
  if (!parsed.success) return { ok: false, refusal: detailRefusal(400, "Input must be a list") };
  const { model, input } = parsed.data;
  const unknown = Object.keys(parsed.data).find((name) => !knownParameters.has(name));
  if (unknown !== undefined) return { ok: false, refusal: unsupportedParameter(unknown) };
  if (findModel(model) === undefined) {
    const detail = `The '${model}' model is not supported when using Codex with a ChatGPT account.`;
    return { ok: false, refusal: detailRefusal(400, detail) };
  }
  const token = minter.token(accountId);
  const kept = input.filter((item) => itemType(item) === "message" && item.role === "user");
  const output = kept.map(jsonCopy);
  output.push({
    id: `cmp_${token}`,
    type: "compaction",
    encrypted_content: minter.payload(token, "done", 0, payloadLength),
  });
  return { ok: true, body: { output } };
}
