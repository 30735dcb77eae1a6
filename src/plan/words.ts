/** What no node can be called, since a scope or an object means something else by it. */

/** Words of the language: a scope offers its own value under each of them. */
export const RESERVED_IDS: readonly string[] = [
  'input',
  'output',
  'carry',
  'item',
  'run',
  'rounds',
  'scores',
  'expected',
];
