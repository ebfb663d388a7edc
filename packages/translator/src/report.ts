import type { Loss, TranslationReport } from "@turnout/core";

/** Losses kept of each kind; a hostile or endless source cannot grow the report beyond it. */
const maxLosses = 100;

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
