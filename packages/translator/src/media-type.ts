const unknownMediaType = "application/octet-stream";

const mediaTypeByExtension: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  json: "application/json",
  html: "text/html",
};

/** What a file's name tells of its type, for clients that send bare base64; `application/octet-stream` when nothing. */
export function mediaTypeOfFilename(filename: string | undefined): string {
  const extension = filename?.slice(filename.lastIndexOf(".") + 1).toLowerCase() ?? "";
  return Object.hasOwn(mediaTypeByExtension, extension)
    ? (mediaTypeByExtension[extension] ?? unknownMediaType)
    : unknownMediaType;
}

const mediaTypeByEnding: Readonly<Record<string, string>> = {
  ...mediaTypeByExtension,
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  heic: "image/heic",
  mp3: "audio/mp3",
  wav: "audio/wav",
  mp4: "video/mp4",
};

/** What the ending of a URL's path tells of the type, or undefined when nothing. */
export function mediaTypeOfPath(url: string): string | undefined {
  const path = url.replace(/[?#].*$/u, "");
  const extension = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(mediaTypeByEnding, extension) ? mediaTypeByEnding[extension] : undefined;
}
