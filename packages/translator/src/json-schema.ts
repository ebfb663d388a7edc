import { isJsonObject, type JsonObject, type JsonValue } from "@turnout/core";
import * as z from "zod";

/** Any JSON value, not looked at further; how deep it is does not matter. */
export const jsonValueSchema = z.custom<JsonValue>((value) => value !== undefined, "expected a value");

/** Any JSON object, not looked at further. */
export const jsonObjectSchema = z.custom<JsonObject>(isJsonObject, "expected an object");
