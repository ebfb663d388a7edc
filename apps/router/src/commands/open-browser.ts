import { spawn } from "node:child_process";

/** The program that opens an address, by system; `BROWSER` wins, as everywhere. */
function opener(environment: Readonly<Record<string, string | undefined>>): readonly string[] | undefined {
  const { BROWSER, DISPLAY, WAYLAND_DISPLAY } = environment;
  if (BROWSER !== undefined && BROWSER !== "") return [BROWSER];
  if (process.platform === "darwin") return ["open"];
  // Not `cmd /c start`: that would read the & of an address as its own.
  if (process.platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  // Without a display it would open a browser inside this very terminal.
  return (DISPLAY ?? WAYLAND_DISPLAY ?? "") === "" ? undefined : ["xdg-open"];
}

/**
 * Opens the user's browser.
 *
 * @returns False when there is none to open. One that fails later goes unnoticed: the address is printed anyway.
 */
export function openBrowser(url: string, environment: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const [program, ...first] = opener(environment) ?? [];
  if (program === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const child = spawn(program, [...first, url], { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}
