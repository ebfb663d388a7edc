import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RouterError } from "@turnout/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { builtInPlugins } from "../plugins.ts";
import { findConfigFile, parseConfigText, readConfig } from "./load-config.ts";

function read(text: string) {
  return readConfig(parseConfigText(text, "turnout.yaml"), builtInPlugins);
}

function complaint(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (RouterError.is(error) && error.code === "config-invalid") return error.message;
    throw error;
  }
  throw new Error("The config was accepted");
}

describe("readConfig()", () => {
  test("fills in the documented defaults", () => {
    const config = readConfig(undefined, builtInPlugins);
    expect(config.server).toMatchObject({ host: "127.0.0.1", port: 8787, keys: [] });
    expect(config.sandbox).toBe(true);
    expect(config.aliases).toEqual({});
  });

  test("reads the config of the documentation", () => {
    const config = read(`
server: { host: 127.0.0.1, port: 8787, keys: [] }
sandbox: true
providers:
  codex:
    baseUrl: https://chatgpt.com/backend-api/codex
    transport: auto
    issuer: https://auth.openai.com
    accounts: [{ authFile: ~/.codex/auth.json }, { accessToken: abc, accountId: acct }, { apiKey: sk-abc }]
aliases: { fast: codex/gpt-5.4-mini }
`);
    expect(config.providers["codex"]?.accounts).toHaveLength(3);
    expect(config.aliases).toEqual({ fast: "codex/gpt-5.4-mini" });
  });

  test.each(["", "# nothing\n", "server:\nlog:\naliases:\nproviders:\n  # codex:\n", "providers:\n  codex:\n"])(
    "takes the defaults for sections without content: %j",
    (text) => {
      expect(read(text).server.port).toBe(8787);
    },
  );

  test("refuses names of providers under which no model could be found", () => {
    const named = (name: string) => `sandbox: true\nproviders:\n  "${name}": { use: codex }\n`;
    expect(complaint(named("sandbox"))).toMatch(/^turnout.yaml, line 3: `providers.sandbox`: .*built-in simulator/);
    for (const name of ["a/b", "a b", ""]) expect(complaint(named(name))).toContain("a provider's name holds");
    expect(read(`sandbox: false\nproviders: { sandbox: { use: codex } }\n`).providers).toHaveProperty("sandbox");
    expect(read(named("my-codex.2")).providers).toHaveProperty(["my-codex.2"]);
  });

  test("tells of aliases that lead nowhere or multiply", () => {
    expect(complaint("aliases: *none\n")).toContain('Cannot read config "turnout.yaml": Unresolved alias');
    const letters = "abcdefgh".split("");
    const bomb = letters.map((name, index) => {
      const before = letters[index - 1];
      return `${name}: &${name} [${Array(10)
        .fill(before === undefined ? "x" : `*${before}`)
        .join(",")}]`;
    });
    expect(complaint(bomb.join("\n"))).toContain("Excessive alias count");
  });

  test("names line and nearest key for an unknown one", () => {
    expect(complaint("server:\n  prot: 1\n")).toBe(
      "turnout.yaml, line 2: unknown key `server.prot`; did you mean `port`?",
    );
    expect(complaint("providers:\n  codex:\n    transprot: ws\n")).toContain(
      "line 3: unknown key `providers.codex.transprot`; did you mean `transport`?",
    );
    expect(complaint("sanbox: true\n")).toContain("did you mean `sandbox`?");
  });

  test("lists the known keys when none is near", () => {
    expect(complaint("server: { zzz: 1 }")).toContain("known here: host, port");
  });

  test("names line and key for a wrong value", () => {
    expect(complaint("server:\n  host: 127.0.0.1\n  port: high\n")).toMatch(/^turnout\.yaml, line 3: `server\.port`: /);
    expect(complaint("providers:\n  codex:\n    accounts:\n      - { apiKey: 5 }\n")).toMatch(/line 4/);
  });

  test("reads a provider under a name of the user's own", () => {
    const config = read(
      "providers:\n  work:\n    use: codex\n    transport: http\n    accounts: [{ apiKey: sk-abc }]\n",
    );
    expect(config.providers["work"]).toMatchObject({ use: "codex", transport: "http" });
    expect(complaint("providers:\n  work: { use: codexx }\n")).toContain("unknown key `providers.work`");
    expect(complaint("providers:\n  work: { use: codex, transprot: ws }\n")).toContain("did you mean `transport`?");
  });

  test("reports every mistake at once", () => {
    expect(complaint("sanbox: true\nserver: { port: high }\n").split("\n")).toHaveLength(2);
  });

  test("names the line of broken YAML", () => {
    expect(() => parseConfigText("server: {\n  port: [1\n", "turnout.yaml")).toThrow(/line \d/);
  });

  test("lets flags win over the file", () => {
    const source = parseConfigText("server: { port: 1 }", "turnout.yaml");
    expect(readConfig(source, builtInPlugins, { port: 0, host: "::1" }).server).toMatchObject({ port: 0, host: "::1" });
  });
});

describe("findConfigFile()", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "turnout-config-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function surroundings(environment: Record<string, string> = {}) {
    return { workingDirectory: folder, dataDirectory: join(folder, "data"), environment };
  }

  test("prefers the flag, then TURNOUT_CONFIG, then ./turnout.yaml", () => {
    for (const name of ["a.yaml", "b.yaml", "turnout.yaml"]) writeFileSync(join(folder, name), "");
    expect(findConfigFile("a.yaml", surroundings({ TURNOUT_CONFIG: "b.yaml" }))).toBe(join(folder, "a.yaml"));
    expect(findConfigFile(undefined, surroundings({ TURNOUT_CONFIG: "b.yaml" }))).toBe(join(folder, "b.yaml"));
    expect(findConfigFile(undefined, surroundings())).toBe(join(folder, "turnout.yaml"));
  });

  test("finds nothing where nothing is", () => {
    expect(findConfigFile(undefined, surroundings())).toBeUndefined();
  });

  test("complains about a named file that is missing", () => {
    expect(() => findConfigFile("none.yaml", surroundings())).toThrow(/no such file/);
  });
});
