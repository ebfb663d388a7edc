import { z } from "zod";

/** What a process is told that is started to carry out one rotation. Travels through its standard input: secrets. */
export const helperOrderSchema = z.object({
  /** Of the database. */
  path: z.string(),
  /** 32 bytes in base64. */
  key: z.string(),
  order: z.object({
    subject: z.string(),
    owner: z.string(),
    refreshToken: z.string(),
    token: z.object({
      oauth: z.object({ issuer: z.string(), clientId: z.string(), tokenPath: z.string() }),
      timeoutMs: z.number().optional(),
      proxyUrl: z.string().optional(),
      headers: z.record(z.string(), z.string()).optional(),
    }),
  }),
});
export type HelperOrder = z.output<typeof helperOrderSchema>;
