/** JSON as it is kept where nobody queries it: compressed by zstd. */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Json } from '../plan/plan.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export const pack = async (value: Json): Promise<Buffer> => compress(JSON.stringify(value));

export const unpack = async (body: Buffer): Promise<Json> => JSON.parse(String(await decompress(body))) as Json;
