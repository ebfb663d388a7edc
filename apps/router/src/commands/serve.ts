import { systemRuntime } from "@turnout/core";
import { defineCommand } from "citty";
import { createLog, createLogOutput } from "../log.ts";
import { type RunningRouter, startRouter } from "../server/start-router.ts";
import { banner } from "./banner.ts";
import { withExamples } from "./documented-command.ts";
import { readPort } from "./check-arguments.ts";
import { untilStopped } from "./until-stopped.ts";
import { loadSetup } from "./setup.ts";
import { readSurroundings } from "./surroundings.ts";

/** `turnout serve`: the router, until it is told to stop. */
export const serveCommand = withExamples(
  defineCommand({
    meta: {
      name: "turnout serve",
      description: "Start the router. Without a config file it answers from the built-in sandbox.",
    },
    args: {
      config: {
        type: "string",
        valueHint: "FILE",
        description: "Config file; else TURNOUT_CONFIG, ./turnout.yaml, or turnout.yaml in the data folder",
      },
      port: {
        type: "string",
        valueHint: "PORT",
        description: "TCP port, instead of `server.port`; 0 picks a free one",
      },
      host: { type: "string", valueHint: "HOST", description: "Address to listen on, instead of `server.host`" },
    },
    run: async ({ args }) => {
      const surroundings = readSurroundings();
      const { config, plugins, file } = await loadSetup(args.config, surroundings, overrides(args));
      const output = createLogOutput(systemRuntime, process.stderr.isTTY);
      const log = createLog(config.log.level, output);
      const router = await startRouter({ config, plugins, runtime: systemRuntime, log, ...surroundings });
      // Signals are heard before anybody can know that turnout is up.
      const stopped = untilStopped(() => stop(router, log));
      process.stdout.write(banner(router, file));
      await stopped;
      await output.flushed();
    },
  }),
  [
    ["turnout serve", "where the config says, else on 127.0.0.1:8787"],
    ["turnout serve --port 9000", "on another port"],
    ["turnout serve --host 0.0.0.0", "for other machines; needs a key, see turnout keys"],
  ],
);

async function stop(router: RunningRouter, log: ReturnType<typeof createLog>): Promise<void> {
  log.info("stopping: no new requests, running ones may end");
  await router.close();
  log.info("stopped");
}

/** Flags win over the file. */
function overrides(args: { readonly port?: string | undefined; readonly host?: string | undefined }) {
  const port = args.port === undefined ? undefined : readPort(args.port);
  return { port, host: args.host };
}
