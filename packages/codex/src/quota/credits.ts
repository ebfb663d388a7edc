import type { QuotaReading } from "@turnout/core";
import { z } from "zod";

/** Bought beside the plan; in events and at the usage endpoint alike. */
export const creditsSchema = z
  .object({
    has_credits: z.boolean(),
    unlimited: z.boolean().nullish(),
    balance: z.union([z.string(), z.number()]).nullish(),
  })
  .nullish()
  .catch(undefined);

export function readCredits(credits: z.infer<typeof creditsSchema>): Pick<QuotaReading, "credits"> {
  if (credits === undefined || credits === null) return {};
  const { has_credits: hasCredits, unlimited, balance } = credits;
  const known = balance === undefined || balance === null ? {} : { balance: String(balance) };
  return { credits: { hasCredits, unlimited: unlimited ?? false, ...known } };
}
