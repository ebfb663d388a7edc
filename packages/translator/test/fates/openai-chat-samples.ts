import type { JsonObject } from "@turnout/core";

// Bodies that hold every field of the format once. Fields that would spoil each other's proof stand in different bodies.

const user = { role: "user", content: "Hi" };
const model = "a-model";
const parameters = { type: "object", properties: { place: { type: "string" } }, required: ["place"] };
const lookUp = { type: "function", function: { name: "look_up", description: "Finds", parameters, strict: true } };

export const chatRequests: readonly JsonObject[] = [
  { model, messages: [user], stream: true, stream_options: { include_usage: true, include_obfuscation: false } },
  {
    model,
    messages: [
      { role: "system", content: "Be brief", name: "house" },
      { role: "user", content: "Hello there", name: "ann" },
      { role: "assistant", content: [{ type: "refusal", refusal: "I would rather not" }], name: "bot" },
      { role: "user", content: "Why" },
      { role: "assistant", content: null, refusal: "No means no", audio: { id: "audio_1" } },
      { role: "user", content: "Once more" },
    ],
  },
  {
    model,
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "Look at it", cache_control: { type: "ephemeral", ttl: "1h" } },
          { type: "text", text: "And this", prompt_cache_breakpoint: { mode: "explicit" } },
          { type: "image_url", image_url: { url: "https://a.example/cat.png", detail: "low" } },
          { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0K", detail: "high" } },
        ],
      },
    ],
  },
  {
    model,
    messages: [
      {
        role: "user",
        content: [
          { type: "file", file: { file_data: "data:application/pdf;base64,JVBERi0x", filename: "paper.pdf" } },
          { type: "text", text: "Read it" },
        ],
      },
    ],
  },
  { model, messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-abc" } }] }] },
  {
    model,
    messages: [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "UklGRg", format: "wav" } }] }],
  },
  {
    model,
    messages: [
      user,
      {
        role: "assistant",
        content: "Let me look",
        reasoning_content: "They want to know",
        tool_calls: [
          {
            id: "call_one",
            type: "function",
            function: { name: "look_up", arguments: '{"place":"Rome"}' },
            extra_content: { google: { thought_signature: "c2lnbmVk" } },
          },
        ],
      },
      { role: "tool", tool_call_id: "call_one", content: "Sunny" },
      user,
    ],
    tools: [lookUp],
  },
  {
    model,
    messages: [
      user,
      {
        role: "assistant",
        tool_calls: [{ id: "call_two", type: "custom", custom: { name: "sql", input: "select 1" } }],
      },
      { role: "tool", tool_call_id: "call_two", content: "1" },
      { role: "assistant", tool_calls: [{ id: "call_three", type: "custom", name: "flat", input: "raw text" }] },
      { role: "tool", tool_call_id: "call_three", content: "2" },
    ],
    tools: [
      {
        type: "custom",
        custom: {
          name: "sql",
          description: "Asks",
          format: { type: "grammar", grammar: { syntax: "regex", definition: "select .*" } },
        },
      },
      {
        type: "custom",
        name: "flat",
        description: "Flatly",
        format: { type: "grammar", syntax: "lark", definition: "x" },
      },
    ],
  },
  {
    model,
    messages: [
      user,
      { role: "assistant", content: null, function_call: { name: "old_one", arguments: '{"place":"Oslo"}' } },
      { role: "function", name: "old_one", content: "Rain" },
    ],
    functions: [{ name: "old_one", description: "Older", parameters, strict: true }],
    function_call: { name: "old_one" },
  },
  { model, messages: [user], tools: [lookUp], tool_choice: "required", parallel_tool_calls: false },
  { model, messages: [user], tools: [lookUp], tool_choice: { type: "function", function: { name: "look_up" } } },
  {
    model,
    messages: [user],
    tools: [{ type: "custom", custom: { name: "sql" } }],
    tool_choice: { type: "custom", custom: { name: "sql" } },
  },
  {
    model,
    messages: [user],
    tools: [{ type: "custom", name: "flat" }],
    tool_choice: { type: "custom", name: "flat" },
  },
  {
    model,
    messages: [user],
    tools: [lookUp, { type: "function", function: { name: "other" } }],
    tool_choice: {
      type: "allowed_tools",
      allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "look_up" } }] },
    },
  },
  {
    model,
    messages: [user],
    tools: [lookUp],
    web_search_options: {
      search_context_size: "low",
      user_location: { type: "approximate", approximate: { country: "NO" } },
    },
  },
  {
    model,
    messages: [user],
    response_format: {
      type: "json_schema",
      json_schema: { name: "weather", description: "As told", strict: true, schema: parameters },
    },
  },
  { model, messages: [user], reasoning_effort: "low" },
  { model, messages: [user], reasoning: { effort: "low" } },
  { model, messages: [user], reasoning: { effort: "high", max_tokens: 5000 } },
  { model, messages: [user], max_completion_tokens: 123 },
  { model, messages: [user], max_tokens: 124 },
  { model, messages: [user], temperature: 0.5, seed: 11, presence_penalty: 0.25, frequency_penalty: 0.75 },
  { model, messages: [user], top_p: 0.97 },
  { model, messages: [user], top_k: 33 },
  { model, messages: [user], stop: ["halt"], logit_bias: { "50256": -100 } },
  { model, messages: [user], logprobs: true, top_logprobs: 4 },
  { model, messages: [user], n: 2 },
  { model, messages: [user], service_tier: "priority", verbosity: "low", prompt_cache_key: "session-1" },
  { model, messages: [user], safety_identifier: "user-1", metadata: { ticket: "T-1" }, store: true },
  { model, messages: [user], user: "user-2" },
  {
    model,
    messages: [user],
    modalities: ["text"],
    audio: { voice: "alloy", format: "wav" },
    prediction: { type: "content", content: "Perhaps" },
    moderation: { model: "omni" },
    prompt_cache_options: { mode: "auto" },
    prompt_cache_retention: "24h",
  },
];

export const chatAnswers: readonly JsonObject[] = [
  {
    id: "chatcmpl-abc",
    object: "chat.completion",
    created: 1_700_000_001,
    model: "a-model",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hello there", reasoning_content: "They greet" },
        finish_reason: "length",
      },
    ],
    usage: {
      prompt_tokens: 107,
      completion_tokens: 53,
      total_tokens: 160,
      prompt_tokens_details: { cached_tokens: 31, cache_write_tokens: 17, audio_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 13, accepted_prediction_tokens: 3 },
    },
    service_tier: "priority",
    system_fingerprint: "fp_1",
  },
  {
    id: "chatcmpl-abd",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: "As told",
          annotations: [
            {
              type: "url_citation",
              url_citation: { url: "https://a.example/", title: "A source", start_index: 3, end_index: 7 },
            },
          ],
        },
        logprobs: { content: [{ token: "As", logprob: -0.5, bytes: [65, 115], top_logprobs: [] }] },
        finish_reason: "stop",
      },
    ],
  },
  {
    id: "chatcmpl-abe",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "call_one", type: "function", function: { name: "look_up", arguments: '{"place":"Rome"}' } },
            { id: "call_two", type: "custom", custom: { name: "sql", input: "select 1" } },
          ],
        },
        finish_reason: "tool_calls",
      },
    ],
  },
  {
    id: "chatcmpl-abf",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: null, refusal: "No means no", audio: { id: "audio_1", data: "UklGRg" } },
        finish_reason: "stop",
      },
    ],
  },
];
