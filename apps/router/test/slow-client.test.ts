import { request } from "node:http";
import { createFakeRuntime } from "@turnout/testing";
import { expect, test } from "vitest";
import { bodyOf } from "./support/ask.ts";
import { startTestRouter } from "./support/running-router.ts";
import { waitUntilQuiet } from "./support/wait-until-quiet.ts";

test("a client that reads nothing for longer than the keep-alive gets the whole rest when it reads on", async () => {
  const runtime = createFakeRuntime({ now: Date.now() });
  const router = await startTestRouter({ runtime });
  const { url, sandbox } = router;
  sandbox.script({ answer: { steps: [{ type: "text", text: "word ".repeat(1_000_000), deltaLength: 1_000 }] } });
  const text = await new Promise<string>((resolve, reject) => {
    const asked = request(`${url}/v1/chat/completions`, { method: "POST" }, (response) => {
      // Nobody reads, so that the router's line fills up; then time passes.
      const read = async () => {
        await runtime.advance(60_000);
        let received = "";
        for await (const chunk of response) received += String(chunk);
        return received;
      };
      waitUntilQuiet(() => response.socket.bytesRead)
        .then(read)
        .then(resolve, reject);
    });
    asked.on("error", reject);
    asked.end(JSON.stringify(bodyOf("openai-chat", true)));
  });
  expect(text.split("word ").length - 1).toBeGreaterThan(990_000);
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  await expect.poll(() => router.log.map((line) => line["msg"])).toContain("request completed");
});
