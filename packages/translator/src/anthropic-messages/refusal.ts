import { isJsonObject, type JsonValue, type RefusalDetails } from "@turnout/core";

/** Note on a refusal: it stood in `stop_details`, not in the content. */
export const detailsNote = "$stop_details";

/** Other formats tell a refusal in words, so there must be some. */
const unexplained = "The model refused to answer.";

/** `stop_details` of a refused answer. */
export function decodeRefusal(details: JsonValue | undefined): RefusalDetails {
  const { category, explanation } = isJsonObject(details) ? details : {};
  return {
    ...(typeof category === "string" && { category }),
    ...(typeof explanation === "string" && explanation !== "" && { explanation }),
  };
}

/** What other formats' clients are told of it. */
export function refusalText(details: RefusalDetails): string {
  return details.explanation ?? unexplained;
}

/** `stop_details` for a refusal in the model's words, or the provider's. */
export function encodeRefusal(text: string, details: RefusalDetails | undefined): JsonValue {
  const explanation = details?.explanation ?? (text === "" || text === unexplained ? null : text);
  return { type: "refusal", category: details?.category ?? null, explanation };
}
