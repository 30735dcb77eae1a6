/** The memo's table in memory, for tests that decide when each statement comes back. One owner at a time is alive. */
import type { Claim, MemoRecord, MemoTable, NewRecord } from '../../../src/store/memo.ts';

export interface MemoryTable extends MemoTable {
  readonly rows: Map<string, { owner: string; record?: MemoRecord }>;
  /** Keys of each statement, in order. */
  readonly claimed: string[][];
  readonly stored: string[][];
  readonly released: string[][];
  /** Owners that are alive. */
  readonly owners: Set<string>;
  /** What a statement waits for before it does anything. */
  before: { claim?: () => Promise<void>; store?: () => Promise<void> };
}

export function createMemoryTable(): MemoryTable {
  const rows: MemoryTable['rows'] = new Map();
  const owners = new Set<string>();
  const [claimed, stored, released]: [string[][], string[][], string[][]] = [[], [], []];

  function claimOne(owner: string, key: string): Claim {
    const row = rows.get(key);
    if (row?.record) return { kind: 'known', record: row.record };
    if (row && row.owner !== owner) return { kind: 'taken' };
    rows.set(key, { owner });
    return { kind: 'mine' };
  }
  const table: MemoryTable = {
    ...{ rows, claimed, stored, released, owners, before: {} },
    async renew(owner) {
      owners.add(owner);
    },
    async leave(owner) {
      owners.delete(owner);
    },
    async claim(owner, keys) {
      claimed.push([...keys]);
      await table.before.claim?.();
      return new Map(keys.map((key) => [key, claimOne(owner, key)]));
    },
    read: async (keys) =>
      new Map(keys.flatMap((key) => (rows.get(key)?.record ? [[key, rows.get(key)!.record!] as const] : []))),
    async store(owner, records) {
      stored.push(records.map(({ key }) => key));
      await table.before.store?.();
      for (const { key, outcome, ...rest } of records as NewRecord[])
        rows.set(key, { owner, record: { ...rest, outcome: JSON.parse(outcome) } });
    },
    async release(owner, keys) {
      released.push([...keys]);
      for (const key of keys) if (rows.get(key)?.owner === owner && !rows.get(key)?.record) rows.delete(key);
    },
    spending: async () => [],
    checkDigests: async () => [],
  };
  return table;
}
