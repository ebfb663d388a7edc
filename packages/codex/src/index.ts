export { codexAuth } from "./authentication.ts";
export { prepareCodexCompactBody } from "./compact-body.ts";
export { type CodexCommons, codexCommons } from "./conversations.ts";
export { prepareCodexBody, type PrepareCodexBodyOptions } from "./body.ts";
export { isCodexPrivate, isCodexTerminal, readCodexError, readCodexErrorEvent, readCodexRefusal } from "./error.ts";
export {
  codexForwardedHeaders,
  codexHttpHeaders,
  codexResponseHeaders,
  codexRoutingHint,
  type CodexSession,
  codexSession,
  codexSocketHeaders,
} from "./headers.ts";
export { isLiteRequest } from "./lite.ts";
export { codexLimits } from "./limits.ts";
export { readCodexModels } from "./model-catalogue.ts";
export { codexModels } from "./models.ts";
export {
  codexBaseUrl,
  codexBaseUrlFor,
  type CodexOptions,
  type CodexOptionsInput,
  codexOptionsSchema,
  type CodexRules,
  codexRulesFor,
  codexUserAgent,
  openaiBaseUrl,
} from "./options.ts";
export { codexQuotaNotice, readCodexQuotaEvent, tellCodexQuotas } from "./quota/quota-event.ts";
export { readCodexQuota } from "./quota/quota-headers.ts";
export { createCodexQuotaReader, readCodexUsage } from "./quota/usage-endpoint.ts";
export { createTurnStates, type TurnStates, turnStateHeader, turnStateNotices } from "./turn-states.ts";
