import { z } from "zod";

const requestSchema = z.object({ id: z.number(), command: z.string(), parameters: z.unknown() });

/** What a process of the benchmark does on request, by name. */
export type Commands = Readonly<Record<string, (parameters: unknown) => unknown>>;

/** The id of the message that says that commands are taken from now on. */
export const readyId = 0;

/** Answers the questions of the benchmark's main process. */
export function serveCommands(commands: Commands): void {
  process.on("message", (message) => {
    const request = requestSchema.safeParse(message);
    if (request.success) void answer(commands, request.data);
  });
  process.channel?.ref(); // Some processes have nothing else to wait for.
  process.send?.({ id: readyId });
}

async function answer(commands: Commands, { id, command, parameters }: z.infer<typeof requestSchema>): Promise<void> {
  try {
    const run = commands[command];
    if (run === undefined) throw new Error(`Cannot do "${command}": no such command`);
    process.send?.({ id, result: await run(parameters) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
