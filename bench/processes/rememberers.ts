/** Clients with long histories, each of which says a few things and then rests. */
import { createSseDecoder } from "@turnout/translator";
import { Pool } from "undici";
import { z } from "zod";
import { inParallel } from "../library/in-parallel.ts";
import { serveCommands } from "../library/serve-commands.ts";
import { createAgentLanguage } from "../sessions/agent-language.ts";
import { agentOptionsSchema, type AgentOptions } from "../sessions/agent-protocol.ts";
import { pastItems, toolOutput } from "../sessions/agent-script.ts";

const fillSchema = z.object({
  options: agentOptionsSchema,
  /** Numbers of the conversations, from and up to but without. */
  from: z.int(),
  to: z.int(),
  pastTurns: z.int().min(0),
  requests: z.int().positive(),
});

let pool: Pool | undefined;

async function ask(options: AgentOptions, body: string): Promise<{ session: string; events: readonly Buffer[] }> {
  pool ??= new Pool(options.origin, { connections: 8, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const {
    statusCode,
    headers,
    body: answer,
  } = await pool.request({
    path: options.path,
    method: "POST",
    headers: options.headers,
    body,
  });
  const events: Buffer[] = [];
  for await (const chunk of answer) events.push(z.instanceof(Buffer).parse(chunk));
  if (statusCode !== 200)
    throw new Error(`A conversation was answered with ${statusCode}: ${Buffer.concat(events).toString()}`);
  return { session: z.string().default("").parse(headers["x-turnout-session"]), events };
}

/** One conversation; says how its last request travelled, and how long its history is in the end. */
async function converse({ options, pastTurns, requests }: z.infer<typeof fillSchema>, number: number) {
  const language = createAgentLanguage(options, pastTurns > 0 ? pastItems(pastTurns, String(number)) : []);
  if (pastTurns === 0) language.addUserText(`Conversation ${number}: begin`);
  let session = "";
  for (let turn = 0; turn < requests; turn += 1) {
    const answer = await ask(options, JSON.stringify(language.body()));
    session = answer.session;
    const decoder = createSseDecoder();
    for (const chunk of answer.events) for (const event of decoder.decode(chunk)) language.read(event);
    const calls = language.finish();
    if (turn === requests - 1) break;
    for (const { callId } of calls) language.addToolOutput(callId, toolOutput(turn));
    if (calls.length === 0) language.addUserText("Go on");
  }
  return { session, historyBytes: language.historyBytes() };
}

serveCommands({
  async fill(parameters) {
    const filling = fillSchema.parse(parameters);
    const { from, to } = filling;
    const travelled: Record<string, number> = {};
    let historyBytes = 0;
    await inParallel(to - from, 8, async (index) => {
      const result = await converse(filling, from + index);
      travelled[result.session] = (travelled[result.session] ?? 0) + 1;
      historyBytes = result.historyBytes;
    });
    return { travelled, historyBytes };
  },
});
