/** A state as a word in a frame; red is for proven harm and for what failed. */
const HARM: ReadonlySet<string> = new Set(['failed', 'rolled_back', 'halted', 'down']);
const GOOD: ReadonlySet<string> = new Set(['completed', 'running', 'promoted', 'rolling', 'ok']);

export function Badge({ word }: { readonly word: string }) {
  const tone = HARM.has(word) ? 'harm' : GOOD.has(word) ? 'accent' : '';
  return <span className={`badge ${tone}`}>{word.replaceAll('_', ' ')}</span>;
}
