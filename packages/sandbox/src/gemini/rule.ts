import type { Minter } from "../minter.ts";
import type { GeminiModel } from "./models.ts";
import type { FunctionDeclaration, GeminiContent, GeminiPart, GeminiRequest } from "./request-schema.ts";

/** What a rule looks at. */
export interface GeminiSubject {
  readonly request: GeminiRequest;
  readonly model: GeminiModel;
  readonly inputTokens: number;
  readonly minter: Minter;
}

/** One rule of the Gemini API: Google's text when the request breaks it. */
export type GeminiRule = (subject: GeminiSubject) => string | undefined;

/** How Google marks what its own service finds, beside what its front end does. */
export function at(place: string, text: string): string {
  return `* GenerateContentRequest.${place}: ${text}\n`;
}

/** Neighbours of one role are one turn. */
export interface GeminiTurn {
  readonly role: "user" | "model";
  readonly parts: readonly { readonly part: GeminiPart; readonly place: string }[];
}

/** A content without role is the user's. */
function roleOf({ role }: GeminiContent): GeminiTurn["role"] {
  return role === "model" ? "model" : "user";
}

export function readTurns(request: GeminiRequest): GeminiTurn[] {
  const turns: { role: GeminiTurn["role"]; parts: { part: GeminiPart; place: string }[] }[] = [];
  for (const [index, content] of request.contents.entries()) {
    const parts = content.parts.map((part, at) => ({ part, place: `contents[${index}].parts[${at}]` }));
    const last = turns.at(-1);
    if (last?.role === roleOf(content)) last.parts.push(...parts);
    else turns.push({ role: roleOf(content), parts });
  }
  return turns;
}

export function declarationsOf({ tools }: GeminiRequest): FunctionDeclaration[] {
  return tools.flatMap(({ functionDeclarations }) => functionDeclarations);
}
