import { styleText } from "node:util";

/** What a command writes to, and what it may expect there. */
export interface Terminal {
  /** Somebody can answer: input and errors are a terminal. */
  readonly interactive: boolean;
  /** A line of the result, on standard output. */
  print(text: string): void;
  /** The result for scripts, on one line. */
  printJson(value: unknown): void;
  /** A line beside the result, on standard error. */
  say(text: string): void;
  /** A line that is written over by the next one, on standard error; only where that is a terminal. */
  progress(text: string): void;
  /** Takes the line of progress away. */
  endProgress(): void;
  /** Colours on standard output, and only where that is a terminal. */
  colour(name: Colour, text: string): string;
}

export type Colour = "green" | "yellow" | "red" | "dim" | "bold";

const eraseLine = "\r\u001B[2K";

/** The terminal of this process. `NO_COLOR` and a terminal called dumb take the colours away. */
export function createTerminal(environment: Readonly<Record<string, string | undefined>> = process.env): Terminal {
  const { stdin, stdout, stderr } = process;
  const isPlain = (environment["NO_COLOR"] ?? "") !== "" || environment["TERM"] === "dumb";
  const hasColours = stdout.isTTY && !isPlain;
  let progressing = false;

  function endProgress(): void {
    if (progressing) stderr.write(eraseLine);
    progressing = false;
  }

  return {
    interactive: stdin.isTTY && stderr.isTTY,
    print: (text) => {
      endProgress();
      stdout.write(`${text}\n`);
    },
    printJson: (value) => {
      endProgress();
      stdout.write(`${JSON.stringify(value)}\n`);
    },
    say: (text) => {
      endProgress();
      stderr.write(`${text}\n`);
    },
    progress: (text) => {
      if (!stderr.isTTY) return;
      stderr.write(`${eraseLine}${text}`);
      progressing = true;
    },
    endProgress,
    colour: (name, text) => (hasColours ? styleText(name, text) : text),
  };
}
