import type { TranslationReport } from "@turnout/core";

/** One report of several translations, in their order. */
export function mergeReports(...reports: readonly (TranslationReport | undefined)[]): TranslationReport {
  return {
    approximated: reports.flatMap((report) => report?.approximated ?? []),
    dropped: reports.flatMap((report) => report?.dropped ?? []),
  };
}
