import { isSignature } from "../wire/signatures.ts";
import type { AnthropicRule } from "./rule.ts";
import { isResultTurn, readTurns, type Turn } from "./turns.ts";

/** What the signature of a thinking block is over. Hidden thinking has none of its text. */
export function thinkingContent(text: string): string {
  return `thinking:${text}`;
}

/** What the data of a redacted block is over. */
export const redactedContent = "redacted";

const signaturesAreOurs: AnthropicRule = ({ request, minter }) => {
  for (const { blocks } of readTurns(request.messages)) {
    for (const { block, place } of blocks) {
      if (block.type === "thinking" && !isSignature(minter, block.signature, [thinkingContent(block.thinking)])) {
        return `${place}: Invalid \`signature\` in \`thinking\` block`;
      }
      if (block.type === "redacted_thinking" && !isSignature(minter, block.data, [redactedContent])) {
        return `${place}: Invalid \`data\` in \`redacted_thinking\` block`;
      }
    }
  }
  return undefined;
};

/** The assistant turns since the last word of the user; the last one alone when it is the end. */
function turnsOfLoop(turns: readonly Turn[]): readonly Turn[] {
  const lastWord = turns.findLastIndex((turn) => turn.role === "user" && !isResultTurn(turn));
  return turns.slice(lastWord + 1).filter(({ role }) => role === "assistant");
}

const loopBeginsWithThinking: AnthropicRule = ({ request }) => {
  // Adaptive thinking may have skipped a turn.
  if (request.thinking?.type !== "enabled") return undefined;
  const last = turnsOfLoop(readTurns(request.messages)).at(-1);
  const first = last?.blocks[0];
  if (first === undefined || first.block.type === "thinking" || first.block.type === "redacted_thinking") {
    return undefined;
  }
  return (
    `${first.place}.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.block.type}\`. ` +
    "When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost " +
    "set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid " +
    "this requirement, disable `thinking`. Please consult our documentation at " +
    "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
  );
};

/** Thinking after a call that it led to is not where it was. */
const thinkingPrecedesCalls: AnthropicRule = ({ request }) => {
  for (const { index, blocks } of readTurns(request.messages)) {
    const call = blocks.findIndex(({ block }) => block.type === "tool_use");
    const late = call === -1 ? undefined : blocks.slice(call).find(({ block }) => block.type !== "tool_use");
    if (late !== undefined && (late.block.type === "thinking" || late.block.type === "redacted_thinking")) {
      return (
        `${late.place}: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message cannot be modified. ` +
        `These blocks must remain as they were in the original response (messages.${index}).`
      );
    }
  }
  return undefined;
};

export const thinkingRules: readonly AnthropicRule[] = [
  signaturesAreOurs,
  thinkingPrecedesCalls,
  loopBeginsWithThinking,
];
