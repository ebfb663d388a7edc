/**
 * Lets promises and sockets have a turn until `condition` holds.
 *
 * @throws {Error} naming `what` after 500 000 turns.
 */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 500_000; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  throw new Error(`Waited in vain: ${what}`);
}
