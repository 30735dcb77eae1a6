/** The database assigns units as TypeScript does: it has the same law, in integers. */
import { describe, expect, test } from 'vitest';
import { murmur3 } from '../../src/model/murmur3.ts';
import { randomFrom } from '../../src/stats/random.ts';
import recorded from '../conformance/assign.json' with { type: 'json' };
import type { AssignVectors } from '../conformance/assign-vectors.ts';
import { assignedBySql, experimentsAtOnce, mismatches, mixedUnits } from '../experiment/assign-sql.ts';
import { PUBLISHED } from '../experiment/murmur3-published.ts';
import type { Subject } from './suite.ts';

const EXPERIMENTS = 20;
const UNITS = 200;

export function describeAssign(subject: Subject): void {
  const hashes = async (inputs: readonly string[], decode: string) => {
    const rows = await subject.database.query<{ hash: number }>(
      `select sluice_murmur3(${decode}) as hash from unnest($1::text[]) with ordinality as given (input, place)
       order by place`,
      [inputs],
    );
    return rows.map(({ hash }) => hash);
  };

  describe('assignment in SQL', () => {
    test('hashes as published, bytes that are no text among them', async () => {
      const texts = PUBLISHED.filter(([, seed]) => seed === 0).map(
        ([text, , hash]) => [Buffer.from(text).toString('hex'), hash] as const,
      );
      const bytes = [
        ['ffffffff', 0x76293b50],
        ['21436587', 0xf55b516b],
        ['214365', 0x7e4a8634],
        ['2143', 0xa0f7b07a],
        ['21', 0x72661cf4],
      ] as const;
      const all = [...texts, ...bytes];
      const inputs = all.map(([hex]) => hex);
      expect(await hashes(inputs, `decode(input, 'hex')`)).toEqual(all.map(([, hash]) => hash));
    });

    test('hashes texts of any characters as TypeScript does', async () => {
      const units = mixedUnits(1_000, randomFrom(3).index);
      expect(await hashes(units, `convert_to(input, 'UTF8')`)).toEqual(units.map((unit) => murmur3(unit)));
    });

    test('finds what the vectors have', async () => {
      const { vectors } = recorded as unknown as AssignVectors;
      const shares = vectors.map(({ shareSalt, unit }) => `${shareSalt}.share:${unit}`);
      const arms = vectors.map(({ armSalt, unit }) => `${armSalt}.arm:${unit}`);
      const text = `convert_to(input, 'UTF8')`;
      expect(await hashes(shares, text)).toEqual(vectors.map(({ shareHash }) => shareHash));
      expect(await hashes(arms, text)).toEqual(vectors.map(({ armHash }) => armHash));
      const experiments = Map.groupBy(vectors, ({ shareSalt, range, armSalt, arms: of }) =>
        JSON.stringify([shareSalt, range, armSalt, of]),
      );
      for (const own of experiments.values()) {
        const units = own.map(({ unit }) => unit);
        expect(await assignedBySql(subject.database, own[0]!, units)).toEqual(own.map(({ arm }) => arm));
      }
    });

    test('of many experiments at once is that of TypeScript', async () => {
      const units = mixedUnits(UNITS, randomFrom(5).index);
      const found = [];
      for (const experiment of experimentsAtOnce(EXPERIMENTS))
        found.push(await mismatches(subject.database, experiment, units));
      expect(found).toEqual(Array(EXPERIMENTS).fill(0));
    });

    test('may be used in parallel and in indexes, and knows nothing of what is null', async () => {
      const [row] = await subject.database.query(
        `select sluice_murmur3(null) as hash, sluice_assign(null, 'a', 0, 4294967296, 'a', '{4294967296}') as arm,
           (select array_agg(concat(provolatile, proparallel, proisstrict)) from pg_proc
            where proname in ('sluice_murmur3', 'sluice_assign')) as marks`,
      );
      expect(row).toEqual({ hash: null, arm: null, marks: ['ist', 'ist'] });
    });
  });
}
