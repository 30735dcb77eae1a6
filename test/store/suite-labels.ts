/** What people say of what a scorer scores. */
import { describe, expect, test } from 'vitest';
import type { Cell, ResultRow } from '../../src/model/evaluation-result.ts';
import type { ScorerIdentity } from '../../src/model/evaluation-spec.ts';
import type { Label } from '../../src/store/evaluations.ts';
import { JUDGE } from '../evaluation/calibration/make.ts';
import { createEvaluation, specOf } from './evaluation-helpers.ts';
import type { Subject } from './suite.ts';

const of = (scorer: string): ScorerIdentity => ({ pipeline: 'bot', scorer, version: 'd1' });
const labelOf = (scorer: string, subject: string, more: Partial<Label> = {}): Label => ({
  ...of(scorer),
  subject,
  rater: 'ada',
  value: { helpful: true },
  note: null,
  labelledAt: 1_000,
  ...more,
});

export function describeLabels(subject: Subject): void {
  describe('labels', () => {
    test('come back by subject and rater, as they were', async () => {
      const { evaluations } = subject.store;
      const labels = [
        labelOf('back', 's2'),
        labelOf('back', 's1', { rater: 'bo', value: { grade: 0.25, helpful: false, why: 'é "' }, note: 'twice' }),
        labelOf('back', 's1'),
      ];
      expect(await evaluations.putLabels([...labels, labelOf('other', 's1')])).toEqual({ added: 4, changed: 0 });
      expect(await evaluations.labels(of('back'))).toEqual([labels[2], labels[1], labels[0]]);
      expect(await evaluations.labels(of('back'), ['s2', 's3'])).toEqual([labels[0]]);
      expect(await evaluations.labels(of('back'), [])).toEqual([]);
    });

    test('of another pipeline or version are of another scorer', async () => {
      const { evaluations } = subject.store;
      const [own, version, pipeline] = [
        labelOf('apart', 's'),
        labelOf('apart', 's', { version: 'd2', value: { helpful: false } }),
        labelOf('apart', 's', { pipeline: 'other', value: { helpful: false } }),
      ];
      expect(await evaluations.putLabels([own, version, pipeline])).toEqual({ added: 3, changed: 0 });
      for (const label of [own, version, pipeline]) expect(await evaluations.labels(label)).toEqual([label]);
      expect(await evaluations.unattributedLabels('apart')).toBe(0);
    });

    test('the latest stays; the same again, or an earlier one, changes nothing', async () => {
      const { evaluations } = subject.store;
      const first = labelOf('latest', 's');
      await evaluations.putLabels([first]);
      const noted = labelOf('latest', 's', { note: 'why' });
      for (const [label, changed, stays] of [
        [first, 0, first],
        [labelOf('latest', 's', { value: { helpful: false }, labelledAt: 999 }), 0, first],
        [labelOf('latest', 's', { note: '' }), 0, first],
        [noted, 1, noted],
        [{ ...noted, labelledAt: 2_000 }, 0, { ...noted, labelledAt: 2_000 }],
      ] as const) {
        expect(await evaluations.putLabels([label])).toEqual({ added: 0, changed });
        expect(await evaluations.labels(of('latest'))).toEqual([stays]);
      }
    });

    test('of labels as late as each other the same stays, in any order, in one statement or several', async () => {
      const { evaluations } = subject.store;
      const values: Label['value'][] = [{ grade: 2 }, { grade: 10 }, { '\u{FF5E}': 1 }, { '\u{1F600}': 1 }];
      const orders = [values, values.toReversed(), [values[2]!, values[0]!, values[3]!, values[1]!]];
      const kept: string[] = [];
      for (const [place, order] of orders.entries()) {
        const [one, several] = [`tie-${place}`, `tie-${place}-each`];
        await evaluations.putLabels(order.map((value) => labelOf(one, 's', { value })));
        for (const value of order) await evaluations.putLabels([labelOf(several, 's', { value })]);
        for (const scorer of [one, several])
          kept.push(JSON.stringify((await evaluations.labels(of(scorer))).map((label) => label.value)));
      }
      expect(new Set(kept)).toEqual(new Set([JSON.stringify([{ '\u{1F600}': 1 }])]));
    });

    test('of one file are all there or none', async () => {
      const { evaluations } = subject.store;
      const many = Array.from({ length: 1_500 }, (_, place) => labelOf('whole', `s${place}`));
      const broken = many.map((label, place) => (place < 1_400 ? label : { ...label, note: 'NUL: \0' }));
      await expect(evaluations.putLabels(broken)).rejects.toMatchObject({ code: 'text_unstorable' });
      expect(await evaluations.labels(of('whole'))).toEqual([]);
      expect(await evaluations.putLabels(many)).toEqual({ added: 1_500, changed: 0 });
    });

    test('a subject is found where it was scored, the newest first, by version', async () => {
      const { evaluations } = subject.store;
      const scored = (about: string, score: number): Cell => ({
        ...{ state: 'done', score: { correct: score }, subject: about },
      });
      const waiting: Cell = { state: 'missing', reason: 'not labelled yet', resumable: false, subject: 'later' };
      for (const [id, version, cells] of [
        ['scored-1', 'v1', [scored('both', 1), scored('old', 0), waiting]],
        ['scored-2', 'v1', [scored('both', 0), scored('twice', 1), scored('twice', 1)]],
        ['scored-3', 'v2', [scored('both', 0.5), { state: 'failed', reason: 'refused' }, waiting]],
      ] as const) {
        subject.at += 1_000;
        await createEvaluation(subject, id, null, specOf(id, { scorers: [{ ...JUDGE, definitionHash: 'd1' }] }));
        await evaluations.pin(id, { digests: {}, snapshots: {}, scorerVersions: { judged: version } });
        await evaluations.putResults(
          id,
          cells.map((cell, place) => rowOf(`e${place}`, cell)),
        );
      }
      const all = ['both', 'old', 'twice', 'later', 'never'];
      const found = (...places: readonly { subject: string; evaluationId: string; score: unknown }[]) =>
        places.map(({ subject: about, evaluationId, score }) => [about, evaluationId, score]);
      expect(found(...(await evaluations.scored(of('judged'), all, { pinned: 'v1' })))).toEqual([
        ['both', 'scored-2', { correct: 0 }],
        ['old', 'scored-1', { correct: 0 }],
        ['twice', 'scored-2', { correct: 1 }],
      ]);
      expect(await evaluations.scored(of('judged'), all, { pinned: 'v1', except: 'scored-2' })).toEqual([
        { subject: 'both', evaluationId: 'scored-1', exampleId: 'e0', variant: 1, score: { correct: 1 } },
        { subject: 'old', evaluationId: 'scored-1', exampleId: 'e1', variant: 1, score: { correct: 0 } },
      ]);
      expect(found(...(await evaluations.scored(of('judged'), ['both', 'later'])))).toEqual([
        ['both', 'scored-3', { correct: 0.5 }],
        ['later', 'scored-3', null],
      ]);
      expect(await evaluations.scored(of('other'), all)).toEqual([]);
      expect(await evaluations.scored({ ...of('judged'), version: 'd2' }, all)).toEqual([]);
      expect(await evaluations.scored({ ...of('judged'), pipeline: 'other' }, all)).toEqual([]);
      expect(await evaluations.scored(of('judged'), [])).toEqual([]);
    });
  });
}

const rowOf = (exampleId: string, cell: Cell): ResultRow => ({
  exampleId,
  ...{ variant: 1, repeat: 1, outcome: 'completed', error: null, output: { text: 'a' }, calls: [] },
  run: { latencyMs: 1, costUsd: null, inputTokens: null, outputTokens: null, failed: false, degraded: false },
  cells: { judged: cell },
});
