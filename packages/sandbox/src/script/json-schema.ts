import type { JsonValue } from "@turnout/core";
import { z } from "zod";

/** Any JSON value, in core's words. */
export const jsonValueSchema: z.ZodType<JsonValue, JsonValue> = z.json();
