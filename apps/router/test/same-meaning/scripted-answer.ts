import { type AnswerScript, type AnswerStep, say } from "@turnout/sandbox";
import { patchTool, type Settings } from "./conversation.ts";
import type { Random } from "./random.ts";

/** What the sandbox will say, and what of it a client must see. */
export interface ScriptedAnswer {
  readonly script: AnswerScript;
  readonly texts: readonly string[];
  readonly calls: readonly { readonly name: string; readonly arguments: string; readonly isCustom: boolean }[];
}

export interface AnswerOptions {
  /** Stands in everything that is said, so that no two answers are alike. */
  readonly mark: string;
  readonly settings: Settings;
  readonly mayRefuse: boolean;
  /** Items that only clients of the Responses format know. */
  readonly maySearch: boolean;
  /** The format has tools of free text. */
  readonly mayPatch: boolean;
}

/** Spellings that programs change when they parse arguments and write them again. */
const oddArguments: readonly ((mark: string) => string)[] = [
  (mark) => `{"command":"${mark}"}`,
  (mark) => `{ "count": 1.0, "command": "${mark}" }`,
  (mark) => `{"command":"${mark}","count":12345678901234567890}`,
  (mark) => `{"command":"${mark} \\u00e9 \\/ \\n","nested":{"b":[1e2,-0.5],"a":null}}`,
  (mark) => `{"2":"two","1":"one","command":"${mark}"}`,
  (mark) => `{"command":"${mark} ü 漢 😀 \\"quoted\\"","__proto__":{"x":true}}`,
];

export function scriptAnswer(random: Random, options: AnswerOptions): ScriptedAnswer {
  const { mark, settings } = options;
  const steps: AnswerStep[] = [];
  const texts: string[] = [];
  const calls: { name: string; arguments: string; isCustom: boolean }[] = [];

  function think(percent: number): void {
    if (!random.chance(percent)) return;
    const parts = random.chance(25) ? [`First ${mark}`, "Then\n\nmore"] : random.chance(30) ? [] : [`Thought ${mark}`];
    steps.push(say.reasoning(parts, { encryptedLength: 60 + random.below(80) }));
  }

  function speak(): void {
    const text = settings.wantsJson
      ? JSON.stringify({ answer: mark })
      : `${random.pick(["Done", "Here it is", "  spaced", "Zeile\nzwei", "ünïcode 漢 😀"])} ${mark}.${texts.length}`;
    texts.push(text);
    const phase = random.pick([undefined, undefined, undefined, "commentary", "final_answer"] as const);
    const annotation = { type: "url_citation", url: "https://example.com", title: mark, start_index: 0, end_index: 2 };
    const cites = !settings.wantsJson && random.chance(4);
    steps.push(say.text(text, { ...(phase !== undefined && { phase }), ...(cites && { annotations: [annotation] }) }));
  }

  function call(): void {
    if (options.mayPatch && settings.hasPatchTool && random.chance(30)) {
      const input = `*** Begin ${mark}.${calls.length}\n{"not": arguments}`;
      calls.push({ name: patchTool.name, arguments: input, isCustom: true });
      steps.push(say.customCall(patchTool.name, input));
      return;
    }
    const name = random.pick(settings.tools).name;
    const args = random.pick(oddArguments)(`${mark}.${calls.length}`);
    calls.push({ name, arguments: args, isCustom: false });
    steps.push(say.call(name, args));
  }

  const mayCall = settings.tools.length > 0 && settings.toolChoice !== "none";
  const shape = random.weighted({
    text: 40,
    calls: mayCall ? 34 : 0,
    "text and calls": mayCall ? 12 : 0,
    "thoughts between": mayCall ? 5 : 0,
    "two texts": 3,
    refusal: options.mayRefuse ? 2 : 0,
    search: options.maySearch ? 3 : 0,
    "cut off": 2,
  });
  think(55);
  switch (shape) {
    case "text":
    case "cut off":
      speak();
      break;
    case "calls":
      for (let left = random.pick([1, 1, 1, 2, 2, 3]); left > 0; left -= 1) call();
      break;
    case "text and calls":
      speak();
      for (let left = random.pick([1, 2]); left > 0; left -= 1) call();
      break;
    case "thoughts between":
      call();
      think(100);
      call();
      break;
    case "two texts":
      speak();
      speak();
      break;
    case "refusal":
      texts.push(`I will not ${mark}`);
      steps.push(say.refusal(`I will not ${mark}`));
      break;
    case "search":
      steps.push(say.webSearch(`about ${mark}`));
      think(50);
      speak();
      break;
  }
  const finish = shape === "cut off" ? { finish: { type: "incomplete" as const } } : {};
  return { script: { steps, ...finish }, texts, calls };
}
