import { existsSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { type Finding, note, ok, problem } from "./finding.ts";

const check = "data folder";

/** Files that hold secrets; the ones beside the database come and go with it. */
const privateFiles = ["turnout.db", "turnout.db-wal", "turnout.db-shm", "turnout.key"];

/** Bits for anybody but the owner. */
const foreignBits = 0o077;

function modeOf({ mode }: Stats): string {
  return `0${(mode & 0o777).toString(8)}`;
}

/** Who else can read what is in the data folder. To be called before the store is opened, which puts some of it right. */
export function checkDataFolder(folder: string): readonly Finding[] {
  if (!existsSync(folder)) return [note(check, `${folder} is not there yet; the first login makes it`)];
  if (process.platform === "win32") return [ok(check, folder)];
  const stats = statSync(folder);
  const findings = [
    ...checkOwner(folder, stats),
    ...checkMode(folder, stats, "700"),
    ...privateFiles
      .map((name) => join(folder, name))
      .filter((file) => existsSync(file))
      .flatMap((file) => checkMode(file, statSync(file), "600")),
  ];
  return findings.length === 0 ? [ok(check, `${folder}, nobody else can read it`)] : findings;
}

function checkMode(path: string, stats: Stats, wanted: string): readonly Finding[] {
  if ((stats.mode & foreignBits) === 0) return [];
  const message = `${path} has mode ${modeOf(stats)}: others on this machine can get at it`;
  return [problem(check, message, `chmod ${wanted} ${path}`)];
}

function checkOwner(path: string, { uid }: Stats): readonly Finding[] {
  const own = process.getuid?.();
  if (own === undefined || own === uid || own === 0) return [];
  return [problem(check, `${path} belongs to another user (uid ${uid})`, `Run turnout as that user, or chown ${path}`)];
}
