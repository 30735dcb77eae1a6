/**
 * JSON as it is kept where nobody queries it: compressed by zstd. For what is small: it is done at once, since a thread of the
 * pool would cost more than the work.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Json } from '../plan/plan.ts';

export const pack = (value: Json): Buffer => zstdCompressSync(JSON.stringify(value));

export const unpack = (body: Buffer): Json => JSON.parse(String(zstdDecompressSync(body))) as Json;
