// Chat and Responses tell errors in the same words.
export { encodeOpenaiError as encodeError } from "../openai-error.ts";
export { decodeOpenaiError as decodeError } from "../openai-error-decode.ts";
