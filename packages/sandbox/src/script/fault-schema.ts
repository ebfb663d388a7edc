import { z } from "zod";
import { jsonValueSchema } from "./json-schema.ts";
import { answerScriptSchema } from "./schema.ts";

const headers = z.record(z.string(), z.string());
const status = z.int().min(200).max(599);
const afterEvents = z.int().min(0).default(0).describe("Events of the answer that go out before.");

const handshakeFault = z.strictObject({
  type: z.literal("handshake"),
  status: status.describe("Instead of 101."),
  headers: headers.optional(),
  body: jsonValueSchema.optional().describe("A string goes out as it is; anything else as JSON."),
  html: z.boolean().default(false).describe("True: an edge's HTML page instead of a body."),
});

const httpFault = z.strictObject({
  type: z.literal("http"),
  status,
  headers: headers.optional(),
  body: jsonValueSchema.optional(),
});

const hangFault = z
  .strictObject({
    type: z.literal("hang"),
  })
  .describe("No handshake answer; over HTTP no response headers.");

const cutFault = z.strictObject({
  type: z.literal("cut"),
  after: z
    .union([z.literal("request"), z.literal("first-event"), z.int().min(0)])
    .default("request")
    .describe("When: on the request, after the first event, or after so many events."),
  atByte: z.int().min(0).optional().describe("So many bytes of the next event go out too, frame header included."),
  how: z
    .union([z.literal("reset"), z.literal("close"), z.int().min(1000).max(4999)])
    .default("reset")
    .describe("TCP reset, TCP end without a goodbye, or a WebSocket close code (1006: socket dropped)."),
  reason: z.string().max(123).default("").describe("Reason in the close frame."),
});

const stallFault = z.strictObject({ type: z.literal("stall"), afterEvents }).describe("Silence until the client goes.");

const errorEventFault = z.strictObject({
  type: z.literal("error-event"),
  status: status.optional().describe("Left out of the event when missing; some servers do that."),
  error: z.record(z.string(), jsonValueSchema).describe("`type`, `code`, `message`, `param`, …"),
  headers: headers.optional(),
  shape: z
    .enum(["nested", "flat", "body-error", "response.failed", "status-code"])
    .default("nested")
    .describe(
      "Where the details sit: `error`, top level, `body.error`, `response.error`; or `status_code` for `status`.",
    ),
  afterEvents,
});

const rateLimitFault = z
  .strictObject({
    type: z.literal("rate-limit"),
    resetsInSeconds: z.int().min(0).default(3_600),
    planType: z.string().optional().describe("Default: the account's."),
    afterEvents,
  })
  .describe("429 usage_limit_reached: as status over HTTP, as error event on a socket.");

const malformedFault = z.strictObject({
  type: z.literal("malformed"),
  what: z.enum(["broken-json", "binary", "non-object", "wrong-type", "no-type"]).default("broken-json"),
  afterEvents: z.int().min(0).default(2),
});

const htmlFault = z
  .strictObject({
    type: z.literal("html"),
    status: status.default(403),
  })
  .describe("An edge's HTML page: instead of the handshake, or as the HTTP answer.");

const oneByteChunksFault = z.strictObject({ type: z.literal("one-byte-chunks") });
const extraAfterTerminalFault = z.strictObject({ type: z.literal("extra-after-terminal") });
const noTerminalFault = z
  .strictObject({ type: z.literal("no-terminal") })
  .describe("A clean end without terminal event.");
const unknownEventsFault = z.strictObject({ type: z.literal("unknown-events") });

export const faultSchema = z.discriminatedUnion("type", [
  handshakeFault,
  httpFault,
  hangFault,
  cutFault,
  stallFault,
  errorEventFault,
  rateLimitFault,
  malformedFault,
  htmlFault,
  oneByteChunksFault,
  extraAfterTerminalFault,
  noTerminalFault,
  unknownEventsFault,
]);

/** A disturbance as a test or a file writes it. */
export type Fault = z.input<typeof faultSchema>;
export type ParsedFault = z.output<typeof faultSchema>;

/** One queued answer or fault; the part of a `Scenario` that a file can hold. */
export const scenarioSchema = z.strictObject({
  transport: z.enum(["ws", "http", "any"]).default("any").describe("Which requests it is for."),
  answer: answerScriptSchema.optional().describe("Default: what the sandbox would have said anyway."),
  fault: faultSchema.optional(),
  times: z.int().positive().default(1).describe("How many requests take it."),
});
