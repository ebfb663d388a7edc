import { withClientPaths } from "../client-paths.ts";
import type { Codec } from "../codec.ts";
import { createDocumentCollector } from "./collector.ts";
import { decodeError, encodeError } from "./error.ts";
import { createEventDecoder, doneData } from "./event-decoder.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { wire } from "./extras.ts";
import { createStreamObserver } from "./observer.ts";
import { decodeRequest } from "./request-decode.ts";
import { encodeRequest } from "./request-encode.ts";
import { decodeResponse, encodeResponse } from "./response.ts";

/**
 * Chat Completions, of OpenAI and of the many who speak like it.
 *
 * @see https://platform.openai.com/docs/api-reference/chat
 */
export const openaiChat: Codec = {
  wire,
  decodeRequest,
  encodeRequest: withClientPaths(wire, encodeRequest),
  decodeResponse,
  encodeResponse,
  decodeError,
  encodeError,
  createEventDecoder,
  createEventEncoder,
  createStreamObserver,
  createDocumentCollector,
  requestPlace: "body",
  namedEvents: false,
  endOfStream: { type: "", data: doneData },
};
