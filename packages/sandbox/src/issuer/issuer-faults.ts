import { z } from "zod";
import { jsonValueSchema } from "../script/json-schema.ts";

const faultSchema = z.discriminatedUnion("type", [
  z
    .strictObject({
      type: z.literal("http"),
      status: z.int().min(200).max(599),
      headers: z.record(z.string(), z.string()).default({}),
      body: jsonValueSchema.default({}),
    })
    .describe("This answer instead; nothing is done."),
  z
    .strictObject({ type: z.literal("html"), status: z.int().min(200).max(599).default(503) })
    .describe("An edge's HTML page instead; nothing is done."),
  z.strictObject({ type: z.literal("hang") }).describe("No answer, until the client goes; nothing is done."),
  z
    .strictObject({
      type: z.literal("cut"),
      when: z.enum(["before", "after"]).default("before"),
    })
    .describe("TCP reset; `after`: the request was carried out, and its answer is lost."),
  z
    .strictObject({ type: z.literal("slow"), milliseconds: z.int().positive() })
    .describe("Carried out at once, answered later."),
  z
    .strictObject({ type: z.literal("incomplete"), fields: z.array(z.string()).min(1) })
    .describe("Answered without these fields."),
]);

const scenarioSchema = z.strictObject({
  path: z.string().default("/oauth/token").describe("Which endpoint it is for."),
  fault: faultSchema,
  times: z.int().positive().default(1).describe("How many requests take it."),
});

/** A disturbance of one endpoint of the issuer, queued. */
export type IssuerScenario = z.input<typeof scenarioSchema>;

export type IssuerFault = z.output<typeof faultSchema>;

/** First in, first out, for each path. */
export interface IssuerFaults {
  /** @throws {z.ZodError} when the scenario is none. */
  add(scenario: IssuerScenario): void;
  take(path: string): IssuerFault | undefined;
}

export function createIssuerFaults(): IssuerFaults {
  const queue: { readonly path: string; readonly fault: IssuerFault; left: number }[] = [];
  return {
    add(scenario) {
      const { path, fault, times } = scenarioSchema.parse(scenario);
      queue.push({ path, fault, left: times });
    },
    take(path) {
      const index = queue.findIndex((entry) => entry.path === path);
      const entry = queue[index];
      if (entry === undefined) return undefined;
      entry.left -= 1;
      if (entry.left === 0) queue.splice(index, 1);
      return entry.fault;
    },
  };
}
