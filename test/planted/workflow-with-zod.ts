/** A workflow as none should be: it brings zod into the sandbox. `bundle.test.ts` must find that. */
import { z } from 'zod';

export async function planted(): Promise<string> {
  return z.string().parse('');
}
