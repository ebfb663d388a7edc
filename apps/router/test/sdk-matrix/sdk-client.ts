import type { WireFormat } from "@turnout/core";

/** What every SDK is asked to do, in words that no format owns. */
export interface SdkClient {
  /** A whole answer. */
  ask(): Promise<string>;
  /** A streamed answer; the text is joined from the deltas. */
  stream(): Promise<string>;
  /** Offers the tool `weather` and returns the calls, with a way to send their results. */
  callTools(): Promise<ToolTurn>;
  /** Asks for an object of `citySchema`. */
  structured(): Promise<unknown>;
  /** Sends the picture beside a question. */
  showImage(): Promise<string>;
  /** Streams and leaves after the first text. */
  leave(): Promise<void>;
  /** The status in the SDK's own error class, of a request that fails. */
  statusOfFailure(): Promise<number | undefined>;
}

export interface ToolTurn {
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  /** Sends one result per call, in their order, and returns the text that follows. */
  answerWith(results: readonly string[]): Promise<string>;
}

export interface SdkClientOptions {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly model: string;
}

/** An SDK as the matrix names it. */
export interface Sdk {
  readonly name: string;
  /** The language it speaks. */
  readonly wire: WireFormat;
  create(options: SdkClientOptions): SdkClient;
}

export const prompt = "What is the weather?";

export const weatherSchema = {
  type: "object" as const,
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

export const citySchema = {
  type: "object" as const,
  properties: { city: { type: "string" }, degrees: { type: "number" } },
  required: ["city", "degrees"],
  additionalProperties: false,
};

/** A red pixel. */
export const picture = {
  mediaType: "image/png" as const,
  base64: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
};

export const pictureUrl = `data:${picture.mediaType};base64,${picture.base64}`;

/** The status an SDK's error carries, whatever its class calls it. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("status" in error && typeof error.status === "number") return error.status;
  return "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
}

export async function statusOfRejection(promise: Promise<unknown>): Promise<number | undefined> {
  return promise.then(() => 200, statusOf);
}
