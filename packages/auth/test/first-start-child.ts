// A process at its first start, beside others: adds an account to a store that may not be there yet.
import { openAccountStore } from "../src/store/open-store.ts";

const [dataDirectory = "", label = ""] = process.argv.slice(2);
const store = await openAccountStore({ dataDirectory });
store.accounts.add({ provider: "openai", kind: "api-key", origin: "login", label, secrets: { secret: `sk-${label}` } });
store.close();
