/** Where a key leads to, by what it may do. */

interface Allowed {
  readonly scopes: readonly string[];
}

/** Whoever may not read has answers to review, and nothing else to see. */
export const homeOf = ({ scopes }: Allowed): string => (scopes.includes('read') ? '/runs' : '/reviews');

/** Of places in the navigation, those that lead somewhere. */
export const isFor = (allowed: Allowed, path: string): boolean =>
  allowed.scopes.includes('read') || path === homeOf(allowed);
