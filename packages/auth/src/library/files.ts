import { open, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The code of a failed system call, such as `ENOENT`; undefined for every other error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Recognises a version of a file by inode, size and times; undefined when there is no file. */
export async function readStamp(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * Reads a small text file.
 *
 * @throws {Error} With a `code` when it cannot be read: Node's own, `ENOTFILE` for folders, pipes and devices (opening a pipe
 *   would hang), `EFBIG` above `maxBytes`.
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<string> {
  const info = await stat(path);
  if (!info.isFile()) throw Object.assign(new Error("not a regular file"), { code: "ENOTFILE" });
  const handle = await open(path, "r");
  try {
    // One byte more than allowed, since the file may grow between stat and read.
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) return buffer.toString("utf8", 0, length);
      length += bytesRead;
    }
    throw Object.assign(new Error("file too large"), { code: "EFBIG" });
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; its rename is written through by the file system's journal.
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Who owns a file that takes another one's place, and who may read it. */
export interface FileRights {
  readonly mode: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Replaces a file so that a crash at any moment leaves the old one or the new one, whole and on disk.
 *
 * @param unique - Part of the temporary file's name; no two writers may use the same.
 */
export async function writeFileAtomically(
  path: string,
  text: string,
  rights: FileRights,
  unique: string,
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.turnout-${unique}.tmp`);
  // "wx": never follows a link or a file that somebody else put there.
  const handle = await open(temporary, "wx", rights.mode);
  try {
    try {
      const { uid, gid } = await handle.stat();
      const { owner } = rights;
      if (owner !== undefined && (owner.uid !== uid || owner.gid !== gid)) await handle.chown(owner.uid, owner.gid);
      await handle.chmod(rights.mode);
      await handle.writeFile(text, "utf8");
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
  await syncFolder(folder);
}
