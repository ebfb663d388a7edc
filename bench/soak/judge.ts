import type { ModelResponse, ToolCallBlock } from "@turnout/core";
import { marksIn } from "./history.ts";
import type { TurnPlan } from "./turn-plan.ts";

/** What came back for one request. */
export type Reply =
  | { readonly kind: "answer"; readonly response: ModelResponse; readonly ends: number; readonly way: string }
  /** An error in the client's own words. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | { readonly kind: "cancelled" }
  /** No end, or no words. */
  | { readonly kind: "lost"; readonly message: string };

export type Verdict =
  | { readonly outcome: "right"; readonly call: ToolCallBlock | undefined }
  | { readonly outcome: "lost" | "doubled" | "wrong"; readonly message: string };

/** Compares an answer with the one that was due: a call while `wantsCall`, the text otherwise. */
export function judge(plan: TurnPlan, reply: Extract<Reply, { kind: "answer" }>, wantsCall: boolean): Verdict {
  const { response, ends } = reply;
  const calls = response.blocks.filter((block) => block.type === "tool-call");
  const text = response.blocks.map((block) => (block.type === "text" ? block.text : "")).join("");
  if (ends !== 1) return { outcome: ends === 0 ? "lost" : "doubled", message: `${ends} ends` };
  const call = calls[0];
  if (wantsCall) {
    if (calls.length > 1) return { outcome: "doubled", message: `${calls.length} calls` };
    const isRight = call !== undefined && text === "" && isSame(call.arguments, plan.call);
    if (isRight) return { outcome: "right", call };
    return { outcome: "wrong", message: `expected a call, got "${call?.arguments ?? text.slice(0, 200)}"` };
  }
  if (calls.length === 0 && text === plan.answer) return { outcome: "right", call: undefined };
  if (text.split(plan.answer).length > 2) return { outcome: "doubled", message: text.slice(0, 200) };
  const others = marksIn(text).filter((mark) => mark !== plan.mark);
  const whose = others.length > 0 ? ` (of ${others.join()})` : "";
  return { outcome: "wrong", message: `${calls.length} calls and "${text.slice(0, 200)}"${whose}` };
}

function isSame(text: string, expected: object | undefined): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(expected);
  } catch {
    return false; // Cut in the middle, for example.
  }
}
