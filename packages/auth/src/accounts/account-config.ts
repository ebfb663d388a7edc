import { z } from "zod";

const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/u,
    "Must be 1 to 64 letters, digits or . _ @ -, beginning with a letter or digit",
  )
  .optional()
  .describe("Name of the account in logs and tables; a short hash when absent.");

/** What every kind of account has. */
const common = {
  name,
  priority: z
    .number()
    .optional()
    .describe(
      "Accounts of a higher priority are used first, whatever the strategy; the others when those rest. Absent: 0.",
    ),
  weight: z
    .number()
    .positive()
    .optional()
    .describe("Share of the requests among accounts of one priority, with strategy `weighted`. Absent: 1."),
};

/** Anything else could not stand in a header, and usually means that a line break was copied along. */
const secret = z.string().regex(/^[\u0021-\u007E]+$/u, "Must not be empty, nor contain spaces or line breaks");

const authFileAccountSchema = z
  .strictObject({
    authFile: z
      .string()
      .min(1)
      .describe(
        "Path of a Codex CLI auth.json; ~ is the home folder. Read before each use. An expired token is refreshed and kept in the data folder; " +
          "that spends the single-use refresh token in the file, so Codex CLI has to log in again unless writeBack is on.",
      ),
    writeBack: z
      .boolean()
      .default(false)
      .describe("Also write refreshed tokens back into authFile, so that Codex CLI goes on working with it."),
    ...common,
  })
  .describe("A login made by Codex CLI.");

const accessTokenAccountSchema = z
  .strictObject({
    accessToken: secret.describe("A ChatGPT access token. It is never refreshed."),
    accountId: secret.describe("The ChatGPT account id that belongs to the token."),
    ...common,
  })
  .describe("A fixed access token.");

const apiKeyAccountSchema = z
  .strictObject({ apiKey: secret.describe("An API key of the provider."), ...common })
  .describe("An API key.");

/** The key that tells which kind of account is meant, with the schema of that kind. */
const kinds = [
  ["authFile", authFileAccountSchema],
  ["accessToken", accessTokenAccountSchema],
  ["apiKey", apiKeyAccountSchema],
] as const;

const knownKeys = new Set<string>(kinds.flatMap(([, schema]) => Object.keys(schema.shape)));

/** What is wrong with `value`, as the issues of the one kind it wants to be; a union would report all three. */
function findIssues(value: object): z.core.$ZodRawIssue[] {
  const keys = Object.keys(value);
  const [first, second] = kinds.filter(([key]) => keys.includes(key));
  if (first === undefined) {
    const unknown = keys.filter((key) => !knownKeys.has(key));
    const missing = "An account needs one of authFile, accessToken, apiKey";
    return [
      ...(unknown.length > 0 ? [{ code: "unrecognized_keys" as const, keys: unknown, input: {} }] : []),
      { code: "custom", message: missing, input: {} },
    ];
  }
  if (second !== undefined) {
    const message = `An account cannot have both ${first[0]} and ${second[0]}: make two accounts of it`;
    return [{ code: "custom", path: [second[0]], message, input: {} }];
  }
  const result = first[1].safeParse(value);
  if (result.success) return [];
  return result.error.issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? { code: issue.code, keys: issue.keys, path: issue.path, message: issue.message, input: {} }
      : { code: "custom", path: issue.path, message: issue.message, input: {} },
  );
}

/**
 * One account of a provider as a user writes it: `{ authFile, writeBack? }`, `{ accessToken, accountId }` or
 * `{ apiKey }`, each with an optional `name`. Which of them is meant follows from the key that is present, so an error
 * names the wrong key and nothing else. Values never appear in the errors.
 */
export const accountConfigSchema = z.preprocess(
  (value, context) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      context.issues.push(...findIssues(value));
    }
    return value;
  },
  z.union([authFileAccountSchema, accessTokenAccountSchema, apiKeyAccountSchema], "Expected an account: an object"),
);

export type AccountConfig = z.output<typeof accountConfigSchema>;
