import { homedir } from "node:os";
import { join } from "node:path";
import type { ConfigSurroundings } from "../config/load-config.ts";

export interface Surroundings extends ConfigSurroundings {
  readonly homeDirectory: string;
}

/** The one place that reads the environment of the process. */
export function readSurroundings(): Surroundings {
  const homeDirectory = homedir();
  const { TURNOUT_HOME } = process.env;
  return {
    workingDirectory: process.cwd(),
    homeDirectory,
    dataDirectory: TURNOUT_HOME === undefined || TURNOUT_HOME === "" ? join(homeDirectory, ".turnout") : TURNOUT_HOME,
    environment: process.env,
  };
}
