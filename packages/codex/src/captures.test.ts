import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { isJsonObject, type JsonObject } from "@turnout/core";
import { describe, expect, test } from "vitest";

import { prepareCodexBody } from "./body.ts";

const root = resolve(import.meta.dirname, "../../..");
const folder = join(resolve(root, process.env["TURNOUT_CORPUS"] ?? "../shared"), "captures", "codex");
const files = existsSync(folder) ? readdirSync(folder) : [];

interface Captured {
  readonly transport: "ws" | "http";
  readonly body: JsonObject;
}

/** The bodies one client sent to `/responses`, over HTTP and in frames. */
function bodiesOf(file: string): readonly Captured[] {
  const records: unknown = JSON.parse(readFileSync(join(folder, file), "utf8"));
  if (!Array.isArray(records)) return [];
  return records.flatMap((record: unknown): Captured[] => {
    if (!isJsonObject(record) || record["dir"] !== "c2s") return [];
    const { body, message, path } = record;
    if (isJsonObject(message) && message["type"] === "response.create") {
      const { type: _type, ...frame } = message;
      return [{ transport: "ws", body: frame }];
    }
    const isResponses = typeof path === "string" && path.split("?")[0]?.endsWith("/responses") === true;
    return isResponses && isJsonObject(body) ? [{ transport: "http", body }] : [];
  });
}

describe.skipIf(files.length === 0)("prepareCodexBody() does not edit what a real Codex client sent", () => {
  test.each(files)("%s", (file) => {
    for (const { transport, body } of bodiesOf(file)) {
      const isMarked = JSON.stringify(body["client_metadata"] ?? null).includes("responses_lite");
      const { value, report } = prepareCodexBody(body, {
        transport,
        rules: "backend",
        lite: isMarked,
        isOwnTurnState: () => true,
      });
      expect(report).toEqual({ approximated: [], dropped: [] });
      expect(value).toEqual({ ...body, instructions: body["instructions"] ?? "" });
    }
  });
});
