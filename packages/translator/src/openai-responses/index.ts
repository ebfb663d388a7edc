import { withClientPaths } from "../client-paths.ts";
import type { Codec } from "../codec.ts";
import { encodeOpenaiError } from "../openai-error.ts";
import { decodeOpenaiError } from "../openai-error-decode.ts";
import { createDocumentCollector } from "./collector.ts";
import { createEventDecoder } from "./event-decoder.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { wire } from "./extras.ts";
import { createStreamObserver } from "./observer.ts";
import { decodeRequest } from "./request-decode.ts";
import { encodeRequest } from "./request-encode.ts";
import { decodeResponse } from "./response.ts";
import { encodeResponse } from "./response-encode.ts";

/** OpenAI Responses, of the public API and of the ChatGPT backend. */
export const openaiResponses: Codec = {
  wire,
  decodeRequest,
  encodeRequest: withClientPaths(wire, encodeRequest),
  decodeResponse,
  encodeResponse,
  decodeError: decodeOpenaiError,
  encodeError: encodeOpenaiError,
  createEventDecoder,
  createEventEncoder,
  createStreamObserver,
  createDocumentCollector,
  requestPlace: "body",
  namedEvents: true,
  endOfStream: undefined,
};
