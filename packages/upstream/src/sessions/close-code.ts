const closeNames: Readonly<Record<number, string>> = {
  1000: "normal end",
  1001: "going away",
  1005: "no code",
  1006: "no closing handshake",
  1008: "policy",
  1009: "message too big",
  1011: "server error or ping timeout",
  1012: "service restart",
  1013: "try again later",
};

/** `1012 (service restart) "reason"`. */
export function describeClose(code: number, reason: string): string {
  const name = closeNames[code];
  const words = [name === undefined ? "" : `(${name})`, reason === "" ? "" : `"${reason.slice(0, 120)}"`];
  return [String(code), ...words.filter((word) => word !== "")].join(" ");
}

/** The message sent was too long for the other side. */
export const messageTooBig = 1009;
