import { isSignature } from "../wire/signatures.ts";
import type { GeminiPart } from "./request-schema.ts";
import { at, readTurns, type GeminiRule, type GeminiTurn } from "./rule.ts";

const dataFields = [
  "text",
  "inlineData",
  "fileData",
  "functionCall",
  "functionResponse",
  "executableCode",
  "codeExecutionResult",
  "toolCall",
  "toolResponse",
] as const;

const contentsAreThere: GeminiRule = ({ request }) => {
  if (request.contents.length === 0) return at("contents", "contents is not specified");
  const index = request.contents.findIndex(({ parts }) => parts.length === 0);
  return index === -1 ? undefined : at(`contents[${index}].parts`, "contents.parts must not be empty.");
};

const rolesAreKnown: GeminiRule = ({ request }) =>
  request.contents.some(({ role }) => role !== undefined && role !== "" && role !== "user" && role !== "model")
    ? "Please use a valid role: user, model."
    : undefined;

const partsHoldOneThing: GeminiRule = ({ request }) => {
  for (const [index, { parts }] of request.contents.entries()) {
    for (const [place, part] of parts.entries()) {
      const given = dataFields.filter((field) => part[field] !== undefined);
      const name = `contents[${index}].parts[${place}].data`;
      if (given.length === 0) return at(name, "required oneof field 'data' must have one initialized field");
      if (given.length > 1) {
        return `Invalid value at 'contents[${index}].parts[${place}]' (oneof), oneof field 'data' is already set. Cannot set '${given[1]}'`;
      }
    }
  }
  return undefined;
};

const firstTurnIsTheUsers: GeminiRule = ({ request }) =>
  readTurns(request)[0]?.role === "model" ? "Please ensure that multiturn requests start with a user turn." : undefined;

const uriPattern =
  /^(https:\/\/generativelanguage\.googleapis\.com\/|https:\/\/(www\.)?youtube\.com\/|https:\/\/youtu\.be\/)/;

const filesCanBeRead: GeminiRule = ({ request }) => {
  for (const { parts } of readTurns(request)) {
    for (const { part, place } of parts) {
      if (part.fileData !== undefined && !uriPattern.test(part.fileData.fileUri)) {
        return `Invalid or unsupported file uri: ${part.fileData.fileUri}`;
      }
      if (part.inlineData !== undefined && !/^[a-z]+\/[\w.+-]+$/.test(part.inlineData.mimeType)) {
        return at(`${place}.inline_data.mime_type`, `Unsupported MIME type: ${part.inlineData.mimeType}`);
      }
    }
  }
  return undefined;
};

function callsOf(turn: GeminiTurn | undefined) {
  return (turn?.role === "model" ? turn.parts : []).flatMap(({ part, place }) =>
    part.functionCall === undefined ? [] : [{ call: part.functionCall, part, place }],
  );
}

function responsesOf(turn: GeminiTurn | undefined) {
  return (turn?.role === "user" ? turn.parts : []).flatMap(({ part, place }) =>
    part.functionResponse === undefined ? [] : [{ response: part.functionResponse, place }],
  );
}

const partsFitTheirRole: GeminiRule = ({ request }) => {
  for (const { role, parts } of readTurns(request)) {
    if (role === "user" && parts.some(({ part }) => part.functionCall !== undefined)) {
      return "Please ensure that function call turn comes immediately after a user turn or after a function response turn.";
    }
    if (role === "model" && parts.some(({ part }) => part.functionResponse !== undefined)) {
      return "Please ensure that function response turn comes immediately after a function call turn.";
    }
  }
  return undefined;
};

