import type { Minter } from "../minter.ts";
import type { Refusal } from "../refusal.ts";
import type { InputItem, ResponsesRequest } from "./request-schema.ts";

/** Header names in lower case. */
export type HeaderMap = Readonly<Record<string, string>>;

/** What a rule looks at. */
export interface Subject {
  readonly request: ResponsesRequest;
  /** The whole conversation: on a continuation what the socket remembers, then what was sent. */
  readonly input: readonly InputItem[];
  readonly transport: "ws" | "http";
  /** Of the HTTP request, or of the socket's handshake. */
  readonly headers: HeaderMap;
  readonly accountId: string;
  readonly minter: Minter;
}

/** One rule of the backend: undefined when the request keeps it. */
export type Rule = (subject: Subject) => Refusal | undefined;

/** The first refusal of several rules. */
export function firstRefusal(rules: readonly Rule[], subject: Subject): Refusal | undefined {
  for (const rule of rules) {
    const refusal = rule(subject);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
