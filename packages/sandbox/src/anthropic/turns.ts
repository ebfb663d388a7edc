import type { ContentBlock, Message } from "./request-schema.ts";

/** A block with its place in the request. */
export interface PlacedBlock {
  readonly block: ContentBlock;
  /** `messages.1.content.0` */
  readonly place: string;
}

/** Neighbours of one role are one turn: the server merges them. */
export interface Turn {
  readonly role: Message["role"];
  /** Index of its first message. */
  readonly index: number;
  readonly blocks: readonly PlacedBlock[];
}

/** System turns are left out: they stand between others without parting them. */
export function readTurns(messages: readonly Message[]): Turn[] {
  const turns: { role: Message["role"]; index: number; blocks: PlacedBlock[] }[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if (role === "system") continue;
    const blocks = content.map((block, at) => ({ block, place: `messages.${index}.content.${at}` }));
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else turns.push({ role, index, blocks });
  }
  return turns;
}

/** True for a user turn that only answers calls: it goes on with the assistant's turn. */
export function isResultTurn({ role, blocks }: Turn): boolean {
  return role === "user" && blocks.length > 0 && blocks[0]?.block.type === "tool_result";
}
