import { RouterError } from "@turnout/core";

export function tooLarge(limitBytes: number): RouterError {
  return new RouterError("too-large", `Cannot read the request body: larger than ${limitBytes} bytes`, { limitBytes });
}

export function leftEarly(): RouterError {
  return new RouterError("client-closed", "The client closed the connection while sending its request", {});
}
