import { withClientPaths } from "../client-paths.ts";
import type { Codec } from "../codec.ts";
import { createDocumentCollector } from "./collector.ts";
import { decodeError } from "./error-decode.ts";
import { encodeError } from "./error-encode.ts";
import { createEventDecoder } from "./event-decoder.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { wire } from "./extras.ts";
import { createStreamObserver } from "./observer.ts";
import { decodeRequest } from "./request-decode.ts";
import { encodeRequest } from "./request-encode.ts";
import { decodeResponse } from "./response-decode.ts";
import { encodeResponse } from "./response-encode.ts";

/**
 * Google's `generateContent` and `streamGenerateContent`, of the Gemini API and of Vertex. Its streams have no end marker:
 * a chunk with a `finishReason` ends them.
 *
 * @see https://ai.google.dev/api/generate-content
 */
export const gemini: Codec = {
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
  namedEvents: false,
  requestPlace: "address",
  counting: {
    decodeRequest,
    encodeCount: (inputTokens) => ({ totalTokens: inputTokens }),
  },
  endOfStream: undefined,
};
