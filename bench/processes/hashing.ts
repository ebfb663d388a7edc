/** What it costs to find out which conversation a request continues: hashing its history and comparing it, no sockets. */
import { hash } from "node:crypto";
import { isJsonArray, isJsonObject, systemRuntime, type JsonObject } from "@turnout/core";
import { z } from "zod";
import { createConversationBook } from "../../packages/upstream/src/conversation/conversation-book.ts";
import { rememberRequest } from "../../packages/upstream/src/conversation/remembered-request.ts";
import { serveCommands } from "../library/serve-commands.ts";
import { pastItems } from "../sessions/agent-script.ts";

const measureSchema = z.object({
  /** Turns of the histories, one each. */
  pastTurns: z.array(z.int().positive()),
  milliseconds: z.number().positive(),
});

const scope = { accountKey: "codex/0", model: "gpt-5.4" };

/** A history, and the same with an answer and a next word: what a request that continues it holds. */
function createHistories(turns: number) {
  const parsed: unknown = JSON.parse(JSON.stringify(pastItems(turns, "hashing")));
  if (!isJsonArray(parsed)) throw new Error("A history is a list");
  const output: JsonObject[] = parsed.slice(-2).filter(isJsonObject).slice(0, 1);
  const before = parsed.slice(0, -2);
  return { before, output, whole: [...before, ...output, ...parsed.slice(-1)] };
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Milliseconds of CPU time that `work` takes, on average. */
function timed(milliseconds: number, work: () => void): number {
  const startedAt = cpuMilliseconds();
  let times = 0;
  let usedMs = 0;
  while (usedMs < milliseconds) {
    work();
    times += 1;
    usedMs = cpuMilliseconds() - startedAt;
  }
  return usedMs / times;
}

/** One request whose history is `turns` long, and beside it the hash function alone on as much text. */
function measure(turns: number, milliseconds: number) {
  const { before, output, whole } = createHistories(turns);
  const book = createConversationBook({ runtime: systemRuntime });
  const remember = (input: typeof before) =>
    rememberRequest({ book, scope, hint: undefined, isTranslated: false, body: { model: scope.model, input } });
  remember(before)?.answered({ responseId: "resp_1", output }, undefined);
  const texts = whole.map((item) => JSON.stringify(item));
  return {
    turns,
    items: whole.length,
    bytes: Buffer.byteLength(JSON.stringify(whole)),
    milliseconds: timed(milliseconds, () => {
      if (remember(whole)?.found[0]?.match.isWhole !== true) throw new Error("A request was not recognised");
    }),
    hashMilliseconds: timed(milliseconds, () => {
      for (const text of texts) hash("sha256", text, "binary");
    }),
  };
}

serveCommands({
  measure(parameters) {
    const { pastTurns, milliseconds } = measureSchema.parse(parameters);
    for (const turns of pastTurns) measure(turns, milliseconds); // Compiled before it counts.
    return pastTurns.map((turns) => measure(turns, milliseconds));
  },
});
