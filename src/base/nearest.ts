/**
 * A wrong name gets the nearest right one. One place decides how near is near enough, so that the command line, the
 * plan check and the server suggest alike.
 */
import { distance } from 'fastest-levenshtein';

const LONGEST_NAME = 200;

/** The candidate with the fewest edits to `name`, if a typing mistake could explain the difference. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.slice(0, LONGEST_NAME).toLowerCase();
  let best: { candidate: string; edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = distance(wanted, candidate.toLowerCase());
    if (best === undefined || edits < best.edits) best = { candidate, edits };
  }
  return best && best.edits <= Math.max(2, Math.floor(wanted.length / 3)) ? best.candidate : undefined;
}

/**
 * What to say about a wrong name: `did you mean 'docs'?`, else the names there are (the first ten), else `otherwise`.
 */
export function suggest(name: string, candidates: Iterable<string>, otherwise: string): string {
  const names = [...candidates];
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean '${near}'?`;
  if (names.length === 0) return otherwise;
  const shown = names.slice(0, 10).map((known) => `'${known}'`);
  return `there is ${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`;
}

/** As `suggest`, for what can be made: where no name is near, `make` says how, also after the known names. */
export function suggestOrMake(name: string, candidates: Iterable<string>, make: string): string {
  const names = [...candidates];
  const suggestion = suggest(name, names, make);
  return names.length === 0 || nearest(name, names) !== undefined ? suggestion : `${suggestion}; or ${make}`;
}
