import type { Block, ModelResponse, StreamEvent } from "@turnout/core";

function unfoldBlock(block: Block, number: number, out: StreamEvent[]): void {
  const extras = block.extras !== undefined && { extras: block.extras };
  const stop = { type: "block-stop", block: number, ...extras } as const;
  switch (block.type) {
    case "text":
      out.push({ type: "block-start", block: number, opening: { kind: "text" } });
      if (block.text !== "") out.push({ type: "text-delta", block: number, delta: block.text });
      for (const citation of block.citations ?? []) out.push({ type: "citation", block: number, citation });
      out.push(stop);
      break;
    case "refusal":
      out.push({ type: "block-start", block: number, opening: { kind: "refusal" } });
      if (block.text !== "") out.push({ type: "refusal-delta", block: number, delta: block.text });
      out.push(stop);
      break;
    case "reasoning": {
      const { itemId, payload, provenance, redacted } = block;
      out.push({
        type: "block-start",
        block: number,
        opening: {
          kind: "reasoning",
          ...(itemId !== undefined && { itemId }),
          ...(redacted === true && { redacted }),
        },
      });
      for (const [part, { form, text }] of block.parts.entries()) {
        out.push({ type: "reasoning-delta", block: number, part, form, delta: text });
      }
      out.push({
        ...stop,
        ...(payload !== undefined && { payload }),
        ...(provenance !== undefined && { provenance }),
      });
      break;
    }
    case "tool-call": {
      const { callId, itemId, name, namespace, kind, payload } = block;
      out.push({
        type: "block-start",
        block: number,
        opening: {
          kind: "tool-call",
          callId,
          ...(itemId !== undefined && { itemId }),
          name,
          ...(namespace !== undefined && { namespace }),
          toolKind: kind,
        },
      });
      if (block.arguments !== "") {
        out.push({ type: "tool-call-delta", block: number, argumentsDelta: block.arguments });
      }
      out.push({
        ...stop,
        ...(payload !== undefined && { payload }),
        ...(block.incomplete === true && { incomplete: true }),
      });
      break;
    }
    case "opaque":
      out.push({ type: "raw", wire: block.wire, value: block.value });
      break;
    // No format answers with these; they stand in requests only.
    case "image":
    case "file":
    case "audio":
    case "tool-result":
      break;
  }
}

/** The events that tell a whole answer, one delta per block: `fold(unfold(x))` equals `x`. */
export function unfold(response: ModelResponse): StreamEvent[] {
  const { createdAt, serviceTier, usage, finishRaw, stopSequence, refusal } = response;
  const out: StreamEvent[] = [
    {
      type: "start",
      responseId: response.id,
      model: response.model,
      ...(createdAt !== undefined && { createdAt }),
      ...(serviceTier !== undefined && { serviceTier }),
    },
  ];
  for (const [number, block] of response.blocks.entries()) unfoldBlock(block, number, out);
  out.push({
    type: "finish",
    reason: response.finish,
    ...(finishRaw !== undefined && { raw: finishRaw }),
    ...(stopSequence !== undefined && { stopSequence }),
    ...(refusal !== undefined && { refusal }),
    ...(usage !== undefined && { usage }),
  });
  return out;
}
