/** The client side: sends requests, reads every byte of the answers, and fails when an answer is not whole. */
import { Pool } from "undici";
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
  onData(chunk: Buffer, stop: () => void): void;
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
          listener.onData(chunk, () => {
            stopped = true;
            controller.abort(new Error("Enough"));
          });
        },
        onResponseEnd: () => resolve(),
        onResponseError: (_controller, error) => (stopped ? resolve() : reject(error)),
      },
    );
  });
}

/** Sends one request and looks at its status and its end. */
async function sendChecked(target: Target): Promise<number> {
  let bytes = 0;
  let status = 0;
  let last: Buffer = Buffer.alloc(0);
  await send(target, {
    onStart: (answered) => void (status = answered),
    onData: (chunk) => {
      bytes += chunk.length;
      // A small last read alone may not hold the ending.
      last = chunk.length > 4_096 ? chunk : Buffer.concat([last.subarray(-4_096), chunk]);
    },
  });
  if (status !== 200 || !last.includes(target.ending)) {
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

serveCommands({
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
