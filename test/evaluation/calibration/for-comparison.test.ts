/** Labels in a comparison: who may decide, and what a judge that favours one side is corrected to. */
import { describe, expect, it } from 'vitest';
import { labelsFor } from '../../../src/evaluation/calibration/for-comparison.ts';
import type { Judgement } from '../../../src/evaluation/calibration/labelled.ts';
import { compareEvaluations } from '../../../src/evaluation/compare/compare.ts';
import { gateOf } from '../../../src/evaluation/compare/gate.ts';
import { scoreMatrixOf } from '../../../src/evaluation/compare/score-matrix.ts';
import type { Label } from '../../../src/store/evaluations.ts';
import { metricOf } from '../compare/make.ts';
import { CORRECT, JUDGE, type Judged, judgedEvaluation, labelledOf, labelOf, subjectOf } from './make.ts';

/** Nearly half are right, on either side: which of them, differs a little. */
const truth = (example: number, variant: number): number => Number((example + 2 * variant) % 7 > 1 && example % 3 > 0);
/** Right about the baseline but for one in twelve; of what is wrong it passes every third of the variant's. */
const biased = (example: number, variant: number): number => {
  const right = truth(example, variant);
  if (variant === 1) return right === 0 && example % 3 !== 1 ? Number(example % 2 === 0) : right;
  return example % 12 === 5 ? 1 - right : right;
};

const sides = [0, 1].map((variant) => ({ evaluationId: 'eval-a', variant }));

/** Labels of the first examples, on these variants. */
const labelsOf = (examples: number, variants: readonly number[] = [0, 1]): readonly Label[] =>
  Array.from({ length: examples }, (_, example) =>
    variants.map((variant) => labelOf(subjectOf(example, variant), { correct: truth(example, variant) === 1 })),
  ).flat();

function compared(judged: Judged, labels: readonly Label[], elsewhere: readonly Judgement[] = []) {
  const matrices = [scoreMatrixOf(judged.facts, judged.rows)];
  const labelled = [labelledOf(judged, labels)];
  const said = labelsFor({ matrices, sides, labelled, elsewhere: { judged: elsewhere } });
  const report = compareEvaluations({ matrices, sides, comparisons: 1, ...said });
  return { ...said, report, side: report.metrics[0]!.sides[0]!, gate: gateOf(report) };
}

