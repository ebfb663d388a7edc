import { expect, test } from "vitest";

import { startScriptedServer } from "./scripted-server.ts";

test("startScriptedServer() answers as told and keeps what it was asked", async () => {
  const server = await startScriptedServer(({ path }) => {
    if (path === "/stream") return { body: "data: {}\n\n" };
    if (path === "/strict") throw new Error("Refused");
    if (path === "/cut") return { body: "data", cut: true };
    return { status: 201, body: { ok: true }, headers: { "x-a": "1" } };
  });
  const ask = (path: string) => fetch(server.url + path, { method: "POST", body: '{"a":1}' });
  const document = await ask("/x?y=1");
  expect([document.status, document.headers.get("x-a"), await document.json()]).toEqual([201, "1", { ok: true }]);
  expect((await ask("/stream")).headers.get("content-type")).toBe("text/event-stream");
  expect((await ask("/strict")).status).toBe(500);
  await expect(ask("/cut").then((response) => response.text())).rejects.toThrow("terminated");
  expect(server.requests.map(({ path }) => path)).toEqual(["/x?y=1", "/stream", "/strict", "/cut"]);
  expect(server.requests[0]).toMatchObject({ method: "POST", body: { a: 1 } });
  await server.close();
});
