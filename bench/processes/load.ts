/** The client side: sends requests, reads every byte of the answers, and fails when an answer is not whole. */
import { Pool, type Dispatcher } from "undici";
import { z } from "zod";
import { serveCommands } from "../library/serve-commands.ts";
import { targetSchema, type Answer, type Target, type Throughput } from "../library/target.ts";

const latencySchema = z.object({ target: targetSchema, count: z.int().positive() });
const throughputRequestSchema = z.object({
  target: targetSchema,
  concurrency: z.int().positive(),
  milliseconds: z.number().positive(),
});
const openSchema = z.object({ target: targetSchema, count: z.int().positive() });

const pools = new Map<string, Pool>();

function poolFor(origin: string): Pool {
  const known = pools.get(origin);
  if (known !== undefined) return known;
  const pool = new Pool(origin, { connections: 512, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  pools.set(origin, pool);
  return pool;
}

interface Listener {
  onStart?(status: number, headers: Readonly<Record<string, unknown>>): void;
  onData(chunk: Buffer, stop: () => void, controller: Dispatcher.DispatchController): void;
}

/** Sends one request; resolves after the last byte. */
function send(target: Target, listener: Listener): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopped = false;
    poolFor(target.origin).dispatch(
      { path: target.path, method: "POST", headers: target.headers, body: target.body },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, headers) {
          listener.onStart?.(status, headers);
        },
        onResponseData(controller, chunk) {
          const stop = () => {
            stopped = true;
            controller.abort(new Error("Enough"));
          };
          listener.onData(chunk, stop, controller);
        },
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => (stopped ? resolve() : reject(error)),
      },
    );
  });
}

/** Bytes kept of what came before, at least as long as an ending. */
const border = 256;

/** Sends one request and looks at its status and its end. */
async function sendChecked(
  target: Target,
  onData?: (chunk: Buffer, controller: Dispatcher.DispatchController) => void,
): Promise<number> {
  let bytes = 0;
  let status = 0;
  let last: Buffer = Buffer.alloc(0);
  let hasEnding = false;
  await send(target, {
    onStart: (answered) => void (status = answered),
    onData: (chunk, _stop, controller) => {
      onData?.(chunk, controller);
      bytes += chunk.length;
      // The last event may be long, and its beginning may be cut.
      hasEnding ||=
        chunk.includes(target.ending) || Buffer.concat([last, chunk.subarray(0, border)]).includes(target.ending);
      last = chunk.length > border ? chunk.subarray(-border) : Buffer.concat([last.subarray(-border), chunk]);
    },
  });
  if (status !== 200 || !hasEnding) {
    throw new Error(
      `${target.origin}${target.path} answered ${status}, ending with ${last.toString("utf8").slice(-300)}`,
    );
  }
  return bytes;
}

async function measureLatency({ target, count }: z.infer<typeof latencySchema>): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedAt = performance.now();
    await sendChecked(target);
    milliseconds.push(performance.now() - startedAt);
  }
  return milliseconds;
}

async function measureThroughput(parameters: z.infer<typeof throughputRequestSchema>): Promise<Throughput> {
  const { target, concurrency, milliseconds } = parameters;
  let requests = 0;
  let bytes = 0;
  const startedAt = performance.now();
  const worker = async () => {
    while (performance.now() - startedAt < milliseconds) {
      const received = await sendChecked(target);
      bytes += received; // Not in one line: `+=` would read before it waits, and lose what others add meanwhile.
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { requests, bytes, elapsedMs: performance.now() - startedAt };
}

async function answerOnce(target: Target): Promise<Answer> {
  const pieces: Buffer[] = [];
  const answer = { status: 0, headers: {} as Record<string, string> };
  await send(target, {
    onStart: (status, headers) => {
      answer.status = status;
      for (const [name, value] of Object.entries(headers)) answer.headers[name] = String(value);
    },
    onData: (chunk) => void pieces.push(chunk),
  });
  return { ...answer, text: Buffer.concat(pieces).toString("utf8") };
}

let stopOpen: (() => void)[] = [];

/** Opens streams that stall; resolves when each has brought its first bytes. */
async function openStreams({ target, count }: z.infer<typeof openSchema>): Promise<number> {
  const open = () =>
    new Promise<void>((resolve, reject) => {
      let status = 0;
      send(target, {
        onStart: (answered) => void (status = answered),
        onData: (chunk, stop) => {
          stopOpen.push(stop);
          if (status === 200) resolve();
          else reject(new Error(`A stream was answered with ${status}: ${chunk.toString("utf8")}`));
        },
      }).catch(reject);
    });
  const opened = Array.from({ length: count }, open);
  await Promise.all(opened);
  return opened.length;
}

/** The one long answer that is being read. */
let held: { controller: Dispatcher.DispatchController | undefined; bytes: number } = {
  controller: undefined,
  bytes: 0,
};

/** Reads one answer to its end; meanwhile `received`, `hold` and `release` are for it. */
async function drain(target: Target): Promise<Throughput> {
  const startedAt = performance.now();
  const reading: typeof held = { controller: undefined, bytes: 0 };
  held = reading;
  const bytes = await sendChecked(target, (chunk, controller) => {
    reading.controller = controller;
    reading.bytes += chunk.length;
  });
  return { requests: 1, bytes, elapsedMs: performance.now() - startedAt };
}

serveCommands({
  drain: (parameters) => drain(targetSchema.parse(parameters)),
  received: () => held.bytes,
  hold: () => {
    held.controller?.pause();
    return null;
  },
  release: () => {
    held.controller?.resume();
    return null;
  },
  latency: (parameters) => measureLatency(latencySchema.parse(parameters)),
  throughput: (parameters) => measureThroughput(throughputRequestSchema.parse(parameters)),
  answer: (parameters) => answerOnce(targetSchema.parse(parameters)),
  open: (parameters) => openStreams(openSchema.parse(parameters)),
  close: () => {
    for (const stop of stopOpen) stop();
    stopOpen = [];
    return null;
  },
});
