/** An account as the pages offer it. */
export interface OfferedAccount {
  readonly accountId: string;
  readonly email: string;
  readonly planType: string;
}

/** Stands for an account that is made when the user agrees. */
export const newAccount = "new";

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => names[character] ?? character);
}

function page(title: string, content: string): string {
  return [
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
    `<title>${escape(title)}</title></head><body><h1>${escape(title)}</h1>`,
    "<p>Simulated: no account of yours is involved.</p>",
    content,
    "</body></html>",
  ].join("\n");
}

function accountChoice(accounts: readonly OfferedAccount[]): string {
  const offered = [
    ...accounts.map(({ accountId, email, planType }) => ({ value: accountId, label: `${email} (${planType})` })),
    { value: newAccount, label: "A new account" },
  ];
  const choices = offered.map(
    ({ value, label }, index) =>
      `<p><label><input type="radio" name="account" value="${escape(value)}"${index === 0 ? " checked" : ""}> ` +
      `${escape(label)}</label></p>`,
  );
  return `<fieldset><legend>Account</legend>${choices.join("")}</fieldset>`;
}

const buttons =
  '<button name="decision" value="allow">Continue</button> <button name="decision" value="deny">Cancel</button>';

/** Where the user agrees to a login. */
export function consentPage(request: string, scopes: readonly string[], accounts: readonly OfferedAccount[]): string {
  return page(
    "Sign in to Codex with ChatGPT",
    `<form method="post" action="/oauth/authorize/consent"><input type="hidden" name="request" value="${escape(request)}">` +
      `<p>It asks for: ${escape(scopes.join(", "))}</p>${accountChoice(accounts)}${buttons}</form>`,
  );
}

/** Where the user types the code that a device shows. */
export function devicePage(accounts: readonly OfferedAccount[], trouble = ""): string {
  return page(
    "Sign in on a device",
    `<p role="alert">${escape(trouble)}</p><form method="post" action="/codex/device">` +
      `<p><label>Code <input name="user_code" required autocomplete="off"></label></p>${accountChoice(accounts)}${buttons}</form>`,
  );
}

export function messagePage(title: string, message: string): string {
  return page(title, `<p>${escape(message)}</p>`);
}
