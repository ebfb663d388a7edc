import type { QuotaReading, QuotaWindow } from "@turnout/core";

/** Where a reading comes from: beside an answer, or from the place that tells on being asked. */
export type QuotaSource = "answer" | "usage-endpoint";

/** A reading with its source and its time, milliseconds since the epoch. */
export interface KnownQuota {
  readonly reading: QuotaReading;
  readonly source: QuotaSource;
  readonly at: number;
}

/** What is remembered of one account at most, so that it fits in a row; an upstream that tells more is not believed. */
const mostLimits = 16;
const mostWindows = 8;
const mostModels = 32;
const longestName = 100;

function trim(reading: QuotaReading): QuotaReading {
  const { limit, name, plan, models, windows } = reading;
  return {
    ...reading,
    limit: limit.slice(0, longestName),
    windows: windows.slice(0, mostWindows),
    ...(name === undefined ? {} : { name: name.slice(0, longestName) }),
    ...(plan === undefined ? {} : { plan: plan.slice(0, longestName) }),
    ...(models === undefined
      ? {}
      : { models: models.slice(0, mostModels).map((model) => model.slice(0, longestName)) }),
  };
}

/** A newer reading over an older one of the same limit. */
export function withReading(known: readonly KnownQuota[], told: KnownQuota): readonly KnownQuota[] {
  const added = { ...told, reading: trim(told.reading) };
  const others = known.filter(({ reading }) => reading.limit !== added.reading.limit);
  return [...others.slice(-(mostLimits - 1)), mergeNames(known, added)];
}

/** Headers tell neither the plan nor, for the most part, the name, which stay as they were. */
function mergeNames(known: readonly KnownQuota[], added: KnownQuota): KnownQuota {
  const before = known.find(({ reading }) => reading.limit === added.reading.limit)?.reading;
  if (before === undefined) return added;
  const { name = before.name, plan = before.plan } = added.reading;
  const names = { ...(name === undefined ? {} : { name }), ...(plan === undefined ? {} : { plan }) };
  return { ...added, reading: { ...added.reading, ...names } };
}

function isFull({ usedPercent }: QuotaWindow): boolean {
  return usedPercent >= 100;
}

/**
 * When a limit that is used up will not be any more.
 *
 * @returns Undefined when it is not used up, when money goes on where it ends, or when no end is told.
 */
export function exhaustedUntil(reading: QuotaReading, now: number): number | undefined {
  const { reached, credits, windows } = reading;
  if (reached === false || credits?.hasCredits === true || credits?.unlimited === true) return undefined;
  const resets = windows.filter(isFull).map(({ resetsAt }) => resetsAt ?? 0);
  const last = Math.max(0, ...resets);
  return last > now ? last : undefined;
}

/** The reading says of itself that there is something left. */
export function hasRoom(reading: QuotaReading): boolean {
  if (reading.reached !== undefined) return !reading.reached;
  return reading.windows.length > 0 && !reading.windows.some(isFull);
}

/** How far the tightest window of an account is used, and until when that is true. */
export interface Tightness {
  /** 0 when nothing is known. */
  readonly usedPercent: number;
  /** Milliseconds since the epoch; `Infinity` when no window ends. */
  readonly until: number;
}

/** Limits for all models only: what one model has used says little of the others. A window past its reset is empty. */
export function tightest(known: readonly KnownQuota[], now: number): Tightness {
  const windows = known
    .filter(({ reading }) => reading.models === undefined)
    .flatMap(({ reading }) => reading.windows)
    .filter(({ resetsAt = Number.POSITIVE_INFINITY }) => resetsAt > now);
  return {
    usedPercent: Math.max(0, ...windows.map((window) => window.usedPercent)),
    until: Math.min(Number.POSITIVE_INFINITY, ...windows.map(({ resetsAt = Number.POSITIVE_INFINITY }) => resetsAt)),
  };
}
