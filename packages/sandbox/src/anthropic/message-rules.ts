import type { ContentBlock } from "./request-schema.ts";
import type { AnthropicRule } from "./rule.ts";
import { readTurns, type Turn } from "./turns.ts";

const rolesFitModel: AnthropicRule = ({ request, model }) => {
  if (model.systemTurns) return undefined;
  const index = request.messages.findIndex(({ role }) => role === "system");
  return index === -1
    ? undefined
    : `messages.${index}.role: Unexpected role "system". The Messages API accepts a top-level \`system\` parameter, ` +
        'not "system" as an input message role.';
};

const firstTurnIsTheUsers: AnthropicRule = ({ request }) =>
  readTurns(request.messages)[0]?.role === "user" ? undefined : 'messages: first message must use the "user" role';

const messagesHaveContent: AnthropicRule = ({ request }) => {
  const { messages } = request;
  const index = messages.findIndex(
    ({ role, content }, at) => content.length === 0 && !(role === "assistant" && at === messages.length - 1),
  );
  return index === -1
    ? undefined
    : `messages.${index}: all messages must have non-empty content except for the optional final assistant message`;
};

function textProblem(blocks: readonly ContentBlock[]): string | undefined {
  // Recorded with Haiku 4.5: a blank text beside a call passes.
  const mayBeBlank = blocks.some(({ type }) => type === "tool_use");
  for (const block of blocks) {
    if (block.type !== "text") continue;
    if (block.text === "") return "text content blocks must be non-empty";
    if (!mayBeBlank && block.text.trim() === "") return "text content blocks must contain non-whitespace text";
  }
  return undefined;
}

const textsAreNotEmpty: AnthropicRule = ({ request }) => {
  const system = textProblem(request.system ?? []);
  if (system !== undefined) return `system: ${system}`;
  for (const { content } of request.messages) {
    const problem = textProblem(content);
    if (problem !== undefined) return `messages: ${problem}`;
  }
  return undefined;
};

const blocksFitTheirRole: AnthropicRule = ({ request }) => {
  const ofAssistant = new Set(["tool_use", "thinking", "redacted_thinking", "server_tool_use", "mcp_tool_use"]);
  for (const { role, blocks } of readTurns(request.messages)) {
    for (const { block, place } of blocks) {
      if (role === "user" && ofAssistant.has(block.type)) {
        return `${place}: \`${block.type}\` blocks can only be in \`assistant\` messages`;
      }
      if (role === "assistant" && (block.type === "tool_result" || block.type === "image")) {
        return `${place}: \`${block.type}\` blocks can only be in \`user\` messages`;
      }
    }
  }
  return undefined;
};

const lastTurnCanBeContinued: AnthropicRule = ({ request, model }) => {
  const last = readTurns(request.messages).at(-1);
  if (last?.role !== "assistant") return undefined;
  // A turn that was paused in the middle of the server's own tools goes on.
  if (last.blocks.some(({ block }) => block.type === "server_tool_use")) return undefined;
  if (!model.prefill) {
    return "This model does not support assistant message prefill. The conversation must end with a user message.";
  }
  const end = last.blocks.at(-1)?.block;
  return end?.type === "text" && /\s$/.test(end.text)
    ? "messages: final assistant content cannot end with trailing whitespace"
    : undefined;
};

function callIds(turn: Turn | undefined): string[] {
  return (turn?.role === "assistant" ? turn.blocks : []).flatMap(({ block }) =>
    block.type === "tool_use" ? [block.id] : [],
  );
}

/** Results that stand at the head of a user turn; what comes after another block does not count. */
function leadingResults(turn: Turn | undefined): Set<string> {
  const ids = new Set<string>();
  for (const { block } of turn?.role === "user" ? turn.blocks : []) {
    if (block.type !== "tool_result") break;
    ids.add(block.tool_use_id);
  }
  return ids;
}

const callsHaveTheirResults: AnthropicRule = ({ request }) => {
  const turns = readTurns(request.messages);
  for (const [index, turn] of turns.entries()) {
    const results = leadingResults(turns[index + 1]);
    const missing = callIds(turn).filter((id) => !results.has(id));
    if (missing.length > 0) {
      return (
        `messages.${turn.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
        `${missing.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
      );
    }
  }
  return undefined;
};

const resultsHaveTheirCalls: AnthropicRule = ({ request }) => {
  const turns = readTurns(request.messages);
  for (const [index, turn] of turns.entries()) {
    const calls = new Set(callIds(turns[index - 1]));
    const seen = new Set<string>();
    for (const { block, place } of turn.blocks) {
      if (block.type !== "tool_result") continue;
      if (!calls.has(block.tool_use_id)) {
        return (
          `${place}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}. ` +
          "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
        );
      }
      if (seen.has(block.tool_use_id)) {
        return (
          `${place}: each tool_use must have a single result. ` +
          `Found multiple \`tool_result\` blocks with id: ${block.tool_use_id}`
        );
      }
      seen.add(block.tool_use_id);
    }
  }
  return undefined;
};

const callIdsAreUnique: AnthropicRule = ({ request }) => {
  const seen = new Set<string>();
  for (const { blocks } of readTurns(request.messages)) {
    for (const { block, place } of blocks) {
      if (block.type !== "tool_use") continue;
      if (seen.has(block.id)) return `${place}: \`tool_use\` ids must be unique`;
      seen.add(block.id);
    }
  }
  return undefined;
};

export const messageRules: readonly AnthropicRule[] = [
  rolesFitModel,
  firstTurnIsTheUsers,
  messagesHaveContent,
  textsAreNotEmpty,
  blocksFitTheirRole,
  callIdsAreUnique,
  resultsHaveTheirCalls,
  callsHaveTheirResults,
  lastTurnCanBeContinued,
];
