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
