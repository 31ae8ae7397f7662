// Writes zstd frames, without compressing: Node has zstd only from 22.15. RFC 8878, sections 3.1.1 and 3.1.1.2.
const blockBytesMax = 128 * 1024;
/** Magic number; no checksum, no size of the content; a window of 8 MiB. */
const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 13 << 3]);
const kinds = { raw: 0, repeated: 1 };

function block(kind: keyof typeof kinds, bytes: number, content: Buffer, isLast: boolean): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((bytes << 3) | (kinds[kind] << 1) | Number(isLast), 0, 3);
  return Buffer.concat([header, content]);
}

/** Blocks of up to 128 KiB for `bytes` bytes; `part` gives what stands in one. */
function blocks(
  kind: keyof typeof kinds,
  bytes: number,
  part: (from: number, to: number) => Buffer,
  isEnd: boolean,
) {
  return Array.from({ length: Math.ceil(bytes / blockBytesMax) }, (_, n) => {
    const from = n * blockBytesMax;
    const to = Math.min(bytes, from + blockBytesMax);
    return block(kind, to - from, part(from, to), isEnd && to === bytes);
  });
}

/** One frame with this content: as it is, but for one byte that is repeated at its end. */
export function zstdFrame(content: Buffer): Buffer {
  const last = content.subarray(-1);
  let plain = content.length;
  while (plain > 0 && content[plain - 1] === last[0]) plain -= 1;
  return Buffer.concat([
    head,
    ...blocks("raw", plain, (from, to) => content.subarray(from, to), false),
    ...blocks("repeated", content.length - plain, () => last, true),
  ]);
}

/** One frame of so many zeros: 4 bytes for each 128 KiB. */
export const zstdBomb = (bytes: number): Buffer =>
  Buffer.concat([head, ...blocks("repeated", bytes, () => Buffer.alloc(1), true)]);

/** One frame of so many bytes in blocks without content. */
export function zstdEmpties(bytes: number): Buffer {
  const frame = Buffer.alloc(head.length + 3 * Math.floor((bytes - head.length) / 3));
  head.copy(frame);
  frame[frame.length - 3] = 1;
  return frame;
}
