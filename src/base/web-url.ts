/** Which addresses of passages are links: those of the web. `javascript:`, `data:` and others are not. */

/** The address as it is written, if it is one of http or https; otherwise undefined. */
export function webUrl(address: unknown): string | undefined {
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined;
  return /^https?:$/.test(new URL(address).protocol) ? address : undefined;
}
