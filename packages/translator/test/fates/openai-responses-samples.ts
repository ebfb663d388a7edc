import type { JsonObject } from "@turnout/core";

// Bodies that hold every field of the format once. Fields that would spoil each other's proof stand in different bodies.

const model = "a-search-model";
const user = { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] };
const input = [user];
const parameters = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
const lookUp = { type: "function", name: "look_up", description: "Finds", parameters, strict: true };

export const responsesRequests: readonly JsonObject[] = [
  { model, input, instructions: "Be brief", stream: true },
  { model, input: "Hello there" },
  {
    model,
    input: [
      {
        type: "message",
        id: "msg_one",
        role: "user",
        status: "completed",
        content: [
          { type: "input_text", text: "Look at it", prompt_cache_breakpoint: { mode: "explicit" } },
          { type: "input_image", image_url: "https://a.example/cat.png", detail: "low" },
          { type: "input_image", image_url: "data:image/png;base64,iVBORw0K", detail: "high" },
        ],
      },
      {
        type: "message",
        id: "msg_two",
        role: "assistant",
        status: "completed",
        phase: "commentary",
        content: [
          {
            type: "output_text",
            text: "I see",
            annotations: [
              { type: "url_citation", url: "https://b.example/", title: "B source", start_index: 0, end_index: 1 },
            ],
            logprobs: [{ token: "I", logprob: -0.5, bytes: [73], top_logprobs: [] }],
          },
          { type: "refusal", refusal: "I would rather not" },
        ],
      },
      user,
    ],
  },
  {
    model,
    input: [
      {
        role: "user",
        content: [{ type: "input_file", file_data: "data:application/pdf;base64,JVBERi0x", filename: "paper.pdf" }],
      },
    ],
  },
  { model, input: [{ role: "user", content: [{ type: "input_file", file_url: "https://a.example/paper.pdf" }] }] },
  { model, input: [{ role: "user", content: [{ type: "input_file", file_id: "file-abc" }] }] },
  { model, input: [{ role: "user", content: [{ type: "input_image", file_id: "file-abd" }] }] },
  {
    model,
    input: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "UklGRg", format: "wav" } }] }],
  },
  {
    model,
    input: [
      user,
      {
        type: "reasoning",
        id: "rs_one",
        summary: [{ type: "summary_text", text: "They want to know" }],
        content: [{ type: "reasoning_text", text: "The whole thought" }],
        encrypted_content: "gAAAAB",
      },
      {
        type: "function_call",
        id: "fc_one",
        status: "completed",
        call_id: "call_one",
        name: "look_up",
        namespace: "maps",
        arguments: '{"place":"Rome"}',
      },
      {
        type: "function_call_output",
        id: "fco_one",
        status: "completed",
        call_id: "call_one",
        output: "Sunny",
      },
      {
        type: "custom_tool_call",
        id: "ctc_one",
        call_id: "call_two",
        name: "sql",
        namespace: "maps",
        input: "select 1",
      },
      { type: "custom_tool_call_output", call_id: "call_two", output: [{ type: "input_text", text: "One row" }] },
    ],
    tools: [
      {
        type: "namespace",
        name: "maps",
        description: "Of the world",
        tools: [lookUp, { type: "custom", name: "sql", description: "Asks" }],
      },
    ],
  },
  { model, input: [user, { type: "item_reference", id: "msg_nine" }, user] },
  { model, input: [user, { type: "web_search_call", id: "ws_one", status: "completed" }, user] },
  {
    model,
    input,
    tools: [
      { ...lookUp, defer_loading: true, output_schema: { type: "string" }, allowed_callers: ["direct"] },
      {
        type: "custom",
        name: "sql",
        description: "Asks",
        format: { type: "grammar", syntax: "regex", definition: "select .*" },
      },
    ],
    tool_choice: "required",
    parallel_tool_calls: false,
    max_tool_calls: 3,
  },
  { model, input, tools: [lookUp], tool_choice: { type: "function", name: "look_up" } },
  {
    model,
    input,
    tools: [lookUp, { ...lookUp, name: "other" }],
    tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "look_up" }] },
  },
  {
    model,
    input,
    tools: [
      lookUp,
      {
        type: "web_search",
        search_context_size: "low",
        filters: { allowed_domains: ["c.example"] },
        user_location: { type: "approximate", country: "NO" },
      },
    ],
  },
  { model, input, tools: [lookUp, { type: "code_interpreter", container: { type: "auto" } }] },
  {
    model,
    input,
    text: {
      verbosity: "low",
      format: { type: "json_schema", name: "weather", description: "As told", strict: true, schema: parameters },
    },
  },
  { model, input, reasoning: { effort: "low", summary: "concise", context: "auto" } },
  { model, input, reasoning: { effort: "low", generate_summary: "detailed" } },
  { model, input, max_output_tokens: 123 },
  { model, input, temperature: 0.5 },
  { model, input, top_p: 0.97 },
  { model, input, top_logprobs: 4 },
  { model, input, include: ["message.output_text.logprobs"] },
  { model, input, include: ["reasoning.encrypted_content"] },
  { model, input, service_tier: "priority", prompt_cache_key: "session-1", safety_identifier: "user-1" },
  { model, input, user: "user-2", metadata: { ticket: "T-1" }, store: true },
  { model, input, previous_response_id: "resp_nine" },
  { model, input, conversation: { id: "conv_1" } },
  { model, input, prompt: { id: "pmpt_1" } },
  { model, input, background: true },
  {
    model,
    input,
    stream: true,
    stream_options: { include_obfuscation: false },
    truncation: "auto",
    context_management: [{ type: "compaction" }],
    moderation: { model: "omni" },
    prompt_cache_options: { mode: "auto" },
    prompt_cache_retention: "24h",
    client_metadata: { origin: "cli" },
  },
];

