import { request } from "undici";

/** What came back to a browser. */
export interface Page {
  readonly status: number;
  readonly location: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export async function visit(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Page> {
  const answer = await request(url, { headers: { ...headers } });
  const { location } = answer.headers;
  return {
    status: answer.statusCode,
    location: typeof location === "string" ? location : undefined,
    headers: answer.headers,
    text: await answer.body.text(),
  };
}

async function submit(url: string, fields: Readonly<Record<string, string>>): Promise<Page> {
  const answer = await request(url, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ ...fields }).toString(),
  });
  const { location } = answer.headers;
  return {
    status: answer.statusCode,
    location: typeof location === "string" ? location : undefined,
    headers: answer.headers,
    text: await answer.body.text(),
  };
}

export interface Decision {
  readonly account?: string;
  readonly decision?: "allow" | "deny";
}

/**
 * Opens the page of a simulated issuer and presses a button there.
 *
 * @returns Where the browser is sent back to.
 */
export async function decide(url: string, { account = "new", decision = "allow" }: Decision = {}): Promise<string> {
  const page = await visit(url);
  const id = /name="request" value="([^"]+)"/u.exec(page.text)?.[1];
  if (id === undefined) throw new Error(`No page to agree on: ${page.status} ${page.location ?? page.text}`);
  const consent = new URL("/oauth/authorize/consent", url).href;
  const { location } = await submit(consent, { request: id, account, decision });
  if (location === undefined) throw new Error("The issuer sent the browser nowhere");
  return location;
}

/** Types the code of a device login. */
export async function typeCode(url: string, userCode: string, decision: Decision = {}): Promise<Page> {
  return submit(url, {
    user_code: userCode,
    account: decision.account ?? "new",
    decision: decision.decision ?? "allow",
  });
}
