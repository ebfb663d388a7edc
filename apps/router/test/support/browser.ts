import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { onTestFinished } from "vitest";

const places = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The browser of this machine; undefined where there is none, and tests that need one are skipped by name. */
export const chromiumPath = places.find((path) => path !== undefined && path !== "" && existsSync(path));

/** A real, headless browser; closed when the test has ended. */
export async function openChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("There is no Chromium on this machine");
  // Its own sandbox does not work for root, which tests in containers run as.
  const flags = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: chromiumPath, args: flags });
  onTestFinished(() => browser.close());
  return browser;
}
