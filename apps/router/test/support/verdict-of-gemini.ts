import { z } from "zod";
import { lie, type Verdict } from "./verdict-kinds.ts";

const chunkSchema = z.looseObject({
  candidates: z
    .array(
      z.looseObject({
        finishReason: z.string().optional(),
        content: z
          .looseObject({
            parts: z.array(z.looseObject({ text: z.string().optional(), thought: z.boolean().optional() })).optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  error: z.object({ code: z.int(), status: z.string(), message: z.string().min(1) }).optional(),
});

type Chunk = z.output<typeof chunkSchema>;

export function geminiDocument(document: unknown): Verdict {
  const chunk = chunkSchema.parse(document);
  if (finishesOf(chunk).length !== 1) return lie("no finish reason");
  return { kind: "answered", text: textOf(chunk) };
}

/** Chunks, of which the last has the one finish reason; or one error as the last. */
export function geminiStream(events: readonly string[]): Verdict {
  const chunks = events.map((data) => chunkSchema.parse(JSON.parse(data)));
  if (chunks.length === 0) return lie("an empty stream");
  const errors = chunks.flatMap((chunk) => chunk.error ?? []);
  const finishes = chunks.flatMap(finishesOf);
  if (errors.length > 0) {
    if (errors.length > 1 || finishes.length > 0) return lie("an error and an end");
    if (chunks.at(-1)?.error === undefined) return lie("something after the error");
    return { kind: "failed", status: 200, code: errors[0]?.status ?? null };
  }
  if (finishes.length !== 1) return lie(`${finishes.length} finish reasons`);
  const last = chunks.at(-1);
  if (last === undefined || finishesOf(last).length !== 1) return lie("something after the finish reason");
  return { kind: "answered", text: chunks.map(textOf).join("") };
}

function finishesOf(chunk: Chunk): string[] {
  return (chunk.candidates ?? []).flatMap((candidate) => candidate.finishReason ?? []);
}

function textOf(chunk: Chunk): string {
  const parts = chunk.candidates?.[0]?.content?.parts ?? [];
  return parts.map((part) => (part.thought === true ? "" : (part.text ?? ""))).join("");
}
