import type { ModelRequest } from "@turnout/core";
import { getCodec } from "@turnout/translator";
import { WebSocket } from "ws";
import { z } from "zod";
import { createAnswerReader, deadlineMs, failedReply } from "./ask-http.ts";
import type { Reply } from "./judge.ts";

/** A Responses client that keeps one socket for its conversation, and sends only what is new in it. */
export interface SocketClient {
  ask(request: ModelRequest, leavesAfterBytes: number | undefined): Promise<Reply>;
  close(): void;
}

const eventSchema = z.looseObject({
  /** Missing where the upstream had a bad day and its event passed untouched; clients pass over it. */
  type: z.string().default(""),
  response: z.looseObject({ id: z.string(), output: z.array(z.unknown()).default([]) }).optional(),
});
const inputSchema = z.looseObject({ input: z.array(z.unknown()) });
const terminal = new Set(["response.completed", "response.failed", "response.incomplete", "error"]);

/** What an upgraded socket was answered to. */
interface Anchor {
  readonly responseId: string;
  /** Items of the conversation up to and with that answer. */
  readonly items: number;
}

export function createSocketClient(origin: string, headers: Readonly<Record<string, string>>): SocketClient {
  let socket: WebSocket | undefined;
  let anchor: Anchor | undefined;

  function forget(): void {
    socket?.terminate();
    socket = undefined;
    anchor = undefined;
  }

  function frameOf(request: ModelRequest): { frame: string; items: number } {
    const body = inputSchema.parse(getCodec("openai-responses").encodeRequest(request).value);
    const { input } = body;
    const rest =
      anchor === undefined || anchor.items >= input.length
        ? { input }
        : { input: input.slice(anchor.items), previous_response_id: anchor.responseId };
    return { frame: JSON.stringify({ type: "response.create", ...body, ...rest }), items: input.length };
  }

  async function open(): Promise<WebSocket> {
    if (socket?.readyState === WebSocket.OPEN) return socket;
    forget();
    const fresh = new WebSocket(`${origin.replace("http:", "ws:")}/v1/responses`, {
      perMessageDeflate: false,
      headers,
    });
    fresh.on("error", () => undefined); // Whoever waits hears of the `close`.
    await new Promise<void>((resolve, reject) => {
      fresh.once("open", resolve);
      fresh.once("close", (code) => reject(new Error(`No socket: ${code}`)));
    });
    socket = fresh;
    return fresh;
  }

  function exchange(used: WebSocket, request: ModelRequest, leavesAfterBytes: number | undefined): Promise<Reply> {
    const { frame, items } = frameOf(request);
    const reader = createAnswerReader("openai-responses", request);
    return new Promise((resolve) => {
      let bytes = 0;
      const settle = (reply: Reply) => {
        clearTimeout(deadline);
        used.off("message", onMessage);
        used.off("close", onClose);
        if (reply.kind !== "answer") forget();
        resolve(reply);
      };
      const onMessage = (data: Buffer) => {
        const text = data.toString("utf8");
        bytes += data.length;
        if (leavesAfterBytes !== undefined && bytes >= leavesAfterBytes) {
          settle({ kind: "cancelled" });
          return;
        }
        try {
          const { type, response } = eventSchema.parse(JSON.parse(text));
          reader.read({ type, data: text });
          if (!terminal.has(type)) return;
          // Of the output, what goes back as input: the encoder makes one item of each.
          if (response !== undefined) anchor = { responseId: response.id, items: items + response.output.length };
          settle(reader.finish("client socket"));
        } catch (error) {
          settle(failedReply(error));
        }
      };
      const onClose = (code: number) => settle({ kind: "lost", message: `socket closed with ${code}` });
      const deadline = setTimeout(() => settle({ kind: "lost", message: `no end in ${deadlineMs} ms` }), deadlineMs);
      used.on("message", onMessage);
      used.on("close", onClose);
      used.send(frame);
    });
  }

  return {
    async ask(request, leavesAfterBytes) {
      try {
        return await exchange(await open(), request, leavesAfterBytes);
      } catch (error) {
        forget();
        return { kind: "lost", message: String(error) };
      }
    },
    close: forget,
  };
}

/** Whether the router takes WebSocket clients. */
export async function takesSockets(origin: string): Promise<boolean> {
  const socket = new WebSocket(`${origin.replace("http:", "ws:")}/v1/responses`);
  return new Promise((resolve) => {
    socket.on("open", () => {
      socket.terminate();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
