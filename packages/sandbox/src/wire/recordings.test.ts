import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { anthropicModels, geminiModels, openaiModels, type Sandbox } from "../index.ts";
import { findAnthropicModel } from "../anthropic/models.ts";
import { findGeminiModel } from "../gemini/models.ts";
import { findOpenaiModel } from "../openai/models.ts";
import { jsonValueSchema } from "../script/json-schema.ts";
import { textOf } from "../../test/harness.ts";
import { ask, startWithKey } from "../../test/wire-harness.ts";

const corpus = resolve(process.env.TURNOUT_CORPUS ?? join(import.meta.dirname, "../../../../../shared"), "fixtures");

const manifestSchema = z.array(
  z.looseObject({
    format: z.string(),
    exchanges: z.array(
      z.looseObject({ request: z.string().nullish(), url: z.string().nullish(), status: z.number().nullish() }),
    ),
  }),
);

interface Recorded {
  readonly format: string;
  readonly file: string;
  readonly path: string;
  readonly body: JsonObject;
}

/** Recordings of fields that need what a sandbox has not, or that another endpoint of the vendor takes. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/streamFunctionCallArguments|modelArmorConfig/, "Vertex only"],
  [/"cachedContent"/, "a cache that somebody made before"],
  [
    /"(previous_response_id|conversation|prompt)":|"item_reference"|"encrypted_content"/,
    "what the recorded account has stored, or was sent",
  ],
  [/"fileUri": ?"https:\/\/fastly/, "Vertex fetches public URLs"],
];

function parse(text: string): JsonValue | undefined {
  try {
    return jsonValueSchema.parse(JSON.parse(text));
  } catch {
    // Bodies of other kinds: multipart and the like.
    return undefined;
  }
}

function recordings(): Recorded[] {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(corpus, "manifest.json"), "utf8")));
  return manifest.flatMap(({ format, exchanges }) =>
    exchanges.flatMap(({ request, url, status }): Recorded[] => {
      if (typeof request !== "string" || typeof url !== "string" || status !== 200) return [];
      const body = parse(readFileSync(join(corpus, request), "utf8"));
      return isJsonObject(body)
        ? [{ format, file: request, path: new URL(url, "https://recorded.invalid").pathname, body }]
        : [];
    }),
  );
}

/** The recorded payloads were not made here; the rules about them have their own tests. */
function withoutSignatures(value: JsonValue, sentinel: string): JsonValue {
  if (Array.isArray(value)) {
    return value
      .filter((each) => !isJsonObject(each) || (each.type !== "thinking" && each.type !== "redacted_thinking"))
      .map((each) => withoutSignatures(each, sentinel));
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, each]): [string, JsonValue][] => {
    if (each === undefined) return [];
    if (key !== "thoughtSignature" && key !== "thought_signature") return [[key, withoutSignatures(each, sentinel)]];
    return sentinel === "" ? [] : [[key, sentinel]];
  });
  return Object.fromEntries(entries);
}

const betas =
  "context-management-2025-06-27,mcp-client-2025-11-20,interleaved-thinking-2025-05-14,code-execution-2025-08-25";

interface Target {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: JsonValue;
  readonly known: boolean;
}

function target(sandbox: Sandbox, apiKey: string, { format, path, body }: Recorded): Target {
  const model = textOf(body.model);
  switch (format) {
    case "anthropic-messages": {
      const stripped = withoutSignatures(body, "");
      // Without its thinking a tool loop of a budget model would be refused.
      const plain = isJsonObject(stripped) ? { ...stripped, thinking: undefined } : stripped;
      const same = JSON.stringify(stripped) === JSON.stringify(body);
      return {
        url: `${sandbox.anthropicBaseUrl}/v1/messages`,
        headers: { "x-api-key": apiKey, "anthropic-version": "2023-06-01", "anthropic-beta": betas },
        body: JSON.parse(JSON.stringify(same ? body : plain)),
        known: findAnthropicModel(model) !== undefined,
      };
    }
    case "gemini": {
      const method = path.split("/").at(-1) ?? "";
      const found = findGeminiModel(method.split(":")[0] ?? "");
      return {
        url: `${sandbox.url}/v1beta/models/${method}`,
        headers: { "x-goog-api-key": apiKey },
        body: withoutSignatures(body, found?.generation === 3 ? "skip_thought_signature_validator" : ""),
        known: found !== undefined,
      };
    }
    default:
      return {
        url: `${sandbox.openaiBaseUrl}/${format === "openai-responses" ? "responses" : "chat/completions"}`,
        headers: { authorization: `Bearer ${apiKey}` },
        body,
        known: findOpenaiModel(model) !== undefined,
      };
  }
}

describe.skipIf(!existsSync(corpus))("what a provider took, the sandbox takes", () => {
  test.each([
    ["openai-chat", /\/chat\/completions$/, 75],
    ["openai-responses", /\/responses$/, 60],
    ["anthropic-messages", /\/messages$/, 90],
    ["gemini", /:(stream)?[gG]enerateContent$/, 85],
  ] as const)("%s", { timeout: 60_000 }, async (format, path, least) => {
    const { sandbox, apiKey } = await startWithKey();
    const refused: string[] = [];
    let count = 0;
    for (const recorded of recordings()) {
      if (recorded.format !== format || !path.test(recorded.path)) continue;
      const { url, headers, body, known } = target(sandbox, apiKey, recorded);
      const text = JSON.stringify(body);
      if (!known || elsewhere.some(([pattern]) => pattern.test(text))) continue;
      count += 1;
      const answered = await ask(url, body, { headers });
      if (answered.status !== 200) refused.push(`${recorded.file}: ${answered.text.slice(0, 300)}`);
    }
    expect(refused).toEqual([]);
    expect(count).toBeGreaterThanOrEqual(least);
  });

  test("there are models of all three", () => {
    expect([anthropicModels.length, geminiModels.length, openaiModels.length].every((count) => count > 10)).toBe(true);
  });
});
