import { RouterError, type StoreFault } from "@turnout/core";
import { z } from "zod";

import { errorCode } from "../library/files.ts";

interface Explanation {
  readonly reason: StoreFault;
  readonly text: string;
}

const locked: Explanation = {
  reason: "locked",
  text: "another process holds it; try again, or stop the process that does not let go",
};
const full: Explanation = { reason: "full", text: "the disk is full; make room, nothing in it is lost" };
const damaged: Explanation = {
  reason: "damaged",
  text: "it is damaged or not a database; move it away and put back a copy, or log in again",
};
const denied: Explanation = {
  reason: "denied",
  text: "permission denied or a read-only disk; the file and its folder must belong to the user who runs turnout",
};

/**
 * By SQLite's result code.
 *
 * @see https://www.sqlite.org/rescode.html (read 2026-11)
 */
const explanations: Readonly<Record<number, Explanation>> = {
  3: denied,
  5: locked,
  6: locked,
  8: denied,
  11: damaged,
  13: full,
  23: denied,
  26: damaged,
  // IOERR_SHMSIZE: no room for the shared memory beside the file.
  4_874: full,
};

const misread: Explanation = {
  reason: "damaged",
  text: "it holds a row that makes no sense; put back a copy, or move it away and log in again",
};

function numberOf(error: Error, key: string): number | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === "number" ? value : undefined;
}

function explain(error: unknown): Explanation | undefined {
  if (error instanceof z.ZodError) return misread;
  if (!(error instanceof Error) || errorCode(error) !== "ERR_SQLITE_ERROR") return undefined;
  const code = numberOf(error, "sqliteExtendedCode") ?? numberOf(error, "errcode") ?? 0;
  const known = explanations[code] ?? explanations[code % 256];
  if (known !== undefined) return known;
  const system = numberOf(error, "systemErrno");
  // EPERM, EACCES, EROFS.
  if (system === 1 || system === 13 || system === 30) return denied;
  // SQLite's own words hold names of tables and columns, and never a value.
  return { reason: "failed", text: error.message };
}

/**
 * What SQLite threw, as an error that says what to do.
 *
 * @param tried - A verb, for example `read`.
 * @returns Undefined when it does not come from the database.
 */
export function explainStoreFailure(
  error: unknown,
  tried: string,
  path: string,
): RouterError<"store-unavailable"> | undefined {
  const explanation = explain(error);
  if (explanation === undefined) return undefined;
  const { reason, text } = explanation;
  return new RouterError("store-unavailable", `Cannot ${tried} ${path}: ${text}`, { reason }, { cause: error });
}

/** The file is as it should be, and yet of no use. */
export function storeUnavailable(reason: StoreFault, message: string): RouterError<"store-unavailable"> {
  return new RouterError("store-unavailable", message, { reason });
}
