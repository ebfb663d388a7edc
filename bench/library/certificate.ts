import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  /** Where the certificate lies, for `NODE_EXTRA_CA_CERTS`. */
  readonly certificateFile: string;
}

/**
 * Makes a certificate for 127.0.0.1 that nobody else trusts, good for a day.
 *
 * @param folder - Where its files go.
 * @throws {Error} when the program `openssl` is missing: Node can make keys, but no certificates.
 */
export function createCertificate(folder: string): Certificate {
  const keyFile = path.join(folder, "upstream-key.pem");
  const certificateFile = path.join(folder, "upstream-certificate.pem");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
  const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...key, ...name, "-days", "1", "-out", certificateFile], { stdio: "pipe" });
  return { key: readFileSync(keyFile, "utf8"), certificate: readFileSync(certificateFile, "utf8"), certificateFile };
}
