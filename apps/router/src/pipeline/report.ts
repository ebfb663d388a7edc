import type { TranslationReport } from "@turnout/core";

/** The report of a road on which nothing had to change. */
export const nothingLost: TranslationReport = { approximated: [], dropped: [] };

/** One report of several translations, in their order. */
export function mergeReports(...reports: readonly (TranslationReport | undefined)[]): TranslationReport {
  return {
    approximated: reports.flatMap((report) => report?.approximated ?? []),
    dropped: reports.flatMap((report) => report?.dropped ?? []),
  };
}