const answer = {
  id: "resp_abc",
  object: "response",
  created_at: 1_700_000_001,
  status: "completed",
  model: "a-search-model",
  incomplete_details: null,
};

export const responsesAnswers: readonly JsonObject[] = [
  {
    ...answer,
    status: "incomplete",
    incomplete_details: { reason: "content_filter" },
    completed_at: 1_700_000_009,
    instructions: "Be brief",
    temperature: 0.5,
    service_tier: "priority",
    output: [
      {
        type: "reasoning",
        id: "rs_one",
        summary: [{ type: "summary_text", text: "They greet" }],
        content: [{ type: "reasoning_text", text: "The whole thought" }],
        encrypted_content: "gAAAAB",
      },
      {
        type: "message",
        id: "msg_one",
        role: "assistant",
        status: "completed",
        phase: "final_answer",
        content: [
          {
            type: "output_text",
            text: "Hello there",
            annotations: [
              { type: "url_citation", url: "https://a.example/", title: "A source", start_index: 3, end_index: 7 },
            ],
            logprobs: [{ token: "He", logprob: -0.5, bytes: [72], top_logprobs: [] }],
          },
        ],
      },
    ],
    usage: {
      input_tokens: 107,
      input_tokens_details: { cached_tokens: 31, cache_write_tokens: 17 },
      output_tokens: 53,
      output_tokens_details: { reasoning_tokens: 13 },
      total_tokens: 160,
    },
  },
  {
    ...answer,
    output: [
      {
        type: "function_call",
        id: "fc_one",
        status: "completed",
        call_id: "call_one",
        name: "look_up",
        namespace: "maps",
        arguments: '{"place":"Rome"}',
      },
      {
        type: "custom_tool_call",
        id: "ctc_one",
        status: "completed",
        call_id: "call_two",
        name: "sql",
        input: "select 1",
      },
    ],
  },
  {
    ...answer,
    output: [
      {
        type: "message",
        id: "msg_one",
        role: "assistant",
        status: "completed",
        content: [{ type: "refusal", refusal: "No means no" }],
      },
    ],
  },
  {
    ...answer,
    output: [
      { type: "web_search_call", id: "ws_one", status: "completed", action: { type: "search", query: "weather" } },
      {
        type: "message",
        id: "msg_one",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Hello there", annotations: [] }],
      },
    ],
  },
];
