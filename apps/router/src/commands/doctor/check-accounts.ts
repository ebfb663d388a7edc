import { existsSync } from "node:fs";
import type { AccountStore } from "@turnout/auth";
import { isFollowed, isSecretReference, resolveSecret } from "@turnout/auth";
import type { Runtime } from "@turnout/core";
import { RouterError } from "@turnout/core";
import { type AccountView, viewAccounts, wantsLogin } from "../account-view.ts";
import { plainText, renderDuration } from "../table.ts";
import { type Finding, note, ok, problem } from "./finding.ts";

/** How every stored account stands. */
export function checkAccounts(
  store: AccountStore,
  environment: Readonly<Record<string, string | undefined>>,
  runtime: Runtime,
): readonly Finding[] {
  const views = viewAccounts(store, runtime);
  if (views.length === 0) {
    return [note("accounts", "none are stored", "`turnout login codex` makes one; the config can have some too")];
  }
  return views.map((view) => checkCredential(view, store, environment) ?? describe(view, runtime.now()));
}

function nameOf({ record }: AccountView): string {
  return `${record.provider} ${plainText(record.label)}`;
}

/** What only shows when the secret is looked at: that it cannot be decrypted, or that it refers to nothing. */
function checkCredential(
  view: AccountView,
  store: AccountStore,
  environment: Readonly<Record<string, string | undefined>>,
): Finding | undefined {
  const { id, provider, kind } = view.record;
  try {
    const secret = store.credentials.read(id)?.secret ?? "";
    if (kind === "api-key" && isSecretReference(secret)) resolveSecret(secret, environment, provider);
    if (!isFollowed(view.record) || existsSync(secret)) return undefined;
    const advice = `Run \`codex login\`, or make a login of turnout's own: turnout login ${provider}`;
    return problem(nameOf(view), `its tokens are in ${secret}, which is not there`, advice);
  } catch (error) {
    const known = RouterError.from(error);
    const advice =
      known.code === "credential-unavailable"
        ? "Set the variable where `turnout serve` runs"
        : `Remove the account and log in again: turnout accounts remove ${id}`;
    return problem(nameOf(view), known.message, advice);
  }
}

function describe(view: AccountView, now: number): Finding {
  const { record, state, why, until } = view;
  const name = nameOf(view);
  if (wantsLogin(view)) {
    const advice = `turnout login ${record.provider} --label ${JSON.stringify(record.label)}`;
    return { check: name, severity: "needs-login", message: plainText(why ?? "needs a login"), advice };
  }
  if (state === "disabled") {
    return note(name, `disabled: ${plainText(why ?? "")}`, `turnout accounts enable ${record.id}`);
  }
  if (state !== "ready") {
    const rest = until === undefined ? "" : ` for ${renderDuration(until - now)}`;
    return note(name, `${state}${rest}: ${plainText(why ?? "")}`, "It comes back by itself");
  }
  return ok(name, "ready");
}
