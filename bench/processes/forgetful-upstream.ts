/** Responses over WebSocket with next to no work and no memory: every request is answered, nothing is checked, nothing is kept. */
import type { AddressInfo } from "node:net";
import { renderEvents } from "@turnout/sandbox";
import { WebSocketServer } from "ws";
import { serveCommands } from "../library/serve-commands.ts";
import { modelAnswer } from "../sessions/agent-script.ts";

/** One call and one text take turns: a conversation goes on after the one and may rest after the other. */
const answers = [modelAnswer(0), modelAnswer(5)];

let answered = 0;
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
const listening = new Promise<void>((resolve) => server.on("listening", resolve));

server.on("connection", (socket) => {
  let turn = 0;
  socket.on("error", () => undefined); // `close` follows; who goes has gone.
  socket.on("message", () => {
    const answer = answers[turn % answers.length] ?? modelAnswer(0);
    turn += 1;
    answered += 1;
    for (const { json } of renderEvents(answer, { seed: answered })) socket.send(json);
  });
});

serveCommands({
  async listen() {
    await listening;
    return (server.address() as AddressInfo).port;
  },
  open: () => server.clients.size,
});
