import type { Block, BlockOpening, Citation, ModelResponse, ReasoningBlock, StreamEvent, Usage } from "@turnout/core";
import { RouterError } from "@turnout/core";

/** Collects the events of one answer into the whole answer. */
export interface Folder {
  add(event: StreamEvent): void;
  /** @throws {RouterError} `upstream-malformed` when `start` or `finish` was missing. */
  end(): ModelResponse;
}

type StopEvent = Extract<StreamEvent, { type: "block-stop" }>;
type ReasoningPart = { form: "summary" | "raw"; text: string };

interface OpenBlock {
  readonly opening: BlockOpening;
  text: string;
  readonly parts: ReasoningPart[];
  readonly citations: Citation[];
  stop: StopEvent | undefined;
}

/** The later snapshot counts, field by field. */
export function mergeUsage(earlier: Usage | undefined, later: Usage): Usage {
  return earlier === undefined ? later : { ...earlier, ...later };
}

function closeReasoning(block: OpenBlock, opening: Extract<BlockOpening, { kind: "reasoning" }>): ReasoningBlock {
  const stop = block.stop;
  return {
    type: "reasoning",
    parts: block.parts,
    ...(stop?.payload !== undefined && { payload: stop.payload }),
    ...(stop?.provenance !== undefined && { provenance: stop.provenance }),
    ...(opening.itemId !== undefined && { itemId: opening.itemId }),
    ...(opening.redacted === true && { redacted: true }),
    ...(stop?.extras !== undefined && { extras: stop.extras }),
  };
}

function closeBlock(block: OpenBlock): Block {
  const { opening, stop } = block;
  const extras = stop?.extras !== undefined && { extras: stop.extras };
  switch (opening.kind) {
    case "text":
      return {
        type: "text",
        text: block.text,
        ...(block.citations.length > 0 && { citations: block.citations }),
        ...extras,
      };
    case "refusal":
      return { type: "refusal", text: block.text, ...extras };
    case "reasoning":
      return closeReasoning(block, opening);
    case "tool-call":
      return {
        type: "tool-call",
        callId: opening.callId,
        ...(opening.itemId !== undefined && { itemId: opening.itemId }),
        name: opening.name,
        ...(opening.namespace !== undefined && { namespace: opening.namespace }),
        kind: opening.toolKind,
        arguments: block.text,
        // A call that never stopped was cut off, whatever the answer says of its end.
        ...((stop === undefined || stop.incomplete === true) && { incomplete: true }),
        ...(stop?.payload !== undefined && { payload: stop.payload }),
        ...extras,
      };
  }
}

function addReasoning(block: OpenBlock, event: Extract<StreamEvent, { type: "reasoning-delta" }>): void {
  while (block.parts.length <= event.part) block.parts.push({ form: event.form, text: "" });
  const part = block.parts[event.part];
  if (part !== undefined) part.text += event.delta;
}

/** An incremental `fold`: memory grows with the answer only, not with its events. */
export function createFolder(): Folder {
  let start: Extract<StreamEvent, { type: "start" }> | undefined;
  let finish: Extract<StreamEvent, { type: "finish" }> | undefined;
  let usage: Usage | undefined;
  const blocks: (OpenBlock | Block)[] = [];
  const open = new Map<number, OpenBlock>();

  function add(event: StreamEvent): void {
    switch (event.type) {
      case "start":
        start ??= event;
        break;
      case "block-start": {
        const block: OpenBlock = {
          opening: event.opening,
          text: "",
          parts: [],
          citations: [],
          stop: undefined,
        };
        open.set(event.block, block);
        blocks.push(block);
        break;
      }
      case "text-delta":
      case "refusal-delta": {
        const block = open.get(event.block);
        if (block !== undefined) block.text += event.delta;
        break;
      }
      case "tool-call-delta": {
        const block = open.get(event.block);
        if (block !== undefined) block.text += event.argumentsDelta;
        break;
      }
      case "reasoning-delta": {
        const block = open.get(event.block);
        if (block !== undefined) addReasoning(block, event);
        break;
      }
      case "citation":
        open.get(event.block)?.citations.push(event.citation);
        break;
      case "block-stop": {
        const block = open.get(event.block);
        if (block !== undefined) block.stop = event;
        break;
      }
      case "usage":
        usage = mergeUsage(usage, event.usage);
        break;
      case "raw":
        blocks.push({ type: "opaque", wire: event.wire, value: event.value });
        break;
      case "finish":
        finish ??= event;
        if (event.usage !== undefined) usage = mergeUsage(usage, event.usage);
        break;
    }
  }

  function end(): ModelResponse {
    if (start === undefined || finish === undefined) {
      const missing = start === undefined ? "start" : "finish";
      throw new RouterError("upstream-malformed", `Cannot fold the answer: it has no ${missing}`, { excerpt: "" });
    }
    return {
      id: start.responseId,
      model: start.model,
      ...(start.createdAt !== undefined && { createdAt: start.createdAt }),
      blocks: blocks.map((block) => ("opening" in block ? closeBlock(block) : block)),
      finish: finish.reason,
      ...(finish.raw !== undefined && { finishRaw: finish.raw }),
      ...(finish.stopSequence !== undefined && { stopSequence: finish.stopSequence }),
      ...(finish.refusal !== undefined && { refusal: finish.refusal }),
      ...(usage !== undefined && { usage }),
      ...(start.serviceTier !== undefined && { serviceTier: start.serviceTier }),
    };
  }

  return { add, end };
}

/**
 * The whole answer that the events tell.
 *
 * @throws {RouterError} `upstream-malformed` when `start` or `finish` is missing.
 */
export function fold(events: Iterable<StreamEvent>): ModelResponse {
  const folder = createFolder();
  for (const event of events) folder.add(event);
  return folder.end();
}
