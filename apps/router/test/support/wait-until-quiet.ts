/** Resolves when nothing more moves in many turns of the event loop. */
export async function waitUntilQuiet(bytes: () => number): Promise<void> {
  let seen = -1;
  for (let quiet = 0; quiet < 500; quiet = bytes() === seen ? quiet + 1 : 0) {
    seen = bytes();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