const callsHaveTheirResponses: GeminiRule = ({ request }) => {
  const turns = readTurns(request);
  for (const [index, turn] of turns.entries()) {
    const calls = callsOf(turn);
    const responses = responsesOf(turns[index + 1]);
    if (calls.length > 0 && index === turns.length - 1) {
      return "Please ensure that multiturn requests ends with a user role or a function response.";
    }
    if (calls.length > 0 && calls.length !== responses.length) {
      return (
        "Please ensure that the number of function response parts is equal to the number of function call parts " +
        "of the function call turn."
      );
    }
    if (responsesOf(turn).length > 0 && callsOf(turns[index - 1]).length === 0) {
      return "Please ensure that function response turn comes immediately after a function call turn.";
    }
  }
  return undefined;
};

function matches(
  call: NonNullable<GeminiPart["functionCall"]>,
  response: NonNullable<GeminiPart["functionResponse"]>,
): boolean {
  if (call.name !== response.name) return false;
  return call.id === undefined || response.id === undefined || call.id === response.id;
}

const responsesNameTheirCalls: GeminiRule = ({ request }) => {
  const turns = readTurns(request);
  for (const [index, turn] of turns.entries()) {
    const open = callsOf(turns[index - 1]).map(({ call }) => call);
    for (const { response, place } of responsesOf(turn)) {
      if (response.name === "") return at(`${place}.function_response.name`, "Name cannot be empty.");
      if (typeof response.response !== "object" || response.response === null || Array.isArray(response.response)) {
        return `Invalid value at '${place}.function_response.response' (type.googleapis.com/google.protobuf.Struct)`;
      }
      const found = open.findIndex((call) => matches(call, response));
      if (found === -1) {
        return "Please ensure that function response parts match the function call parts of the function call turn by name and id.";
      }
      open.splice(found, 1);
    }
  }
  return undefined;
};

const callsHaveNames: GeminiRule = ({ request }) => {
  for (const turn of readTurns(request)) {
    const nameless = callsOf(turn).find(({ call }) => call.name === "");
    if (nameless !== undefined) return at(`${nameless.place}.function_call.name`, "Name cannot be empty.");
  }
  return undefined;
};

/** Documented: it stands for a signature that another provider's history does not have. */
const sentinels = new Set(["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"]);

/** What the signature of a part is over. */
export function signedContents(part: Pick<GeminiPart, "functionCall">): string[] {
  return [part.functionCall === undefined ? "part" : `call:${part.functionCall.name}`];
}

const signaturesAreOurs: GeminiRule = ({ request, model, minter }) => {
  for (const { parts } of readTurns(request)) {
    for (const { part } of parts) {
      const { thoughtSignature } = part;
      if (thoughtSignature === undefined || thoughtSignature === "") continue;
      if (sentinels.has(thoughtSignature) && model.generation === 3) continue;
      if (!isSignature(minter, thoughtSignature, signedContents(part))) return "Corrupted thought signature.";
    }
  }
  return undefined;
};

const firstCallsAreSigned: GeminiRule = ({ request, model }) => {
  if (model.generation !== 3) return undefined;
  const turns = readTurns(request);
  const lastWord = turns.findLastIndex((turn) => turn.role === "user" && responsesOf(turn).length === 0);
  for (const turn of turns.slice(lastWord + 1)) {
    const [first] = callsOf(turn);
    if (first === undefined || (first.part.thoughtSignature ?? "") !== "") continue;
    const position = turns.indexOf(turn) + 1;
    return (
      "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, " +
      "and missing thought_signature may lead to degraded model performance. Additional data, function call " +
      `\`default_api:${first.call.name}\` , position ${position}. Please refer to ` +
      "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
    );
  }
  return undefined;
};

/** Those that a count of tokens keeps, too: Gemini CLI counts single contents. */
export const formRules: readonly GeminiRule[] = [contentsAreThere, rolesAreKnown, partsHoldOneThing];

export const contentRules: readonly GeminiRule[] = [
  contentsAreThere,
  rolesAreKnown,
  partsHoldOneThing,
  firstTurnIsTheUsers,
  filesCanBeRead,
  partsFitTheirRole,
  callsHaveNames,
  callsHaveTheirResponses,
  responsesNameTheirCalls,
  signaturesAreOurs,
  firstCallsAreSigned,
];
