import type { JsonObject } from "@turnout/core";

// Bodies that hold every field of the format once. Fields that would spoil each other's proof stand in different bodies.

const model = "a-search-model";
const user = { role: "user", content: "Hi" };
const base = { model, max_tokens: 9000, messages: [user] };
const schema = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
const mark = { type: "ephemeral", ttl: "1h" };
const lookUp = { name: "look_up", description: "Finds", input_schema: schema };

function content(...blocks: JsonObject[]): JsonObject {
  return { ...base, messages: [{ role: "user", content: blocks }] };
}

function history(call: JsonObject, result: JsonObject, ...thoughts: JsonObject[]): JsonObject {
  return {
    ...base,
    messages: [
      user,
      {
        role: "assistant",
        content: [...thoughts, { type: "tool_use", id: "toolu_two", name: "look_up", input: {}, ...call }],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_two", content: "Rain", ...result }] },
    ],
    tools: [lookUp],
  };
}

export const messagesRequests: readonly JsonObject[] = [
  { ...base, system: "Be brief", stream: true },
  { ...base, system: [{ type: "text", text: "Be very brief", cache_control: mark }], cache_control: mark },
  {
    ...base,
    messages: [
      { role: "user", content: "Hello there" },
      {
        role: "assistant",
        content: [{ type: "text", text: "Well", citations: [{ type: "char_location", cited_text: "W" }] }],
      },
      { role: "system", content: "From now on in verse" },
      user,
    ],
  },
  content(
    { type: "text", text: "Look at it", cache_control: mark },
    { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0K" }, cache_control: mark },
    { type: "image", source: { type: "url", url: "https://a.example/cat.png" } },
  ),
  content({ type: "image", source: { type: "file", file_id: "file_abc" } }),
  content({
    type: "document",
    source: { type: "base64", media_type: "application/pdf", data: "JVBERi0x" },
    title: "paper.pdf",
    context: "From the archive",
    citations: { enabled: true },
    cache_control: mark,
  }),
  content({ type: "document", source: { type: "url", url: "https://a.example/paper.pdf" } }),
  content({ type: "document", source: { type: "file", file_id: "file_abd" } }),
  content({ type: "document", source: { type: "text", media_type: "text/plain", data: "Once upon a time" } }),
  content({ type: "document", source: { type: "content", content: [{ type: "text", text: "In pieces" }] } }),
  content({
    type: "search_result",
    source: "https://a.example/found",
    title: "What was found",
    content: [{ type: "text", text: "A finding" }],
    citations: { enabled: true },
    cache_control: mark,
  }),
  {
    ...base,
    messages: [
      user,
      {
        role: "assistant",
        content: [
          {
            type: "tool_use",
            id: "toolu_one",
            name: "look_up",
            input: { place: "Rome" },
          },
        ],
      },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "toolu_one",
            content: "Sunny",
          },
        ],
      },
    ],
    tools: [lookUp],
  },
  {
    ...base,
    messages: [
      user,
      { role: "assistant", content: [{ type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }] },
      user,
    ],
  },
  {
    ...base,
    tools: [
      {
        ...lookUp,
        strict: true,
        cache_control: mark,
        defer_loading: true,
        eager_input_streaming: true,
        input_examples: [{ place: "Bern" }],
        allowed_callers: ["direct"],
      },
    ],
    tool_choice: { type: "any", disable_parallel_tool_use: true },
  },
  { ...base, tools: [lookUp], tool_choice: { type: "tool", name: "look_up" } },
  {
    ...base,
    tools: [
      lookUp,
      {
        type: "web_search_20250305",
        name: "web_search",
        max_uses: 3,
        allowed_domains: ["c.example"],
        user_location: { type: "approximate", country: "NO" },
      },
    ],
  },
  { ...base, tools: [lookUp, { type: "code_execution_20250825", name: "code_execution" }] },
  history({ caller: { type: "direct" } }, { is_error: true }),
  history(
    {},
    {},
    { type: "thinking", thinking: "They want to know", signature: "c2lnbmVk" },
    { type: "redacted_thinking", data: "aGlkZGVu" },
  ),
  { ...base, thinking: { type: "enabled", budget_tokens: 5000 } },
  { ...base, thinking: { type: "adaptive", display: "omitted" } },
  { ...base, output_config: { effort: "low", format: { type: "json_schema", schema } } },
  { ...base, output_format: { type: "json_schema", schema } },
  { ...base, temperature: 0.5 },
  { ...base, top_p: 0.97 },
  { ...base, top_k: 33 },
  { ...base, stop_sequences: ["halt"] },
  { ...base, metadata: { user_id: "user-1" } },
  { ...base, service_tier: "standard_only" },
  {
    ...base,
    container: "cntr_1",
    context_management: { edits: [{ type: "clear_tool_uses_20250919" }] },
    mcp_servers: [{ type: "url", url: "https://mcp.example/", name: "m" }],
    speed: "fast",
    inference_geo: "eu",
  },
];

const answer = { id: "msg_abc", type: "message", role: "assistant", model: "a-search-model", stop_sequence: null };

export const messagesAnswers: readonly JsonObject[] = [
  {
    ...answer,
    content: [
      { type: "thinking", thinking: "They greet", signature: "c2lnbmVk" },
      { type: "redacted_thinking", data: "aGlkZGVu" },
      {
        type: "text",
        text: "Hello there",
        citations: [
          {
            type: "web_search_result_location",
            url: "https://a.example/",
            title: "A source",
            cited_text: "Hello",
            encrypted_index: "aW5kZXg",
          },
        ],
      },
    ],
    stop_reason: "max_tokens",
    container: { id: "cntr_1" },
    context_management: { applied_edits: [{ type: "clear_tool_uses_20250919" }] },
    usage: {
      input_tokens: 59,
      cache_read_input_tokens: 31,
      cache_creation_input_tokens: 17,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 7 },
      output_tokens: 53,
      output_tokens_details: { thinking_tokens: 13 },
      server_tool_use: { web_search_requests: 2 },
      service_tier: "priority",
      inference_geo: "eu",
    },
  },
  {
    ...answer,
    content: [
      { type: "tool_use", id: "toolu_one", name: "look_up", input: { place: "Rome" }, caller: { type: "direct" } },
    ],
    stop_reason: "tool_use",
  },
  { ...answer, content: [{ type: "text", text: "Hello" }], stop_reason: "stop_sequence", stop_sequence: "halt" },
  {
    ...answer,
    content: [],
    stop_reason: "refusal",
    stop_details: { type: "refusal", category: "cyber", explanation: "No means no" },
  },
  {
    ...answer,
    content: [
      { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "weather" } },
      { type: "text", text: "Hello" },
    ],
    stop_reason: "end_turn",
  },
];
