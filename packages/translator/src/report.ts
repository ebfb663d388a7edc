import { type Block, type Loss, RouterError, type TranslationReport, type Turn } from "@turnout/core";

/**
 * For clients that would rather have an error than an answer to less than they asked.
 *
 * @throws {RouterError} `request-invalid` that names the first field that would be left out.
 */
export function refuseLosses(report: TranslationReport | undefined): void {
  const [first] = report?.dropped ?? [];
  if (first === undefined) return;
  throw new RouterError("request-invalid", `Cannot carry "${first.path}" to this upstream: ${first.reason}`, {
    path: first.path,
  });
}

/** Where a block stood in the client's request, as far as the decoder said; else its place in `turn`, such as `turns[2]`. */
export function blockPath(turn: Turn, place: string, blockIndex: number): string {
  return turn.paths?.[blockIndex] ?? `${place}.blocks[${blockIndex}]`;
}

/** Where a turn began in the client's request. */
export function turnPath(turn: Turn, turnIndex: number): string {
  return turn.paths?.[0]?.replace(/\.content.*$/u, "") ?? `turns[${turnIndex}]`;
}

/** The same turn with some of its blocks, in any order; their paths go with them. */
export function withBlocks(turn: Turn, blocks: readonly Block[]): Turn {
  if (turn.paths === undefined) return { ...turn, blocks };
  const { paths } = turn;
  return { ...turn, blocks, paths: blocks.map((block) => paths[turn.blocks.indexOf(block)] ?? paths[0] ?? "") };
}

/** Losses kept of each kind; a hostile or endless source cannot grow the report beyond it. */
export const maxLosses = 100;

/** Collects what one translation could not carry over exactly. */
export interface LossCollector {
  /** Carried over in another shape that means nearly the same. The same path and reason count once. */
  approximated(path: string, reason: string): void;
  /** Left out. The same path and reason count once. */
  dropped(path: string, reason: string): void;
  /** Lives on: what is collected later appears in it too. */
  readonly report: TranslationReport;
}

function add(losses: Loss[], path: string, reason: string): void {
  if (losses.length >= maxLosses) return;
  for (const loss of losses) if (loss.path === path && loss.reason === reason) return;
  losses.push({ path, reason });
}

/** An empty report that can be filled. At most 100 losses of each kind are kept. */
export function createLossCollector(): LossCollector {
  const approximated: Loss[] = [];
  const dropped: Loss[] = [];
  return {
    approximated: (path, reason) => add(approximated, path, reason),
    dropped: (path, reason) => add(dropped, path, reason),
    report: { approximated, dropped },
  };
}

/** The report of something, with what was left out of it since. */
export function withDropped(report: TranslationReport, dropped: readonly Loss[]): TranslationReport {
  return dropped.length === 0 ? report : { ...report, dropped: [...report.dropped, ...dropped] };
}

/**
 * The items of an `input` without some.
 *
 * @param isLeftOut - Asked once for each item.
 * @returns The same list when nothing was left out.
 */
export function leaveOut<T>(
  items: readonly T[],
  reason: string,
  isLeftOut: (item: T, index: number) => boolean,
): { readonly items: readonly T[]; readonly dropped: readonly Loss[] } {
  const dropped: Loss[] = [];
  const kept = items.filter((item, index) => {
    if (!isLeftOut(item, index)) return true;
    dropped.push({ path: `input[${index}]`, reason });
    return false;
  });
  return { items: dropped.length === 0 ? items : kept, dropped };
}
