import { renderTable } from "./table.ts";

/** A figure turnout has to reach, and what was measured. */
export interface Goal {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

export function renderGoals(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, wanted, measured, met }) => [what, wanted, measured, met ? "yes" : "NO"]);
  return renderTable(["what", "goal", "measured", "met"], rows);
}
