import type { ChatMessage } from "./request-schema.ts";
import { emptyArray, tooLong, type ChatRule } from "./rule.ts";

const thereAreMessages: ChatRule = ({ request }) =>
  request.messages.length === 0 ? emptyArray("messages") : undefined;

const rolesFitModel: ChatRule = ({ request, model }) => {
  const refused = (role: string) =>
    (role === "system" && !model.systemRole) ||
    (role === "developer" && (model.vendor !== "openai" || !model.systemRole));
  const index = request.messages.findIndex(({ role }) => refused(role));
  const role = request.messages[index]?.role;
  if (role === undefined) return undefined;
  const param = `messages[${index}].role`;
  const message = `Unsupported value: '${param}' does not support '${role}' with this model.`;
  return { message, param, code: "unsupported_value" };
};

const contentIsThere: ChatRule = ({ request }) => {
  for (const [index, message] of request.messages.entries()) {
    if (Array.isArray(message.content) && message.content.length === 0) return emptyArray(`messages[${index}].content`);
    if (message.role !== "assistant") continue;
    if (message.tool_calls?.length === 0) return emptyArray(`messages[${index}].tool_calls`);
    const says = typeof message.content === "string" || Array.isArray(message.content);
    const other = message.tool_calls ?? message.function_call ?? message.refusal ?? message.audio;
    if (!says && (other === undefined || other === null)) {
      const param = `messages.[${index}].content`;
      return { message: "Invalid value for 'content': expected a string, got null.", param };
    }
  }
  return undefined;
};

function isToolMessage(message: ChatMessage | undefined): message is ChatMessage & { role: "tool" } {
  return message?.role === "tool";
}

/** The ids that the tool messages directly after a message answer. */
function answersAfter(messages: readonly ChatMessage[], index: number): string[] {
  const ids: string[] = [];
  for (const message of messages.slice(index + 1)) {
    if (!isToolMessage(message)) break;
    ids.push(message.tool_call_id);
  }
  return ids;
}

/** The assistant message that a tool message stands behind. */
function callerOf(messages: readonly ChatMessage[], index: number): ChatMessage | undefined {
  return messages.slice(0, index).findLast((message) => !isToolMessage(message));
}

const resultsHaveTheirCalls: ChatRule = ({ request: { messages } }) => {
  for (const [index, message] of messages.entries()) {
    if (!isToolMessage(message)) continue;
    const caller = callerOf(messages, index);
    const ids = caller?.role === "assistant" ? (caller.tool_calls ?? []).map(({ id }) => id) : [];
    if (ids.length === 0) {
      return {
        message:
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        param: `messages.[${index}].role`,
      };
    }
    if (!ids.includes(message.tool_call_id)) {
      return {
        message: `Invalid parameter: 'tool_call_id' of '${message.tool_call_id}' not found in 'tool_calls' of previous message.`,
        param: `messages.[${index}].tool_call_id`,
      };
    }
  }
  return undefined;
};

const callsHaveTheirResults: ChatRule = ({ request: { messages } }) => {
  for (const [index, message] of messages.entries()) {
    if (message.role !== "assistant" || message.tool_calls === undefined) continue;
    const answered = answersAfter(messages, index);
    const missing = message.tool_calls.map(({ id }) => id).filter((id) => !answered.includes(id));
    if (missing.length > 0) {
      return {
        message:
          "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
          `The following tool_call_ids did not have response messages: ${missing.join(", ")}`,
        param: `messages.[${index + 1 + answered.length}].role`,
      };
    }
  }
  return undefined;
};

const callIdsAreShort: ChatRule = ({ request, model }) => {
  for (const [index, message] of request.messages.entries()) {
    if (message.role !== "assistant") continue;
    for (const [at, { id }] of (message.tool_calls ?? []).entries()) {
      if (id.length > model.callIdLimit) {
        return tooLong(`messages[${index}].tool_calls[${at}].id`, model.callIdLimit, id.length);
      }
    }
  }
  return undefined;
};

const imagesAreTheUsers: ChatRule = ({ request }) => {
  const index = request.messages.findIndex(
    ({ role, content }) => role === "tool" && Array.isArray(content) && content.some(({ type }) => type !== "text"),
  );
  if (index === -1) return undefined;
  const place = `messages[${index}]`;
  return {
    message:
      `Invalid '${place}'. Image URLs are only allowed for messages with role 'user', ` +
      "but this message with role 'tool' contains an image URL.",
    param: place,
    code: "invalid_value",
  };
};

const imageTypes = /^data:image\/(png|jpe?g|gif|webp);base64,/;

const imagesCanBeRead: ChatRule = ({ request }) => {
  for (const { content } of request.messages) {
    for (const part of Array.isArray(content) ? content : []) {
      if (part.type !== "image_url" || /^https?:\/\//.test(part.image_url.url)) continue;
      if (!imageTypes.test(part.image_url.url)) {
        const message =
          "You uploaded an unsupported image. Please make sure your image has of one the following formats: " +
          "['png', 'jpeg', 'gif', 'webp'].";
        return { message, code: "invalid_image_format" };
      }
    }
  }
  return undefined;
};

const reasoningIsTheVendors: ChatRule = ({ request, model }) => {
  const { messages } = request;
  if (model.vendor === "openai") {
    const index = messages.findIndex((message) => "reasoning_content" in message);
    const param = `messages[${index}].reasoning_content`;
    return index === -1 ? undefined : { message: `Unknown parameter: '${param}'.`, param, code: "unknown_parameter" };
  }
  if (model.id !== "deepseek-reasoner") return undefined;
  // Within a tool loop the reasoning must come back.
  const lastUser = messages.findLastIndex(({ role }) => role === "user");
  const index = messages.findIndex(
    (message, at) =>
      at > lastUser &&
      message.role === "assistant" &&
      message.tool_calls !== undefined &&
      typeof message.reasoning_content !== "string",
  );
  return index === -1
    ? undefined
    : { message: `Missing \`reasoning_content\` field in the assistant message at message index ${index}.` };
};

export const messageRules: readonly ChatRule[] = [
  thereAreMessages,
  rolesFitModel,
  contentIsThere,
  resultsHaveTheirCalls,
  callsHaveTheirResults,
  callIdsAreShort,
  imagesAreTheUsers,
  imagesCanBeRead,
  reasoningIsTheVendors,
];
