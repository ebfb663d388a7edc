import { withClientPaths } from "../client-paths.ts";
import type { Codec } from "../codec.ts";
import { createDocumentCollector } from "./collector.ts";
import { decodeError, encodeError } from "./error.ts";
import { createEventDecoder } from "./event-decoder.ts";
import { createEventEncoder } from "./event-encoder.ts";
import { wire } from "./extras.ts";
import { createStreamObserver } from "./observer.ts";
import { decodeCountTokensRequest, decodeRequest } from "./request-decode.ts";
import { encodeRequest } from "./request-encode.ts";
import { decodeResponse } from "./response-decode.ts";
import { encodeResponse } from "./response-encode.ts";

/**
 * Anthropic's Messages, of Anthropic and of those who speak like it.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export const anthropicMessages: Codec = {
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
  counting: {
    decodeRequest: decodeCountTokensRequest,
    encodeCount: (inputTokens) => ({ input_tokens: inputTokens }),
  },
  namedEvents: true,
  endOfStream: undefined,
};
