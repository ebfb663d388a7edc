/** `--config`, for every command that reads the config. */
export const configArgument = {
  type: "string",
  valueHint: "FILE",
  description: "Config file; else TURNOUT_CONFIG, ./turnout.yaml, or turnout.yaml in the data folder",
} as const;

/** `--json`, for every command that tells something. */
export const jsonArgument = { type: "boolean", description: "Print JSON, for scripts" } as const;

/** Names one account. */
export const accountArgument = {
  type: "positional",
  required: true,
  description: "Label or id of the account, as `turnout accounts` shows them; provider/label where two share one",
} as const;