describe('a judge that favours the variant', () => {
  const judged = judgedEvaluation({ examples: 300, judge: biased });

  it('passes it where nobody looks', () => {
    const report = compareEvaluations({ matrices: [scoreMatrixOf(judged.facts, judged.rows)], sides, comparisons: 1 });
    expect(report.metrics[0]!.sides[0]!.verdict).toBe('better');
  });

  it('decides nothing without labels', () => {
    const { judges, corrections, gate } = compared(judged, []);
    expect(judges).toEqual({ correct: { state: 'uncalibrated', labels: 0, flaws: [] } });
    expect(corrections).toEqual([]);
    expect(gate).toMatchObject({ status: 'inconclusive', exitCode: 4 });
    expect(gate.sentences.join(' ')).toContain('the judge behind correct is not calibrated');
  });

  it('is corrected by labels on both sides, and may decide by what they leave of the effect', () => {
    const { judges, corrections, side, gate } = compared(judged, labelsOf(100));
    expect(judges.correct).toEqual({ state: 'calibrated', labels: 200, flaws: [] });
    expect(corrections).toMatchObject([{ side: 1, metric: 'correct', method: 'ppi_mean' }]);
    const [corrected] = corrections;
    const people = Array.from({ length: 300 }, (_, example) => truth(example, 1) - truth(example, 0));
    const effect = people.reduce((sum, difference) => sum + difference, 0) / 300;
    expect(corrected!.lo).toBeLessThan(effect);
    expect(corrected!.hi).toBeGreaterThan(effect);
    expect(side.effect.lo).toBeGreaterThan(effect);
    expect(side.verdict).toBe('inconclusive');
    expect(side.sentences[0]).toMatch(/\(by the labels .*% interval .*; by the scores alone /);
    expect(gate.status).toBe('inconclusive');
  });

  it('is found out by labels that are on other examples of either side, and then decides nothing', () => {
    const labels = [...labelsOf(100, [0]), ...labelsOf(200, [1]).slice(100)];
    const { judges, corrections } = compared(judged, labels);
    // Of either side there are enough for its error rates: those correct it.
    expect(corrections).toMatchObject([{ method: 'rogan_gladen', labels: 200 }]);
    expect(judges.correct).toMatchObject({ state: 'calibrated' });
    const fewer = compared(judged, [...labelsOf(100, [0]), ...labelsOf(135, [1]).slice(100)]);
    expect(fewer.corrections).toEqual([]);
    expect(fewer.report.warnings).toContainEqual({
      code: 'labels_not_applied',
      message:
        'labels do not correct the effect on correct: 0 clusters of examples have labels on both sides, 30 are needed; and one table of error rates for both sides does not hold, as the judge errs differently on them',
      remedy:
        'label the same examples on both sides: sluice judge export eval-a --scorer judged --unlabelled --out labels.csv',
      sides: [1],
    });
    expect(fewer.judges.correct).toEqual({ state: 'uncalibrated', labels: 135, flaws: ['favours_a_variant'] });
    expect(fewer.gate.status).toBe('inconclusive');
  });
});

describe('a fair judge', () => {
  const fair = (example: number, variant: number): number =>
    example % 12 === 5 ? 1 - truth(example, variant) : truth(example, variant);
  const better = (example: number, variant: number) =>
    variant === 1 && example % 3 === 0 ? 1 : fair(example, variant);
  const judged = judgedEvaluation({ examples: 300, judge: better });
  const labels = Array.from({ length: 100 }, (_, example) =>
    [0, 1].map((variant) => labelOf(subjectOf(example, variant), { correct: better(example, variant) === 1 })),
  ).flat();

  it('lets pass what people find better, too', () => {
    const { side, gate } = compared(judged, labels);
    expect(side.verdict).toBe('better');
    expect(side.corrected!.lo).toBeGreaterThan(0);
    expect(gate).toMatchObject({ status: 'passed', exitCode: 0 });
  });

  it('is known by labels of other evaluations, as long as it is the same version that scored them', () => {
    const elsewhere = Array.from({ length: 120 }, (_, example): Judgement => {
      const correct = better(example, 0);
      return { subject: subjectOf(example, 0, 'b'), variant: -1, exampleId: `e${example}`, score: { correct } };
    });
    const there = elsewhere.map(({ subject, score }) => labelOf(subject, { correct: score.correct === 1 }));
    const { judges, corrections, gate, report } = compared(judged, there, elsewhere);
    expect(judges.correct).toEqual({ state: 'calibrated', labels: 120, flaws: [] });
    expect(corrections).toMatchObject([{ method: 'rogan_gladen_pooled', labels: 120 }]);
    expect(gate.status).toBe('passed');
    expect(report.warnings).toEqual([
      {
        code: 'error_rates_pooled',
        message:
          'labels correct the effect on correct by one table of error rates for both sides: what the judge does to one side alone is not corrected',
        remedy:
          'label the same examples on both sides: sluice judge export eval-a --scorer judged --unlabelled --out labels.csv',
        sides: [1],
      },
    ]);
    expect(compared(judged, there).judges.correct).toMatchObject({ state: 'uncalibrated', labels: 0 });
  });

  it('says which labels are missing where they are too few of either answer, and nothing where nobody has labelled', () => {
    const codes = (given: readonly Label[]) => compared(judged, given).report.warnings.map(({ code }) => code);
    expect(codes([])).toEqual(['judge_uncalibrated']);
    expect(codes(labels.slice(0, 40))).toEqual(['judge_uncalibrated', 'labels_not_applied']);
    const [, warning] = compared(judged, labels.slice(0, 40)).report.warnings;
    expect(warning!.message).toMatch(
      /: \d+ clusters of examples have labels on both sides, 30 are needed; and people say yes to \d+ and no to \d+ of what has labels, 20 of each are needed for error rates$/,
    );
    expect(codes(labels)).toEqual([]);
  });

  it('is another judge in another version: labels of what that has not scored are of no use', () => {
    const changed = judgedEvaluation({ examples: 300, judge: better, subject: (...of) => subjectOf(...of, 'c') });
    expect(compared(changed, labels).judges.correct).toEqual({ state: 'uncalibrated', labels: 0, flaws: [] });
  });

  it('is not held against people on the sides of another version', () => {
    const facts = {
      evaluationId: 'eval-b',
      pins: { digests: {}, snapshots: {}, scorerVersions: { judged: 'judged-2' } },
    };
    const other = judgedEvaluation({ examples: 300, judge: better, facts });
    const matrices = [judged, other].map((each) => scoreMatrixOf(each.facts, each.rows));
    const labelled = [judged, other].map((each) => labelledOf(each, labels));
    const across = [sides[0]!, { evaluationId: 'eval-b', variant: 1 }];
    const said = labelsFor({ matrices, sides: across, labelled });
    expect(said.corrections).toEqual([]);
    expect(said.judges.correct!.labels).toBe(200);
    expect(
      compareEvaluations({ matrices, sides: across, comparisons: 1, ...said }).metrics[0]!.sides[0]!.why,
    ).toMatchObject({
      code: 'scorer_versions',
    });
  });
});

describe('a guardrail', () => {
  const guarded = (judge: (example: number, variant: number) => number, margin: number) =>
    judgedEvaluation({ examples: 300, judge, metrics: [{ ...CORRECT, role: 'guardrail', margin }] });
  /** People find the variant worse on every fourth, and the judge sees nothing of it. */
  const people = (example: number, variant: number) => (variant === 1 && example % 4 === 0 ? 0 : truth(example, 0));
  const labels = Array.from({ length: 120 }, (_, example) =>
    [0, 1].map((variant) => labelOf(subjectOf(example, variant), { correct: people(example, variant) === 1 })),
  ).flat();
  const blind = (example: number, variant: number) =>
    example % 25 === 7 ? 1 - truth(example, 0) : people(example, variant * Number(example % 8 === 0));

  it('is not proven harmless by a judge that labels contradict', () => {
    const judged = guarded(blind, 0.12);
    const report = compareEvaluations({ matrices: [scoreMatrixOf(judged.facts, judged.rows)], sides, comparisons: 1 });
    expect(report.metrics[0]!.sides[0]!.guardrail!.status).toBe('proven');
    const { side } = compared(judged, labels);
    expect(side.guardrail!.status).toBe('unproven');
    expect(side.guardrail!.sentences[0]).toMatch(
      /^variant is not proven harmless to correct: by the labels it may be \d+\.?\d* percentage points worse, 12 percentage points allowed\.$/,
    );
  });

  it('is not harmed by what the judge alone sees, and proven where both say so', () => {
    const strict = (example: number, variant: number) => (variant === 1 && example % 3 === 1 ? 0 : truth(example, 0));
    const fine = Array.from({ length: 120 }, (_, example) =>
      [0, 1].map((variant) => labelOf(subjectOf(example, variant), { correct: truth(example, 0) === 1 })),
    ).flat();
    const { side } = compared(guarded(strict, 0.05), fine);
    expect(side.guardrail!.status).toBe('unproven');
    expect(side.guardrail!.sentences[0]).toContain('its scores show harm, and the labels do not');
    const same = guarded((example) => (example % 25 === 7 ? 1 - truth(example, 0) : truth(example, 0)), 0.12);
    expect(compared(same, fine).side.guardrail!.status).toBe('proven');
  });
});

describe('what labels are held against', () => {
  it('is each metric as it is made of scores: a share by its threshold, failed runs as the worst', () => {
    const metric = metricOf('good', {
      kind: 'share',
      above: 0.6,
      source: { from: 'score', scorer: 'judged', field: 'score' },
    });
    const judge = (example: number, variant: number) =>
      example % 10 === 9 ? null : variant === 1 || example % 2 === 0 ? 0.7 : 0.5;
    const judged = judgedEvaluation({ examples: 200, judge, metrics: [metric] });
    // People give a little less than the judge, and pass the same.
    const labels = judged.rows.flatMap(({ cells }): Label[] => {
      const cell = cells.judged!;
      return cell.state === 'done' && cell.subject < subjectOf(120, 0).replace('a0', 'a1')
        ? [labelOf(cell.subject, { score: cell.score.score! - 0.05 })]
        : [];
    });
    const { corrections, side, judges } = compared(judged, labels);
    expect(side.effect.diff).toBeCloseTo(0.4, 12);
    expect(corrections[0]!.effect).toBeCloseTo(0.4, 1);
    expect(corrections[0]!.method).toBe('ppi_mean');
    expect(judges.good!.flaws).toEqual([]);
  });

  it('is each field by itself: one without labels does not take the verdict of another', () => {
    const graded = metricOf('score', {
      role: 'guardrail',
      margin: 0.1,
      source: { from: 'score', scorer: 'judged', field: 'score' },
    });
    const judged = judgedEvaluation({ examples: 200, judge: truth, metrics: [CORRECT, graded] });
    const { judges, report } = compared(judged, labelsOf(100));
    expect(judges.correct).toMatchObject({ state: 'calibrated', labels: 200 });
    expect(judges.score).toEqual({ state: 'uncalibrated', labels: 0, flaws: [] });
    expect(report.warnings).toMatchObject([
      {
        code: 'judge_uncalibrated',
        message:
          'the judge behind score is not calibrated, so its verdicts do not gate: nothing that this version has scored has a label',
        remedy: 'label answers: sluice judge export eval-a --scorer judged --out labels.csv',
      },
    ]);
  });

  it('is a judge that says so, whatever the key that its config names a model by', () => {
    const declared = (judge: boolean) => {
      const scorer = { ...JUDGE, judge, call: { step: 'rate@1', config: { grader: 'openai/gpt-5-mini' } } };
      const judged = judgedEvaluation({ examples: 100, judge: (example, variant) => variant || truth(example, 0) });
      const spec = { ...judged.facts.spec, scorers: [scorer], metrics: [CORRECT] };
      return compared({ ...judged, facts: { ...judged.facts, spec } }, []);
    };
    expect(declared(true).judges).toEqual({ correct: { state: 'uncalibrated', labels: 0, flaws: [] } });
    expect(declared(true).gate).toMatchObject({ status: 'inconclusive', exitCode: 4 });
    expect(declared(true).report.warnings.map(({ code }) => code)).toContain('judge_uncalibrated');
    expect(declared(false).gate).toMatchObject({ status: 'passed', exitCode: 0 });
  });

  it('is no judge’s: scorers that compute have no calibration, and are corrected where people spoke of them', () => {
    const judged = judgedEvaluation({ examples: 100, judge: truth });
    const local = { ...JUDGE, call: { step: 'judgeAnswer@1', config: { model: 'local/lexical' } } };
    const facts = { ...judged.facts, spec: { ...judged.facts.spec, scorers: [local], metrics: [CORRECT] } };
    const { judges, corrections } = compared({ ...judged, facts }, labelsOf(60));
    expect(judges).toEqual({});
    expect(corrections).toHaveLength(1);
  });

  it('is the whole of an example that was run several times', () => {
    const judged = judgedEvaluation({ examples: 60, judge: truth });
    const spec = { ...judged.facts.spec, repeats: 2 };
    const again = judged.rows.map((row) => {
      const cell = row.cells.judged!;
      const moved = cell.state === 'done' ? { ...cell, subject: cell.subject.replace(/^a/, 'd') } : cell;
      return { ...row, repeat: 2, cells: { judged: moved } };
    });
    const twice = { facts: { ...judged.facts, spec }, rows: [...judged.rows, ...again] };
    // Half of its runs say nothing of the example: only the judge's error rates can be told from them.
    expect(compared(twice, labelsOf(60)).corrections).toMatchObject([{ method: 'rogan_gladen' }]);
    const both = labelsOf(60).flatMap((label) => [label, { ...label, subject: label.subject.replace(/^a/, 'd') }]);
    expect(compared(twice, both).corrections).toMatchObject([{ method: 'ppi_mean' }]);
  });
});
