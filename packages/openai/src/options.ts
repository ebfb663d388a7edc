import { connectionFields, headerTextSchema, httpUrlSchema, sessionOptionsSchema } from "@turnout/upstream";
import { z } from "zod";

/**
 * What a user may set under `providers.openai`, accounts aside: the router takes those out and reads them with a schema of
 * their own.
 */
export const openaiOptionsSchema = z
  .strictObject({
    baseUrl: httpUrlSchema
      .default("https://api.openai.com/v1")
      .describe("http(s) URL of the API; the socket's URL follows from it."),
    api: z
      .enum(["responses", "chat"])
      .default("responses")
      .describe("responses: the Responses API; chat: Chat Completions."),
    transport: z
      .enum(["auto", "ws", "http"])
      .default("http")
      .describe("For Responses. auto: WebSocket, then HTTP; or one of them only."),
    organization: headerTextSchema.optional().describe("Header OpenAI-Organization, for accounts with several."),
    project: headerTextSchema.optional().describe("Header OpenAI-Project."),
    ...connectionFields,
    maxFrameBytes: z
      .int()
      .positive()
      .max(16_777_215)
      .default(15 * 1024 * 1024)
      .describe("Bytes of one WebSocket message; more goes over HTTP."),
    maxSocketsPerAccount: z
      .int()
      .positive()
      .default(40)
      .describe("WebSockets of one account at a time; more goes over HTTP."),
    sessions: sessionOptionsSchema.describe("How WebSockets are kept and used again."),
  })
  .refine(({ api, transport }) => api === "responses" || transport !== "ws", {
    path: ["transport"],
    error: "Chat Completions has no WebSocket",
  });

/** The options with every default filled in. */
export type OpenaiOptions = z.output<typeof openaiOptionsSchema>;

/** The options as a user writes them; all may be left out. */
export type OpenaiOptionsInput = z.input<typeof openaiOptionsSchema>;
