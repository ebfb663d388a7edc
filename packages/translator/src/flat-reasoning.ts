import type { BlockOpening, StreamEvent } from "@turnout/core";

import { createShownText, partSeparator, type ShownText } from "./payload-envelope.ts";

type ReasoningOpening = Extract<BlockOpening, { kind: "reasoning" }>;
type ReasoningDelta = Extract<StreamEvent, { type: "reasoning-delta" }>;

/** A block of reasoning, with what was shown of it. */
export interface OpenReasoning {
  readonly opening: ReasoningOpening;
  readonly shown: ShownText;
}

/** Reasoning on its way into a stream that has no blocks of it, only one text that grows. */
export interface FlatReasoning {
  open(block: number, opening: ReasoningOpening): void;
  /** The text to write: after a separator where it continues neither the block nor the part before it. Empty for nothing. */
  add(delta: ReasoningDelta): string;
  /** What comes next stands apart from what was written, and needs no separator. */
  breakOff(): void;
  /** Forgets the block. Undefined for a block of another kind. */
  close(block: number): OpenReasoning | undefined;
}

export function createFlatReasoning(): FlatReasoning {
  const blocks = new Map<number, OpenReasoning>();
  let last: { readonly block: number; readonly part: number } | undefined;

  return {
    open: (block, opening) => void blocks.set(block, { opening, shown: createShownText() }),
    add({ block, part, delta }) {
      if (delta === "") return "";
      const isNew = last !== undefined && (last.block !== block || last.part !== part);
      if (last === undefined || isNew) last = { block, part };
      blocks.get(block)?.shown.add(delta);
      return isNew ? partSeparator + delta : delta;
    },
    breakOff() {
      last = undefined;
    },
    close(block) {
      const closed = blocks.get(block);
      blocks.delete(block);
      return closed;
    },
  };
}
