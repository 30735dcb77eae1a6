/** What is wrong with a page for those who do not see it, or use no pointer. */
import axeCore from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe finds that is serious, or worse. */
export async function findings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeCore.source);
  const violations = await page.evaluate<readonly Violation[]>('axe.run().then(({ violations }) => violations)');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

/** What a pointer may press, and the keyboard cannot come to. */
export const beyondKeys = (page: Page) => page.evaluate<readonly string[]>(BEYOND_KEYS);

/** Rows of a tree are come to by arrows. */
const BEYOND_KEYS = `[...document.querySelectorAll('main *, nav *')]
  .filter((each) => getComputedStyle(each).cursor === 'pointer' && each.checkVisibility())
  .filter((each) => !each.closest('a[href], button, input, select, textarea, summary, label, [tabindex="0"], [role=treegrid]'))
  .map((each) => each.outerHTML.slice(0, 120))`;

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}
