/** A fault that users of other gateways reported. */
export interface ReportedBug {
  readonly number: `T${string}`;
  readonly symptom: string;
}

/** Reported faults that come from one part of a translation. */
export interface BugGroup {
  readonly title: string;
  /** Number of the first one; the others follow. */
  readonly first: number;
  readonly symptoms: readonly string[];
}

/** Numbers that no test carries, each with the reason. */
export const untested: Readonly<Record<string, string>> = {};

/** The test list of the translator, T01 to T120 (translation.md 7, August 2026), in our own words. */
export const bugGroups: readonly BugGroup[] = [
  {
    title: "Reasoning and its replay",
    first: 1,
    symptoms: [
      "Anthropic answers 400 after a tool call: the turn does not begin with its thoughts",
      "Thinking goes off although asked for, or 400 after switching it on in mid conversation",
      "400 for an invalid signature in the second turn, after a stream only",
      "Signed thoughts without text are lost, redacted ones too, or a signature sticks to its neighbour",
      "400 for a reasoning item without the item it led to, after an aborted turn",
      "The model begins to write thinking tags, or 400 for empty thoughts, after a change of model",
      "400 for a function call without its reasoning item, after a change of model at one provider",
      "400 for invalid encrypted content when thoughts are sent back",
      "A stream ends with `tool_use` and has nothing but an empty thought",
      "A client throws the turn away: thoughts without signature or in the wrong field",
      "Chunks of thoughts alone make no thinking block",
      "An error in the client when the model thinks twice",
      "Gemini 3 answers 400: a call has no thought signature",
      "The answer's text is shown as a thought",
      "Gemini's signatures are lost in whole answers and kept in streams",
      "Hidden thoughts come back as visible content",
      "DeepSeek and Kimi lose their thoughts between turns, or answer 400",
      "An adaptive effort always becomes `high`",
      "Thoughts are shown or hidden against the client's wish",
      "400 when thinking meets a forced tool",
      "400 because the budget for thoughts is above the limit of the answer",
      "400 for a temperature while thinking",
      "Gemini 3 gets a budget, Gemini 2.5 a level, or one of them both",
    ],
  },
  {
    title: "Tool definitions, schemas, names",
    first: 24,
    symptoms: [
      "Gemini refuses `additionalProperties` inside `anyOf`",
      "Gemini refuses `propertyNames`, `const`, `exclusiveMinimum`",
      "Gemini refuses tuples",
      "Anthropic refuses alternatives at the top of a schema",
      "A type that may be null becomes the text of a list",
      "Properties under `if`, `then` and `else` vanish",
      "Bare maps of properties and boolean `required` of MCP servers are refused",
      "The cleaner of schemas changes arguments in the history",
      "Fields of tools leak to upstreams that refuse them",
      "A changed tool name comes back as the client does not know it",
      "The wrong tool is called: two long names were cut to the same",
      "Tools are sent twice",
      "A custom tool is answered as a function, or the other way round",
      "The prompt cache is never hit: tools change their order",
      "Every Chat request with tools fails on Anthropic",
      "400 for `strict: null`, or for `strict` at all",
      "The built-in web search is removed or becomes a function",
      "400 for a tool choice without tools",
      "`none` as tool choice is ignored on Anthropic",
      "Calls come in parallel although that is switched off",
    ],
  },
  {
    title: "Calls, results and ids in a history",
    first: 44,
    symptoms: [
      "400 for a call id that is too long, and the session is dead",
      "400 for a tool call id of more than 40 characters",
      "Anthropic refuses characters in a tool use id",
      "An id is refused that ends with an underscore",
      "Two ids become one after cleaning",
      "A reasoning id is refused or not found when nothing is stored",
      "Calls of Gemini get other ids every time",
      "A result names no tool, or a piece of an id",
      "Text that begins like JSON is sent as JSON",
      "Only the first of several results arrives",
      "400 for calls without results directly after them",
      "Halves of pairs are left after a history was cut",
      "Two results for one call are refused",
      "Text after a call splits the turn",
      "Calls and results of Gemini are mixed",
      "An empty message stands before a call",
      "The text of a turn is lost or doubled when it has calls",
      "Anthropic refuses empty text",
      "An image in a tool result is sent as text",
      "An image in a tool result is dropped",
      "An image in a tool result stands outside it on Gemini",
      "A message with an image stands between two results",
      "The structured output of a custom tool is flattened",
      "Arguments that are no object become `{}`",
      "Missing arguments crash",
      "A PDF is dropped",
      "An image in Google's storage is dropped",
      "A system message in mid history is lost, or told as the model's words",
      "Developer messages are dropped, or refused by a vendor",
      "The system prompt is ignored because of its name in snake_case",
      "A started answer is refused by newer models",
    ],
  },
  {
    title: "Request parameters",
    first: 75,
    symptoms: [
      "The limit of the answer is lost",
      "The ChatGPT backend refuses parameters",
      "The ChatGPT backend misses `instructions`",
      "`stop` as a string is refused",
      "A schema is sent for plain JSON, or the format is lost",
      "`additionalProperties: false` is taken out of the schema of an answer",
      "`0`, `false` and empty text are dropped",
      "A cache mark on a plain string is ignored",
    ],
  },
  {
    title: "Streams",
    first: 83,
    symptoms: [
      "Parallel calls are merged into one with broken JSON",
      "The input of a tool is always `{}`",
      "Only the first of several calls in one chunk arrives",
      "A call starts without a name, or more than once",
      "A call is lost whose name never comes",
      "Arguments are doubled",
      "Arguments are missing that come at the end only",
      "The first and the second call have the same index",
      "Indexes of output items collide",
      "Deltas are lost when ids change",
      "No start of the message, or no role",
      "The agent stops although a tool was called",
      "`tool_calls` is overwritten by a later `stop`",
      "A cut answer is told as complete, half a call is executed",
      "A refusal looks like a normal end",
      "An unknown reason for the end is a crash",
      "Usage is null or zero",
      "Usage is missing that stands in the choice",
      "The end of a message is told twice or in the wrong order",
      "Events follow the end, or the end never comes",
      "A cut connection looks like success",
      "An empty answer has no end, or too much of one",
      "JSON errors and broken characters where the bytes were cut",
      "Strict clients crash: fields are missing",
      "The final event has no output",
      "Clients choke on the keep-alive",
      "An error inside a stream becomes silence or text",
      "The input of a tool comes in one burst after minutes",
      "Text, thoughts and calls stand in another order than in the stream",
      "A broken call spoils the whole answer",
    ],
  },
  {
    title: "Usage",
    first: 113,
    symptoms: [
      "Cached tokens are counted twice",
      "Cached tokens are billed as fresh ones",
      "Fresh tokens are negative",
      "Input becomes 0 at the end of a stream",
      "Counters of the cache are 0 for Anthropic clients of a Chat upstream",
      "Gemini's thoughts are counted as prompt",
      "Anthropic's thinking tokens are not told",
      "Results of the provider's own tools are missing in the answer",
    ],
  },
];

/** All reported faults, with their numbers. */
export const reportedBugs: readonly ReportedBug[] = bugGroups.flatMap(({ first, symptoms }) =>
  symptoms.map((symptom, index) => ({ number: `T${String(first + index).padStart(2, "0")}` as const, symptom })),
);
