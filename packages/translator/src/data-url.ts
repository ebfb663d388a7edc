/** The bytes inside a `data:` URL, as base64. */
export interface DataUrl {
  /** As written, parameters included; `application/octet-stream` when the URL has none. */
  readonly mediaType: string;
  readonly data: string;
}

/** The bytes a percent-encoded text stands for, as base64. */
function percentToBase64(text: string): string {
  const bytes: number[] = [];
  const utf8 = new TextEncoder();
  for (let index = 0; index < text.length;) {
    const code = /^%([0-9a-f]{2})/iu.exec(text.slice(index, index + 3))?.[1];
    if (code === undefined) {
      const character = String.fromCodePoint(text.codePointAt(index) ?? 0);
      bytes.push(...utf8.encode(character));
      index += character.length;
    } else {
      bytes.push(Number.parseInt(code, 16));
      index += 3;
    }
  }
  let binary = "";
  for (const byte of bytes) binary += String.fromCodePoint(byte);
  return btoa(binary);
}

/**
 * Reads a `data:` URL, base64 or percent-encoded.
 *
 * @returns Undefined when `url` is none, so it is a place to fetch from.
 * @see https://www.rfc-editor.org/rfc/rfc2397
 */
export function parseDataUrl(url: string): DataUrl | undefined {
  if (!/^data:/iu.test(url)) return undefined;
  const comma = url.indexOf(",");
  if (comma === -1) return undefined;
  const header = url.slice("data:".length, comma);
  const data = url.slice(comma + 1);
  const isBase64 = /;\s*base64$/iu.test(header);
  const mediaType = isBase64 ? header.slice(0, header.lastIndexOf(";")) : header;
  return {
    mediaType: mediaType === "" ? "application/octet-stream" : mediaType,
    data: isBase64 ? data : percentToBase64(data),
  };
}

/** The `data:` URL that holds these bytes. */
export function formatDataUrl(mediaType: string, base64: string): string {
  return `data:${mediaType};base64,${base64}`;
}
