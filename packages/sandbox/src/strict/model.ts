import { compareVersions, findModel } from "../models.ts";
import { apiRefusal, detailRefusal } from "../refusal.ts";
import { clientVersion, isFirstParty } from "./identity.ts";
import type { Rule } from "./rule.ts";

const modelIsKnown: Rule = ({ request }) =>
  findModel(request.model) === undefined
    ? detailRefusal(400, `The '${request.model}' model is not supported when using Codex with a ChatGPT account.`)
    : undefined;

const clientIsRecent: Rule = ({ request, headers }) => {
  const minimum = findModel(request.model)?.minimalClientVersion;
  const version = clientVersion(headers);
  // A client with a name of its own tells no Codex version; since late July 2026 the backend lets it through.
  if (minimum === undefined || version === undefined || !isFirstParty(headers)) return undefined;
  if (compareVersions(version, minimum) >= 0) return undefined;
  const detail =
    `The '${request.model}' model requires a newer version of Codex. ` +
    "Please upgrade to the latest app or CLI and try again.";
  return detailRefusal(400, detail);
};

const effortFitsTheModel: Rule = ({ request }) => {
  const effort = request.reasoning?.effort;
  const efforts = findModel(request.model)?.efforts ?? [];
  if (effort === undefined || effort === null || efforts.includes(effort)) return undefined;
  const values = efforts.map((value) => `'${value}'`).join(", ");
  const message =
    `Unsupported value: '${effort}' is not supported with the '${request.model}' model. ` +
    `Supported values are: ${values}.`;
  return apiRefusal(400, { message, code: "unsupported_value", param: "reasoning.effort" });
};

const tierFitsTheModel: Rule = ({ request }) => {
  const tier = request.service_tier;
  if (tier === undefined || findModel(request.model)?.serviceTiers.includes(tier) === true) return undefined;
  return detailRefusal(400, `Unsupported service_tier: ${tier}`);
};

const hintFitsTheBody: Rule = ({ request, headers }) => {
  const hint = headers["x-codex-routing-hint"];
  if (hint === undefined) return undefined;
  const fields = new Map(hint.split(";").map((part) => part.trim().split("=", 2) as [string, string]));
  const tier = fields.get("tier");
  if (fields.get("model") === request.model && (tier === undefined || tier === request.service_tier)) return undefined;
  return detailRefusal(400, `Header x-codex-routing-hint '${hint}' does not match the request`);
};

export const modelRules: readonly Rule[] = [
  modelIsKnown,
  clientIsRecent,
  effortFitsTheModel,
  tierFitsTheModel,
  hintFitsTheBody,
];
