import { request } from "undici";
import { expect, test } from "vitest";
import { z } from "zod";
import { startTestRouter } from "./support/running-router.ts";

/** What the Codex CLI cannot do without (codex.md 8.6, clients.md, seen with 0.169); nullable where null was seen. */
const entrySchema = z.looseObject({
  slug: z.string().min(1),
  display_name: z.string().min(1),
  description: z.string().nullable(),
  default_reasoning_level: z.string().nullable(),
  supported_reasoning_levels: z.array(z.object({ effort: z.string(), description: z.string() })),
  shell_type: z.enum(["default", "local", "unified_exec", "disabled", "shell_command"]),
  visibility: z.enum(["list", "hide", "none"]),
  supported_in_api: z.boolean(),
  priority: z.int(),
  availability_nux: z.null(),
  upgrade: z.null(),
  base_instructions: z.string().min(1),
  supports_reasoning_summaries: z.boolean(),
  support_verbosity: z.boolean(),
  default_verbosity: z.null(),
  apply_patch_tool_type: z.enum(["freeform"]).nullable(),
  truncation_policy: z.object({ mode: z.enum(["bytes", "tokens"]), limit: z.int() }),
  supports_parallel_tool_calls: z.boolean(),
  experimental_supported_tools: z.array(z.string()),
  prefer_websockets: z.literal(true),
  use_responses_lite: z.boolean(),
  context_window: z.int().optional(),
  input_modalities: z.array(z.enum(["text", "image"])).optional(),
});
const answerSchema = z.object({
  object: z.literal("list"),
  data: z.array(z.looseObject({ id: z.string(), object: z.literal("model") })),
  models: z.array(entrySchema),
});

async function get(url: string, headers: Record<string, string> = {}) {
  const answer = await request(url, { headers });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text };
}

function startCatalogueRouter() {
  return startTestRouter({
    aliases: { fast: "codex/gpt-5.4-mini", thorough: "anthropic/claude-opus-5" },
    providers: (sandbox) => ({
      codex: { baseUrl: sandbox.codexBaseUrl, accounts: [{ accessToken: "a", accountId: "b" }], models: ["gpt-new"] },
      anthropic: { accounts: [{ apiKey: "key-of-one" }] },
      openai: { accounts: [] },
    }),
  });
}

test.each([
  "/v1/models?client_version=0.169.0",
  "/backend-api/codex/models?client_version=0.169.0",
  "/codex/models",
  "/v1/codex/models",
])("GET %s gives the Codex CLI every field it cannot do without, beside OpenAI's list", async (path) => {
  const router = await startCatalogueRouter();
  const answer = await get(router.url + path);
  expect(answer.status).toBe(200);
  const { data, models } = answerSchema.parse(JSON.parse(answer.text));
  const shown = models.filter(({ visibility }) => visibility === "list");
  expect(shown.map(({ slug }) => slug)).toEqual(data.map(({ id }) => id));
  expect(new Set(models.map(({ slug }) => slug)).size).toBe(models.length);
  expect(new Set(models.map(({ priority }) => priority)).size).toBe(models.length);
});

test("the catalogue has qualified names and aliases to show, and knows bare and hidden ones", async () => {
  const router = await startCatalogueRouter();
  const { models } = answerSchema.parse(JSON.parse((await get(`${router.url}/codex/models`)).text));
  const bySlug = new Map(models.map((entry) => [entry.slug, entry]));
  expect(bySlug.get("codex/gpt-5.4")).toMatchObject({ visibility: "list", context_window: 272_000 });
  expect(bySlug.get("fast")).toMatchObject({ visibility: "list", default_reasoning_level: "medium" });
  expect(bySlug.get("gpt-5.4")).toMatchObject({ visibility: "hide" });
  expect(bySlug.get("codex/codex-auto-review")).toMatchObject({ visibility: "hide" });
  expect(bySlug.get("codex-auto-review")).toMatchObject({ visibility: "hide" });
  // Nobody can be asked for these: the provider has no account.
  expect(models.filter(({ slug }) => slug.startsWith("openai/"))).toEqual([]);
});

test("a bare name that two providers have stands in the catalogue once, as the model it leads to", async () => {
  const router = await startTestRouter({
    providers: (sandbox) => ({
      codex: { baseUrl: sandbox.codexBaseUrl, accounts: [{ accessToken: "a", accountId: "b" }] },
      openai: { accounts: [{ apiKey: "key-of-one" }], models: ["gpt-5.4"] },
    }),
  });
  const { models } = answerSchema.parse(JSON.parse((await get(`${router.url}/codex/models`)).text));
  const bare = models.filter(({ slug }) => slug === "gpt-5.4");
  expect(bare.map(({ description }) => description)).toEqual(["gpt-5.4 of codex, by turnout."]);
  expect(models.map(({ slug }) => slug)).toContain("openai/gpt-5.4");
});

test("the catalogue tells what a model takes: the lite form for those made for it, little for those of other formats", async () => {
  const router = await startCatalogueRouter();
  const { models } = answerSchema.parse(JSON.parse((await get(`${router.url}/codex/models`)).text));
  const entry = (slug: string) => models.find((candidate) => candidate.slug === slug);
  expect(entry("codex/gpt-5.6-sol")).toMatchObject({
    use_responses_lite: true,
    tool_mode: "code_mode_only",
    supports_parallel_tool_calls: false,
    service_tiers: [{ id: "priority" }],
  });
  expect(entry("codex/gpt-5.4")).toMatchObject({ use_responses_lite: false, apply_patch_tool_type: "freeform" });
  expect(entry("codex/gpt-5.4")).not.toHaveProperty("tool_mode");
  expect(entry("thorough")).toMatchObject({
    use_responses_lite: false,
    apply_patch_tool_type: null,
    support_verbosity: false,
  });
  // Nothing is known of it, and nothing is claimed.
  expect(entry("codex/gpt-new")).toMatchObject({ supported_reasoning_levels: [], supports_reasoning_summaries: false });
  expect(entry("codex/gpt-new")).not.toHaveProperty("context_window");
});

test("other clients' lists are as they were", async () => {
  const router = await startCatalogueRouter();
  const plain = JSON.parse((await get(`${router.url}/v1/models`)).text);
  expect(Object.keys(plain)).toEqual(["object", "data"]);
  const version = "/v1/models?client_version=1";
  const anthropic = JSON.parse((await get(router.url + version, { "anthropic-version": "2023-06-01" })).text);
  expect(anthropic).toHaveProperty("has_more", false);
  const google = JSON.parse((await get(router.url + version, { "x-goog-api-key": "x" })).text);
  expect(google.models[0]).toHaveProperty("supportedGenerationMethods");
});

test.each(["/v1/models", "/v1beta/models", "/backend-api/codex/models"])(
  "GET %s is not sent twice to who has it",
  async (path) => {
    const router = await startCatalogueRouter();
    const url = router.url + path;
    const etag = String((await get(url)).headers["etag"]);
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      expect(await get(url, { "if-none-match": known })).toMatchObject({ status: 304, text: "", headers: { etag } });
    }
    expect(await get(url, { "if-none-match": '"other"' })).toMatchObject({ status: 200 });
  },
);

test.each(["/backend-api/wham/usage", "/wham/usage", "/api/codex/usage", "/backend-api/codex/alpha/search"])(
  "GET %s is told quickly that there is no such thing",
  async (path) => {
    const router = await startCatalogueRouter();
    const { status, text } = await get(router.url + path);
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({ error: { message: `There is no GET ${path}` } });
  },
);
