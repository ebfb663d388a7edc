/** Ids of other formats' answers say what they are not; Chat clients get one of their own that still shows the way back. */
const foreignPrefix = /^(?:resp|msg)_/u;

/**
 * The id of an answer as Chat clients know it.
 *
 * @param idSeed - 48 hex digits, for upstreams that gave no id.
 */
export function answerId(id: string, idSeed: string): string {
  if (id === "") return `chatcmpl-${idSeed.slice(0, 29)}`;
  return id.replace(foreignPrefix, "chatcmpl-");
}
