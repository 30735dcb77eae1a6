/** Asking before what cannot be undone: for the name of the thing, of whoever sits at the terminal. */
import type { Session } from './session.ts';

/** Whether the name was typed; false where nobody can be asked. */
export async function isNamed(session: Session, what: string, name: string): Promise<boolean> {
  if (session.ask === undefined) return false;
  const typed = await session.ask(`${what} Type ${name} to do it: `);
  return typed.trim() === name;
}
