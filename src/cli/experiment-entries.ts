/** The whole ledger of an experiment, page by page. */
import type { LedgerEntry } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';

const PAGE = 1_000;

export async function entriesOf(
  { ledger }: Pick<Store, 'ledger'>,
  experimentId: string,
): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (;;) {
    const page = await ledger.entries(experimentId, { after: entries.at(-1)?.entryNo ?? 0, limit: PAGE });
    entries.push(...page);
    if (page.length < PAGE) return entries;
  }
}
