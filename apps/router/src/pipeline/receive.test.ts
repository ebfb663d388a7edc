import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { RouterError } from "@turnout/core";
import { request } from "undici";
import { describe, expect, onTestFinished, test } from "vitest";
import { receiveBody } from "./receive.ts";

const limitBytes = 1024 * 1024;
const document = {
  model: "codex/gpt-5.4",
  input: [{ role: "user", content: "Say it again, and again. ".repeat(20) }],
};
const text = Buffer.from(JSON.stringify(document));

/** `document` as the reference encoder writes it from a pipe (size unknown, with checksum) and from a file (size known). */
const zstdOfPipe = base64(
  "KLUv/QRojQIAMkUREZB9jIEcEOFjXXdUN8BId8cQXfUHo80FwoTrLYAh2Av9eTwdnpR9eOtu/vMuUvs8nce5TvjhyzAC10e0a5T9+egalc8DAgDYPBU2xsoZ9d8YZg==",
);
const zstdOfFile = base64(
  "KLUv/WQ0Aa0CADJFEhhwSdxvqZSUFknsEmLjeFXFZzhqutP/P8xH4fiVs3lkU6K8TpfIwfG92svm5EwP7XhVzG4Q8N3WppMHiqDohQAIPWyOV3rYcCMCANg8FTbGyhn13xhm",
);

function base64(encoded: string): Buffer {
  return Buffer.from(encoded, "base64");
}

const frameMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Window of 8 MiB, no size, no checksum. */
const openHeader = Buffer.from([0x00, 0x68]);

function blockHeader(kind: "raw" | "repeated" | "compressed", size: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (["raw", "repeated", "compressed"].indexOf(kind) << 1) | Number(isLast), 0, 3);
  return header;
}

/** Zstd that is not compressed, made by hand. */
function zstdRaw(content: Buffer, header: Buffer = openHeader): Buffer {
  return Buffer.concat([frameMagic, header, blockHeader("raw", content.length, true), content]);
}

/** 128 KiB of zeros in every four bytes. */
function zstdBomb(blocks: number): Buffer {
  const size = 128 * 1024;
  const zeros = Buffer.concat([blockHeader("repeated", size, false), Buffer.from([0])]);
  const last = Buffer.concat([blockHeader("repeated", size, true), Buffer.from([0])]);
  return Buffer.concat([frameMagic, openHeader, ...Array.from({ length: blocks - 1 }, () => zeros), last]);
}

interface Receiver {
  readonly port: number;
  /** What came of each request, in order. */
  readonly outcomes: readonly unknown[];
}

async function startReceiver(limit = limitBytes): Promise<Receiver> {
  const outcomes: unknown[] = [];
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    outcomes.push(await receiveBody(incoming, limit).catch((error: unknown) => RouterError.from(error)));
    outgoing.end();
  };
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, outcomes };
}

async function receive(body: Buffer, encoding: string, limit = limitBytes): Promise<unknown> {
  const { port, outcomes } = await startReceiver(limit);
  const headers = { "content-encoding": encoding };
  const answer = await request(`http://127.0.0.1:${port}/`, { method: "POST", body, headers });
  await answer.body.dump();
  return outcomes[0];
}

const codings: readonly (readonly [encoding: string, body: Buffer])[] = [
  ["identity", text],
  ["gzip", gzipSync(text)],
  ["x-gzip", gzipSync(text)],
  ["GZip", gzipSync(text)],
  ["deflate", deflateSync(text)],
  ["br", brotliCompressSync(text)],
  ["zstd", zstdOfPipe],
  ["zstd", zstdOfFile],
  ["zstd", zstdRaw(text)],
];

describe("receiveBody() of a coded body", () => {
  test.each(codings)("reads %s", async (encoding, body) => {
    expect(await receive(body, encoding)).toEqual(document);
  });

  test("undoes a list of codings from its end", async () => {
    expect(await receive(zstdRaw(gzipSync(text)), "gzip, zstd")).toEqual(document);
    expect(await receive(gzipSync(zstdOfPipe), "zstd ,, gzip")).toEqual(document);
    expect(await receive(brotliCompressSync(gzipSync(deflateSync(text))), "deflate, identity, gzip, br")).toEqual(
      document,
    );
  });

  test("reads zstd of several frames, with something to skip between them", async () => {
    const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const [head, tail] = [text.subarray(0, 100), text.subarray(100)];
    const body = Buffer.concat([skippable, zstdRaw(head), zstdRaw(Buffer.alloc(0)), skippable, zstdRaw(tail)]);
    expect(await receive(body, "zstd")).toEqual(document);
  });

  test.each(["gzip", "deflate", "br", "zstd"])("refuses %s that is something else, cut or empty", async (encoding) => {
    const [, whole = text] = codings.find(([name]) => name === encoding) ?? [];
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 20, 40);
    for (const body of [text, whole.subarray(0, -6), whole.subarray(0, 3), damaged, Buffer.alloc(5)]) {
      expect(await receive(body, encoding)).toMatchObject({
        code: "request-invalid",
        message: `Cannot read the request body: it is no valid ${encoding} data, or its end is missing`,
      });
    }
    expect(await receive(Buffer.alloc(0), encoding)).toMatchObject({ code: "request-invalid" });
  });

  test("reads what is in a coded body as strictly as a plain one", async () => {
    expect(await receive(gzipSync("{"), "gzip")).toMatchObject({ message: expect.stringContaining("not valid JSON") });
    expect(await receive(gzipSync(""), "gzip")).toMatchObject({ message: expect.stringContaining("is empty") });
    expect(await receive(zstdRaw(Buffer.from([0xff])), "zstd")).toMatchObject({
      message: expect.stringContaining("UTF-8"),
    });
  });

  test.each(["compress", "gzip, compress", "__proto__", "gzip;q=1", "*"])("knows no coding %s", async (encoding) => {
    expect(await receive(text, encoding)).toMatchObject({
      code: "unsupported-media",
      message: expect.stringContaining("one of zstd, gzip, br, deflate"),
    });
  });

  test("undoes three codings at most", async () => {
    expect(await receive(text, "gzip, gzip, gzip, gzip")).toMatchObject({ code: "unsupported-media" });
  });
});

