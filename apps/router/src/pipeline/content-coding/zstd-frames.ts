const frameMagic = 0xfd_2f_b5_28;
/** The last four bits are free. */
const skippableMagic = 0x18_4d_2a_5;
/** A block expands to no more (RFC 8878, 3.1.1.2.4). */
const mostOfBlock = 128 * 1024;

/**
 * How much zstd data can expand to, found by walking its frames and blocks without decoding one.
 *
 * @returns Bytes; exact for frames that tell their size, an upper bound for others.
 * @throws {RangeError} when the data ends too early or is no zstd data.
 * @see https://www.rfc-editor.org/rfc/rfc8878 section 3 (read 2026-11-25)
 */
export function zstdBound(data: Buffer): number {
  let bound = 0;
  let offset = 0;
  while (offset < data.length) {
    const magic = data.readUInt32LE(offset);
    if (magic >>> 4 === skippableMagic) {
      offset += 8 + data.readUInt32LE(offset + 4);
      continue;
    }
    if (magic !== frameMagic) throw new RangeError(`No frame begins at byte ${offset}`);
    const frame = readFrame(data, offset + 4);
    bound += frame.bound;
    offset = frame.end;
  }
  if (offset !== data.length) throw new RangeError("The last frame is cut");
  return bound;
}

/** @param start - Of the frame header, behind the magic number. */
function readFrame(data: Buffer, start: number): { bound: number; end: number } {
  const descriptor = data.readUInt8(start);
  const isSingleSegment = (descriptor & 0b10_0000) !== 0;
  const hasChecksum = (descriptor & 0b100) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 0b11] ?? 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  const sizeAt = start + 1 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  const blocks = readBlocks(data, sizeAt + sizeBytes);
  return {
    bound: sizeBytes === 0 ? blocks.bound : readSize(data, sizeAt, sizeBytes),
    end: blocks.end + (hasChecksum ? 4 : 0),
  };
}

function readSize(data: Buffer, offset: number, bytes: number): number {
  if (bytes === 8) return Number(data.readBigUInt64LE(offset));
  const size = data.readUIntLE(offset, bytes);
  // Two bytes tell sizes from 256 on: smaller ones fit in one.
  return bytes === 2 ? size + 256 : size;
}

function readBlocks(data: Buffer, start: number): { bound: number; end: number } {
  let bound = 0;
  let offset = start;
  for (;;) {
    const header = data.readUIntLE(offset, 3);
    const kind = (header >>> 1) & 0b11;
    const size = header >>> 3;
    // Raw, one byte repeated, compressed; the fourth kind is reserved and left to the decoder to refuse.
    bound += kind === 2 ? mostOfBlock : size;
    offset += 3 + (kind === 1 ? 1 : size);
    if ((header & 1) === 1) return { bound, end: offset };
  }
}
