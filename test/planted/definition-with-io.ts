/** A definition as none should be: it reads a file. `purity.test.ts` must find that. */
export { readFile } from 'node:fs/promises';
