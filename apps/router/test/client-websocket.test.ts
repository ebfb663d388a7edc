import { describe, expect, test } from "vitest";
import { openSocket, user } from "./support/client-socket.ts";
import { startTestRouter } from "./support/running-router.ts";

describe("several turns on one socket", () => {
  test("each is answered, with new items only from the second on", async () => {
    const { url, sandbox } = await startTestRouter();
    const client = await openSocket(url);
    const first = await client.ask({ input: [user("One")], store: false });
    expect(first.last.type).toBe("response.completed");
    const second = await client.ask({ input: [user("Two")], previous_response_id: first.id, store: false });
    expect(second.last.type).toBe("response.completed");
  });
});