const bombs: readonly (readonly [encoding: string, body: Buffer])[] = [
  ["gzip", gzipSync(Buffer.alloc(50 * limitBytes))],
  ["deflate", deflateSync(Buffer.alloc(50 * limitBytes))],
  ["br", brotliCompressSync(Buffer.alloc(50 * limitBytes))],
  // A terabyte, in nearly 1 MiB.
  ["zstd", zstdBomb(250_000)],
  // What the outer coding holds is larger than the limit already, though its end comes to nothing: empty blocks.
  [
    "gzip, gzip",
    gzipSync(
      Buffer.concat([gzipSync("").subarray(0, 10), Buffer.alloc(20 * limitBytes, Buffer.from([0, 0, 0, 0xff, 0xff]))]),
    ),
  ],
];

describe("receiveBody() and its limit", () => {
  test.each(bombs)("leaves %s that grows beyond it", async (encoding, body) => {
    expect(body.length).toBeLessThan(limitBytes);
    expect(await receive(body, encoding)).toMatchObject({ code: "too-large", details: { limitBytes } });
  });

  const compressed: readonly (readonly [encoding: string, body: Buffer])[] = [
    ["gzip", gzipSync(text)],
    ["zstd", zstdOfPipe],
    ["zstd", zstdOfFile],
  ];
  test.each(compressed)("takes %s that expands to the limit, and not a byte more", async (encoding, body) => {
    expect(await receive(body, encoding, text.length)).toEqual(document);
    expect(await receive(body, encoding, text.length - 1)).toMatchObject({ code: "too-large" });
  });

  test("holds for what travels, told and untold in its length", async () => {
    expect(await receive(gzipSync(text), "gzip", 20)).toMatchObject({ code: "too-large" });
    const { port, outcomes } = await startReceiver(20);
    // A stream does not tell its length.
    const chunks = Readable.from([gzipSync(text)]);
    const headers = { "content-encoding": "gzip" };
    await request(`http://127.0.0.1:${port}/`, { method: "POST", body: chunks, headers }).catch(() => undefined);
    expect(outcomes[0]).toMatchObject({ code: "too-large" });
  });

  test("holds for what travels also when little comes of it", async () => {
    const { port, outcomes } = await startReceiver(1000);
    const nothing = Array.from({ length: 100 }, () => gzipSync(""));
    const chunks = Readable.from([Buffer.concat([...nothing, gzipSync(text)])]);
    const headers = { "content-encoding": "gzip" };
    await request(`http://127.0.0.1:${port}/`, { method: "POST", body: chunks, headers }).catch(() => undefined);
    expect(outcomes[0]).toMatchObject({ code: "too-large" });
  });

  test("is noticed while the bomb is still arriving", async () => {
    const { port, outcomes } = await startReceiver();
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\ncontent-length: ${limitBytes}\r\n\r\n`);
    socket.write(gzipSync(Buffer.alloc(20 * limitBytes)).subarray(0, 10_000));
    await once(socket, "data");
    expect(outcomes[0]).toMatchObject({ code: "too-large" });
  });

  test("zstd that says it is huge takes no room", async () => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(2n ** 62n);
    const hugeContent = Buffer.concat([Buffer.from([0b1110_0000]), size]);
    const hugeWindow = Buffer.from([0x00, 0xff]);
    for (const header of [hugeContent, hugeWindow]) {
      // Whether it is refused for what it says or for what is wrong with it is the decoder's choice.
      expect(await receive(zstdRaw(text, header), "zstd")).toBeInstanceOf(RouterError);
    }
  });

  test("zstd whose sequences copy for hours is refused at once", async () => {
    // One literal, 98,047 sequences of the longest literals and matches: no more than 19 bytes.
    const sequences = Buffer.from([0x09, 0x41, 255, 0xff, 0xff, 0b0101_0100, 35, 0, 52, 0x01]);
    const header = blockHeader("compressed", sequences.length, true);
    const body = Buffer.concat([frameMagic, openHeader, header, sequences]);
    expect(await receive(body, "zstd")).toMatchObject({ code: "request-invalid" });
  });
});

describe("receiveBody() and a client that leaves", () => {
  test.each(["gzip", "zstd"])("tells so in the middle of %s", async (encoding) => {
    const { port, outcomes } = await startReceiver();
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-encoding: ${encoding}\r\ncontent-length: 1000\r\n\r\n`);
    socket.write(gzipSync(text).subarray(0, 30), () => socket.destroy());
    await expect.poll(() => outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ code: "client-closed" });
  });

  test("a connection serves again after data with something behind its end", async () => {
    const { port, outcomes } = await startReceiver();
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    for (const body of [Buffer.concat([deflateSync(text), Buffer.alloc(500_000)]), deflateSync(text)]) {
      socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-encoding: deflate\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
      await once(socket, "data");
    }
    expect(outcomes).toEqual([document, document]);
  });

  test("a connection serves again after a coded body, good or damaged", async () => {
    const { port, outcomes } = await startReceiver();
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    for (const body of [gzipSync(text), Buffer.from("no gzip at all"), gzipSync(text)]) {
      socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
      await once(socket, "data");
    }
    expect(outcomes).toEqual([document, expect.objectContaining({ code: "request-invalid" }), document]);
  });
});
