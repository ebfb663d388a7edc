import type { Entry, SeenAnswer, Settings, ToolDeclaration, ToolOutput } from "./conversation.ts";
import type { Random } from "./random.ts";

const models = ["gpt-5.4", "gpt-5.5", "gpt-5.4-mini"].map((model) => `codex/${model}`);

const tools: readonly ToolDeclaration[] = [
  { name: "run_command", description: "Runs a command." },
  { name: "read_file", description: "Reads a file." },
  { name: "search-web", description: "Searches." },
];

export function randomSettings(random: Random): Settings {
  return {
    model: random.pick(models),
    instructions: random.pick([undefined, "Be brief.", "Be thorough.\nAlways."]),
    effort: random.pick([undefined, "low", "medium", "high"] as const),
    tools: random.pick([[], tools.slice(0, 1), tools, tools]),
    hasPatchTool: random.chance(30),
    toolChoice: random.pick([undefined, undefined, "auto", "auto", "required"] as const),
    parallelCalls: random.pick([undefined, undefined, true, false]),
    wantsJson: random.chance(10),
  };
}

/** The same but for one thing. */
export function otherSettings(settings: Settings, random: Random): Settings {
  const fresh = randomSettings(random);
  switch (
    random.pick(["model", "instructions", "effort", "tools", "toolChoice", "parallelCalls", "wantsJson"] as const)
  ) {
    case "model":
      return { ...settings, model: fresh.model };
    case "instructions":
      return { ...settings, instructions: fresh.instructions };
    case "effort":
      return { ...settings, effort: fresh.effort };
    case "tools":
      return { ...settings, tools: random.pick([random.shuffled(settings.tools), tools, reworded(settings.tools)]) };
    case "toolChoice":
      return {
        ...settings,
        toolChoice: settings.tools.length === 0 ? undefined : random.pick(["none", "first", "auto"]),
      };
    case "parallelCalls":
      return { ...settings, parallelCalls: fresh.parallelCalls };
    case "wantsJson":
      return { ...settings, wantsJson: !settings.wantsJson };
  }
}

function reworded(declared: readonly ToolDeclaration[]): ToolDeclaration[] {
  return declared.map((tool) => ({ ...tool, description: `${tool.description} Carefully.` }));
}

export function lastAnswer(history: readonly Entry[]): SeenAnswer | undefined {
  const last = history.at(-1);
  return last?.kind === "answer" ? last.answer : undefined;
}

export function userEntry(mark: string, random: Random): Entry {
  const texts = random.chance(15) ? [`Context of ${mark}`, `Do ${mark}`] : [`Do ${mark}`];
  return { kind: "user", texts, hasImage: random.chance(6) };
}

/** What comes after the history: what the user says, or the outputs of the calls that wait for them. */
export function continuation(history: readonly Entry[], mark: string, random: Random, interrupts = false): Entry {
  const waiting = lastAnswer(history)?.calls ?? [];
  if (waiting.length === 0) return userEntry(mark, random);
  const outputs: ToolOutput[] = random.shuffled(waiting).map((call) => ({
    call,
    texts: random.chance(12)
      ? [`part of ${mark}`, `output of ${call.name} ${mark}`]
      : [random.pick([`output ${mark}`, `{"ok":true,"mark":"${mark}"}`, `lines\n${mark}\n`])],
    isMissing: interrupts && random.chance(60),
    hasImage: random.chance(5),
    isError: random.chance(8),
  }));
  const saysMore = interrupts || outputs.some((output) => output.isMissing) || random.chance(6);
  return { kind: "outputs", outputs, text: saysMore ? `Meanwhile ${mark}` : undefined };
}

/** Places of entries of a kind. */
export function placesOf(history: readonly Entry[], kind: Entry["kind"]): number[] {
  return history.flatMap((entry, index) => (entry.kind === kind ? [index] : []));
}

export function replaced(history: readonly Entry[], place: number, entry: Entry): Entry[] {
  return history.map((old, index) => (index === place ? entry : old));
}
