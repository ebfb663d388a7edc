import { type Envelope, wrapPayload } from "../payload-envelope.ts";

// `thoughtSignature` is bytes to Google's clients, written as base64, and some check that. So an envelope goes in as the
// base64 of its own text.

/** How the base64 of every envelope begins: the bytes of `rs1`. */
const encodedPrefix = "cnMx";

/** What `thoughtSignature` carries a payload of another provider in. */
export function carry(envelope: Envelope): string {
  return btoa(wrapPayload(envelope));
}

/** The envelope inside a signature; any other signature comes back as it is. */
export function carried(signature: string): string {
  if (!signature.startsWith(encodedPrefix)) return signature;
  try {
    const text = atob(signature.replaceAll("-", "+").replaceAll("_", "/"));
    return text.startsWith("rs1.") ? text : signature;
  } catch {
    // Not base64: a signature of Google's that only begins alike.
    return signature;
  }
}
