import type { Account } from "@turnout/core";

import type { AccountRecord } from "../store/account-store.ts";

/** What an account of the store says of itself, whoever keeps its credential. */
export function accountTraits({
  label,
  priority,
  weight,
  disabled,
}: AccountRecord): Pick<Account, "label" | "priority" | "weight" | "disabled"> {
  return { label, priority, weight, ...(disabled !== undefined && { disabled: disabled.reason }) };
}
