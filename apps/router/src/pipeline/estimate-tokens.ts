import type { Block, ModelRequest } from "@turnout/core";
import { estimateTokenCount } from "tokenx";

/** What an image takes with the providers' usual sizes, in tokens; nobody tells exactly. */
const imageTokens = 1_000;

/** What a message takes beside its words, in tokens (OpenAI's published rule of thumb). */
const messageTokens = 4;

/**
 * About how many tokens a request takes, for upstreams that cannot be asked. Within some 20 % for English prose and code
 * (tokenx, measured 2026-11); images and files are rough guesses.
 */
export function estimateTokens(request: ModelRequest): number {
  const turns = request.turns.reduce((sum, turn) => sum + messageTokens + blocksTokens(turn.blocks), 0);
  const tools = request.tools.length === 0 ? 0 : estimateTokenCount(JSON.stringify(request.tools));
  return turns + tools;
}

function blocksTokens(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + blockTokens(block), 0);
}

function blockTokens(block: Block): number {
  switch (block.type) {
    case "text":
    case "refusal":
      return estimateTokenCount(block.text);
    case "reasoning":
      return block.parts.reduce((sum, part) => sum + estimateTokenCount(part.text), 0);
    case "tool-call":
      return estimateTokenCount(block.name) + estimateTokenCount(block.arguments);
    case "tool-result":
      return blocksTokens(block.content);
    case "image":
    case "file":
    case "audio":
      return imageTokens;
    case "opaque":
      return estimateTokenCount(JSON.stringify(block.value));
  }
}
