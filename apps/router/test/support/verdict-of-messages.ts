import { z } from "zod";
import { lie, type Verdict } from "./verdict-kinds.ts";

const eventSchema = z.looseObject({ type: z.string(), index: z.int().optional() });
const deltaSchema = z.object({ delta: z.object({ text: z.string().optional() }) });
const errorSchema = z.object({ error: z.object({ type: z.string(), message: z.string().min(1) }) });
const messageSchema = z.object({
  type: z.literal("message"),
  stop_reason: z.string(),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
});

export function messagesDocument(document: unknown): Verdict {
  const message = messageSchema.parse(document);
  return { kind: "answered", text: message.content.map((block) => block.text ?? "").join("") };
}

/** One `message_start`, blocks one after another with dense indexes, one `message_stop`; or one `error` as the last event. */
export function messagesStream(events: readonly string[]): Verdict {
  const parsed = events.map((data) => eventSchema.parse(JSON.parse(data))).filter((event) => event.type !== "ping");
  const types = parsed.map((event) => event.type);
  const count = (type: string) => types.filter((candidate) => candidate === type).length;
  if (types.length === 0) return lie("an empty stream");
  if (count("message_start") > 1) return lie("several starts");
  const order = blockOrder(parsed);
  if (order !== undefined) return lie(order);
  if (count("error") > 0) {
    if (count("error") > 1 || count("message_stop") > 0) return lie("an error and an end");
    if (types.at(-1) !== "error") return lie("something after the error");
    return { kind: "failed", status: 200, code: errorSchema.parse(parsed.at(-1)).error.type };
  }
  if (types[0] !== "message_start") return lie(`it begins with ${types[0]}`);
  if (count("message_stop") !== 1 || types.at(-1) !== "message_stop") return lie(`it ends with ${types.at(-1)}`);
  if (count("message_delta") !== 1) return lie(`${count("message_delta")} message_delta`);
  const deltas = parsed.filter((event) => event.type === "content_block_delta");
  return { kind: "answered", text: deltas.map((event) => deltaSchema.parse(event).delta.text ?? "").join("") };
}

function blockOrder(events: readonly z.output<typeof eventSchema>[]): string | undefined {
  let next = 0;
  let open: number | undefined;
  for (const { type, index } of events) {
    if (type === "content_block_start") {
      if (open !== undefined || index !== next) return `block ${index} starts while ${open ?? "none"} is open`;
      open = index;
      next += 1;
    }
    if (type === "content_block_delta" && index !== open) return `a delta of block ${index} while ${open} is open`;
    if (type === "content_block_stop") {
      if (index !== open) return `block ${index} stops while ${open} is open`;
      open = undefined;
    }
  }
  return undefined;
}
