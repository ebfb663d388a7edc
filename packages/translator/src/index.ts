export type * from "./codec.ts";
export { codecs, getCodec } from "./codecs.ts";
export { sniffEventType } from "./event-type.ts";
export { createFolder, fold, type Folder } from "./fold.ts";
export { createToolCallIds, mapToolCallId, type ToolCallIds } from "./ids.ts";
export { createLossCollector, type LossCollector } from "./report.ts";
export { createSseDecoder, formatSse, type SseDecoder, type SseDecoderOptions } from "./sse.ts";
export { createToolNames, type ToolIdentity, type ToolNames } from "./tool-names.ts";
export { unfold } from "./unfold.ts";
