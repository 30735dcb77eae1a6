/** Looks for a word in files, as it is and as programs encode it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The word as bytes: UTF-8, UTF-16, hex, and what base64 makes of it at each of the three places where it may begin. */
function encodings(word: string): ReadonlyMap<string, Buffer> {
  const bytes = Buffer.from(word);
  const found = new Map<string, Buffer>([
    ['UTF-8', bytes],
    ['UTF-16', Buffer.from(word, 'utf16le')],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['HEX', Buffer.from(bytes.toString('hex').toUpperCase())],
  ]);
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // What the neighbours of the word have a part in is left out, at both ends.
    found.set(`base64 at ${before}`, Buffer.from(text.slice(before === 0 ? 0 : 4, -2)));
  }
  return found;
}

/** `path: encoding` of every file below the folder that has the word. */
export async function filesWith(folder: string, word: string): Promise<readonly string[]> {
  const forms = [...encodings(word)];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = join(entry.parentPath, entry.name);
    // One that went meanwhile holds nothing.
    const content = await readFile(file).catch(() => Buffer.alloc(0));
    for (const [form, bytes] of forms)
      if (content.includes(bytes)) found.push(`${file.slice(folder.length + 1)}: ${form}`);
  }
  return found;
}
