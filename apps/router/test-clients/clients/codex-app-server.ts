import { z } from "zod";
import type { Invocation } from "../client-program.ts";
import type { Conversation } from "../run-process.ts";

const messageSchema = z.looseObject({
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});
const threadSchema = z.looseObject({ thread: z.looseObject({ id: z.string() }) });
const itemSchema = z.looseObject({ item: z.looseObject({ type: z.string(), text: z.string().optional() }) });

/** Talks to `codex app-server`, which has all turns of a conversation in one process: JSON-RPC, a message a line. */
export function createAppServerTalk(cwd: string): NonNullable<Invocation["converse"]> {
  let lastId = 0;
  let threadId = "";

  /** @returns The result; notifications that come before it go to `onNotification`. */
  async function call(conversation: Conversation, method: string, params: unknown): Promise<unknown> {
    lastId += 1;
    const id = lastId;
    conversation.write(JSON.stringify({ id, method, params }));
    for (;;) {
      const message = messageSchema.parse(JSON.parse(await conversation.readLine()));
      if (message.id !== id || message.method !== undefined) continue;
      if (message.error !== undefined) throw new Error(`${method}: ${JSON.stringify(message.error)}`);
      return message.result;
    }
  }

  /** What the model said in the turn that is running. */
  async function readTurn(conversation: Conversation): Promise<string> {
    const said: string[] = [];
    for (;;) {
      const { method, params } = messageSchema.parse(JSON.parse(await conversation.readLine()));
      if (method === "turn/completed") return said.join("\n");
      if (method === "error" || method === "model/rerouted") throw new Error(`${method}: ${JSON.stringify(params)}`);
      if (method !== "item/completed") continue;
      const { item } = itemSchema.parse(params);
      if (item.type === "agentMessage" && item.text !== undefined) said.push(item.text);
    }
  }

  return async (conversation, prompt, turn) => {
    if (turn === 1) {
      const clientInfo = { name: "turnout-test", title: "turnout", version: "1.0.0" };
      await call(conversation, "initialize", { clientInfo });
      conversation.write(JSON.stringify({ method: "initialized" }));
      const started = await call(conversation, "thread/start", {
        cwd,
        approvalPolicy: "never",
        sandbox: "danger-full-access",
      });
      threadId = threadSchema.parse(started).thread.id;
    }
    await call(conversation, "turn/start", { threadId, input: [{ type: "text", text: prompt }] });
    return readTurn(conversation);
  };
}
