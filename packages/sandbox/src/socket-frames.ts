import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Ending, OutgoingEvent } from "./script/delivery.ts";

/** One server frame as bytes: unmasked, final. */
function encodeFrame(data: string | Buffer): Buffer {
  const payload = Buffer.from(data);
  const first = 0x80 | (typeof data === "string" ? 0x1 : 0x2);
  let head: Buffer;
  if (payload.length < 126) head = Buffer.from([first, payload.length]);
  else if (payload.length < 65_536) {
    head = Buffer.from([first, 126, 0, 0]);
    head.writeUInt16BE(payload.length, 2);
  } else {
    head = Buffer.from([first, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** Close codes that no frame may carry: they mean that none came. */
const unsendable = new Set([1004, 1005, 1006, 1015]);

/** Ends a socket the way a fault wants it, once everything before is on its way. */
export function cutSocket(socket: WebSocket, raw: Socket, ending: Ending & { type: "cut" }): void {
  const { how, partial, reason } = ending;
  const drop = () => {
    if (how === "reset") raw.resetAndDestroy();
    else if (how === "close" || unsendable.has(how)) raw.destroySoon();
    else socket.close(how, reason);
  };
  raw.write(partial === undefined ? "" : encodeFrame(partial.event.data).subarray(0, partial.bytes), drop);
}

/** Sends events in one write; false when the socket is full. */
export function sendEvents(socket: WebSocket, raw: Socket, events: readonly Pick<OutgoingEvent, "data">[]): boolean {
  raw.cork();
  for (const { data } of events) socket.send(data, { binary: typeof data !== "string" });
  raw.uncork();
  return !raw.writableNeedDrain;
}

/** Sends events byte by byte: the next byte waits until the last one has left the process. */
export function sendBytes(raw: Socket, events: readonly OutgoingEvent[], done: () => void): { stop(): void } {
  const bytes = Buffer.concat(events.map(({ data }) => encodeFrame(data)));
  let next = 0;
  const step = () => {
    if (next === bytes.length) done();
    else {
      next += 1;
      raw.write(bytes.subarray(next - 1, next), (error) => {
        if (error === undefined || error === null) step();
      });
    }
  };
  step();
  return {
    stop() {
      next = bytes.length + 1;
    },
  };
}
