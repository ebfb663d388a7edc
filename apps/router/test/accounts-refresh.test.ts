import { openAccountStore } from "@turnout/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { createCommandWorld } from "./support/command-world.ts";

const accountsSchema = z.array(
  z.object({
    label: z.string(),
    quotaLeftPercent: z.number().optional(),
    limits: z.array(z.object({ limit: z.string(), source: z.string(), plan: z.string().optional() })),
  }),
);

test("turnout accounts --refresh asks for every account, keeps the figures, and tells what it could not read", async () => {
  const world = await createCommandWorld();
  const { accountId, accessToken } = world.sandbox.createAccount({ accountId: "acct-1", planType: "pro" });
  const store = await openAccountStore({ dataDirectory: world.dataDirectory });
  const common = { provider: "codex", kind: "oauth", origin: "login", accountId } as const;
  store.accounts.add({ ...common, label: "work", secrets: { secret: accessToken } });
  store.accounts.add({ ...common, label: "gone", secrets: { secret: "no-such-token" } });
  store.close();

  const before = accountsSchema.parse(JSON.parse((await world.ran(["accounts", "--json"])).output));
  expect(before.map(({ limits }) => limits)).toEqual([[], []]);
  const asked = await world.ran(["accounts", "--refresh", "--json"]);
  expect(asked.code).toBe(1);
  expect(asked.errors).toContain('Cannot read what is left of codex account "gone"');
  const after = accountsSchema.parse(JSON.parse(asked.output));
  expect(after).toMatchObject([
    { label: "work", quotaLeftPercent: 100, limits: [{ limit: "codex", plan: "pro", source: "usage-endpoint" }] },
    { label: "gone", limits: [] },
  ]);
  expect(accountsSchema.parse(JSON.parse((await world.ran(["accounts", "--json"])).output))).toEqual(after);
});
