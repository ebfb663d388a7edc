import type { JsonValue } from "@turnout/core";

/** A body being rebuilt: the top level is ours, everything below is the client's. */
export type Draft = Record<string, JsonValue | undefined>;
