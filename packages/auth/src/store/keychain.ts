import type { RouterError } from "@turnout/core";

import { decodeKey } from "./key.ts";
import { storeUnavailable } from "./store-failure.ts";

/** The keychain of the operating system, for one database. */
export interface Keychain {
  /** Undefined when it has no key, or lets nobody in. */
  read(): Uint8Array | undefined;
  /** False when it takes none. */
  write(key: Uint8Array): boolean;
}

const service = "turnout";

/**
 * Opens the keychain of the operating system: Keychain on macOS, Credential Manager on Windows, Secret Service on Linux.
 *
 * @param name - Of the entry: the path of the database.
 * @returns Undefined when there is none here: `@napi-rs/keyring` is an optional dependency.
 */
export async function openKeychain(
  name: string,
  onWarning: (error: RouterError) => void,
): Promise<Keychain | undefined> {
  const refused = (tried: string, error: unknown) => {
    const reason = error instanceof Error ? error.message : "unknown failure";
    onWarning(
      storeUnavailable("denied", `Cannot ${tried} the keychain: ${reason}; a new key goes to a key file instead`),
    );
  };
  let entry;
  try {
    const { Entry } = await import("@napi-rs/keyring");
    entry = new Entry(service, name);
  } catch (error) {
    refused("open", error);
    return undefined;
  }
  return {
    read() {
      try {
        return decodeKey(entry.getPassword() ?? "");
      } catch (error) {
        refused("read", error);
        return undefined;
      }
    },
    write(key) {
      try {
        entry.setPassword(Buffer.from(key).toString("base64"));
        return true;
      } catch (error) {
        refused("write to", error);
        return false;
      }
    },
  };
}
