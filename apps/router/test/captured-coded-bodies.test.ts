import { request } from "undici";
import { expect, test } from "vitest";
import { startAgreeableUpstream } from "./support/agreeable-upstream.ts";
import { capturedCodedBodies, hasCaptures } from "./support/captured-requests.ts";
import { startTestRouter } from "./support/running-router.ts";

const captured = capturedCodedBodies();

test.skipIf(!hasCaptures)("there are recordings of coded bodies", () => {
  expect(captured.length).toBeGreaterThan(10);
});

test.skipIf(!hasCaptures).each(captured)("the coded body of $name goes upstream as what is in it", async (recorded) => {
  const { path, encoding, bytes, body } = recorded;
  const upstream = await startAgreeableUpstream();
  const router = await startTestRouter({
    aliases: { [String(body["model"])]: "openai/gpt-5.4" },
    providers: () => ({ openai: { baseUrl: `${upstream.url}/v1`, accounts: [{ apiKey: "key-of-one" }] } }),
  });
  const headers = { "content-type": "application/json", "content-encoding": encoding };
  const answer = await request(router.url + path, { method: "POST", headers, body: bytes });
  await answer.body.dump();
  expect(answer.statusCode).toBe(200);
  expect(upstream.received).toEqual([{ ...body, model: "gpt-5.4" }]);
});
