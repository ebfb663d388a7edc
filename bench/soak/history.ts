/**
 * What a conversation of the soak looks like, so that both ends can tell whether an answer and a history are the right ones: every
 * text carries the mark of its turn, and what the user says also names the turns before it.
 */
import { z } from "zod";

/** Mark of one turn of one conversation: it stands in everything that is said in it. */
export function markOf(conversation: number, turn: number): string {
  return `<<c${conversation}.${turn}>>`;
}

/** What the user says: who is asked, after which turns, and what the sandbox shall do. */
export function userTextOf(mark: string, before: readonly number[], directives: string): string {
  return `Turn ${mark} after ${before.join(",")}; ${directives}`;
}

/** The marks in a text, each once, in order. */
export function marksIn(text: string): string[] {
  return [...new Set(text.match(/<<c\d+\.\d+>>/gu))];
}

const itemSchema = z.looseObject({ type: z.string().optional(), role: z.string().optional() });

/** A letter for each kind of item that carries a mark. */
function kindOf(item: unknown): string {
  const { type = "message", role } = itemSchema.parse(item);
  if (type === "message") return role === "user" ? "u" : role === "assistant" ? "a" : "";
  return { function_call: "c", function_call_output: "o" }[type] ?? "";
}

interface Marked {
  readonly kind: string;
  readonly mark: string;
}

const wholeTurns = new Set(["ua", "ucoa"]);
const openTurns = new Set(["u", "uco"]);

/**
 * Looks whether a conversation is what its last user message says it is: all the turns named there, whole, in order, each once, and
 * nothing of anybody else.
 *
 * @param items - Input items of the Responses API.
 * @returns What is wrong; undefined when nothing is.
 */
export function findHistoryFault(items: readonly unknown[]): string | undefined {
  const marked: Marked[] = [];
  let last = "";
  for (const item of items) {
    const kind = kindOf(item);
    if (kind === "") continue;
    const text = JSON.stringify(item);
    const marks = marksIn(text);
    if (marks.length !== 1) return `an item has ${marks.length} marks: ${text.slice(0, 200)}`;
    marked.push({ kind, mark: marks[0] ?? "" });
    if (kind === "u") last = text;
  }
  const named = /Turn <<c(\d+)\.(\d+)>> after ([\d,]*);/u.exec(last);
  if (named === null) return "no user message names its turn";
  const [, conversation = "", turn = "", before = ""] = named;
  const turns = [...before.split(",").filter((text) => text !== ""), turn];
  const groups = groupByMark(marked);
  const expected = turns.map((number) => markOf(Number(conversation), Number(number)));
  const found = groups.map(({ mark }) => mark);
  if (found.join() !== expected.join()) return `expected turns ${expected.join()}, found ${found.join()}`;
  const wrong = groups.find(({ kinds }, index) => !(index < groups.length - 1 ? wholeTurns : openTurns).has(kinds));
  return wrong === undefined ? undefined : `turn ${wrong.mark} has items ${wrong.kinds}`;
}

function groupByMark(marked: readonly Marked[]): { mark: string; kinds: string }[] {
  const groups: { mark: string; kinds: string }[] = [];
  for (const { kind, mark } of marked) {
    const group = groups.at(-1);
    if (group?.mark === mark) group.kinds += kind;
    else groups.push({ mark, kinds: kind });
  }
  return groups;
}
