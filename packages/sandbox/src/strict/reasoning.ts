import { apiRefusal } from "../refusal.ts";
import { itemType } from "./input.ts";
import type { InputItem } from "./request-schema.ts";
import type { Rule } from "./rule.ts";

const payloadsAreOurs: Rule = ({ input, minter, accountId }) => {
  for (const item of input) {
    if (item.type !== "reasoning" && item.type !== "compaction") continue;
    const payload = item.encrypted_content;
    if (payload === undefined || payload === null) {
      // With `store: false` an item without its payload says nothing: the backend looks its id up and finds none.
      const message =
        `Item with id '${item.id ?? ""}' not found. Items are not persisted when \`store\` is set to false. ` +
        "Try again with `store` set to true, or remove this item from your input.";
      return apiRefusal(404, { message, param: "input" });
    }
    if (!minter.isPayload(accountId, payload)) {
      const message =
        `The encrypted content for item ${item.id ?? ""} could not be verified. ` +
        "Reason: Encrypted content could not be decrypted or parsed.";
      return apiRefusal(400, { message, code: "invalid_encrypted_content" });
    }
  }
  return undefined;
};

function isModelOutput(item: InputItem | undefined): boolean {
  if (item === undefined) return false;
  if (itemType(item) === "message") return item.role === "assistant";
  return item.type === "reasoning" || item.type === "compaction" || (item.type?.endsWith("_call") ?? false);
}

export const reasoningHasItsFollower: Rule = ({ input }) => {
  const index = input.findIndex((item, at) => item.type === "reasoning" && !isModelOutput(input[at + 1]));
  if (index === -1) return undefined;
  const id = input[index]?.id ?? "";
  const message = `Item '${id}' of type 'reasoning' was provided without its required following item.`;
  return apiRefusal(400, { message, param: "input" });
};

export const reasoningRules: readonly Rule[] = [payloadsAreOurs, reasoningHasItsFollower];
