/**
 * A whole file, as it was at one moment. Files are written while they are read, grow, vanish, or are no files at all:
 * its size is checked before anything is read, and what was read counts only where the file was the same afterwards.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Refusal, refused } from './skip.ts';

export type Read = { readonly kind: 'read'; readonly bytes: Uint8Array };

/** Times a file is read that changes meanwhile. */
const TRIES = 3;

/** At most `limitBytes`; a larger file is refused unread. */
export async function readWholeFile(path: string, limitBytes: number): Promise<Read | Refusal> {
  let handle: FileHandle;
  try {
    // Does not wait for the other end of a pipe.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(error);
  }
  try {
    return await readHandle(handle, limitBytes);
  } catch (error) {
    return unreadable(error);
  } finally {
    await handle.close();
  }
}

async function readHandle(handle: FileHandle, limitBytes: number): Promise<Read | Refusal> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) return refused('unreadable', 'it is no regular file');
    if (before.size > limitBytes)
      return refused('too-large', `it has ${before.size} bytes, ${limitBytes} are allowed: split it`);
    const bytes = await readUpTo(handle, Number(before.size) + 1);
    const after = await handle.stat({ bigint: true });
    const isSame = before.mtimeNs === after.mtimeNs && BigInt(bytes.length) === after.size;
    if (isSame) return { kind: 'read', bytes };
  }
  return refused('changing', `it was written to each of the ${TRIES} times it was read: ingest it when it is done`);
}

/** From the beginning, whatever was read before. */
async function readUpTo(handle: FileHandle, most: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(most);
  let length = 0;
  while (length < most) {
    const { bytesRead } = await handle.read(buffer, length, most - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

const unreadable = (error: unknown): Refusal =>
  refused('unreadable', `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
