import type { Installed } from "./client-cache.ts";
import type { Conversation } from "./run-process.ts";

/** Where one run of a client takes place. Everything below `home` and `work` is its own and goes away afterwards. */
export interface Place {
  /** Of the router, for example `http://127.0.0.1:40001`. */
  readonly routerUrl: string;
  /** The client key the router asks for. */
  readonly key: string;
  /** What the client asks for: the router's name of a model. */
  readonly model: string;
  /** One of the client's `ways`. */
  readonly way: Way;
  /** Absolute; the client's HOME. */
  readonly home: string;
  /** Absolute; where the client is started, and its tools work. */
  readonly work: string;
}

/** One way in which a client can be told to ask. */
export interface Way {
  /** The format it speaks. */
  readonly wire: string;
  /** What carries its requests to the router. */
  readonly transport: "http" | "ws";
  /** What sets it apart from the client's other ways of the same format, in tables; absent for the ordinary one. */
  readonly label?: string;
  /** What it asks over HTTP all the same, on a way over a socket. */
  readonly besides?: string;
  /** Each process warms its socket up before it asks. */
  readonly warmsUp?: boolean;
  /** Each process sends its conversation once, and from then on refers to the answer before. */
  readonly refersBack?: boolean;
}

/** The ordinary ways: these formats over HTTP. */
export function overHttp(wires: readonly string[]): Way[] {
  return wires.map((wire) => ({ wire, transport: "http" }));
}

/** How a client is started, for all turns of a conversation. */
export interface Invocation {
  /** Settings files: path below `home` to content. */
  readonly files: Readonly<Record<string, string>>;
  /** Beside HOME, PATH and the like, which every client gets. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * @param turn - 1 begins a conversation; a later one continues it in a process of its own.
   */
  commandLine(prompt: string, turn: number): readonly string[];
  /**
   * For a program that has all turns in one process, which is then started once, with an empty prompt: one turn over its
   * standard input and output.
   *
   * @returns What the client showed of the answer.
   */
  converse?(conversation: Conversation, prompt: string, turn: number): Promise<string>;
  /** What is wrong with what the client showed beside the answer; empty when nothing is. */
  judgeOutput?(output: string): readonly string[];
  /** What is wrong with what the client has left behind below its HOME; empty when nothing is. */
  judgeHome?(home: string): readonly string[];
}

/** A command-line client that users point at turnout. */
export interface ClientProgram {
  /** In file names and on the command line. */
  readonly id: string;
  /** As its makers write it. */
  readonly name: string;
  /** On the npm registry. */
  readonly package: string;
  readonly version: string;
  /** Its program is JavaScript and needs at least this Node; absent when it is native. */
  readonly node?: string;
  readonly ways: readonly Way[];
  /** Upstreams that refuse what it sends when it continues a conversation, with the reason; one turn is tried there. */
  readonly oneTurn?: Readonly<Record<string, string>>;
  /** Its tool that runs a shell command, as a model calls it. */
  shellCall(command: string): ShellCall;
  /** Program and first arguments. */
  start(installed: Installed): readonly string[];
  invocation(place: Place): Invocation;
}

export interface ShellCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}
