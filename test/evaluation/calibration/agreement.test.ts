/** Scorers beside people: tables, rates, kappa, what raters and slices say, and the words for it. */
import { describe, expect, it } from 'vitest';
import {
  agreementOf,
  calibrationOf,
  cutOf,
  type Held,
  holdAgainst,
  kappaInterval,
  kappaOf,
  raterAgreement,
  tableOf,
} from '../../../src/evaluation/calibration/agreement.ts';
import { reportOnJudge } from '../../../src/evaluation/calibration/judge-report.ts';
import {
  type Judgement,
  majorityOf,
  meanOf,
  ratingsOf,
  votesOf,
} from '../../../src/evaluation/calibration/labelled.ts';
import { createPopulation } from '../../../src/evaluation/calibration/sample.ts';
import { isJudge, judgeModel } from '../../../src/model/evaluation-spec.ts';
import type { Json } from '../../../src/plan/plan.ts';
import { kappa, wilson } from '../../../src/stats/index.ts';
import type { Label } from '../../../src/store/evaluations.ts';
import { metricOf } from '../compare/make.ts';
import { JUDGE, type Judged, judgedEvaluation, labelledOf, labelOf, subjectOf } from './make.ts';

/** So many of each kind: `[judge, label, count]`, each an example of its own. */
const heldOf = (...kinds: readonly (readonly [judge: number, label: number, count: number])[]): Held[] =>
  kinds.flatMap(([judge, label, count], kind) =>
    Array.from({ length: count }, (_, place) => ({ judge, label, exampleId: `${kind}-${place}` })),
  );

const yesOrNo = heldOf([1, 1, 70], [0, 1, 4], [0, 0, 37], [1, 0, 6]);

describe('agreement', () => {
  it('is rates of each class by Wilson, and how much more the scorer gives', () => {
    const found = agreementOf(yesOrNo, 0.5, 0.05);
    expect(found.counts).toEqual({ tp: 70, fn: 4, tn: 37, fp: 6 });
    const { lo, hi } = wilson(37, 43, 0.05);
    expect(found.specificity).toEqual({ value: 37 / 43, lo, hi, of: 43 });
    expect(found.sensitivity).toMatchObject({ value: 70 / 74, of: 74 });
    expect(found.excess.value).toBeCloseTo(2 / 117, 12);
    expect(agreementOf([], 0.5, 0.05).sensitivity).toEqual({ value: null, lo: null, hi: null, of: 0 });
  });

  it('has kappa with an interval that is the same each time, wider where fewer examples are', () => {
    const plain = kappa(
      yesOrNo.map(({ judge }) => judge),
      yesOrNo.map(({ label }) => label),
    );
    expect(kappaOf(yesOrNo)).toBeCloseTo(plain.kappa!, 12);
    const found = kappaInterval(yesOrNo, 0.05);
    expect(found).toEqual(kappaInterval(yesOrNo, 0.05));
    expect(found.lo).toBeLessThan(found.value!);
    expect(found.hi).toBeGreaterThan(found.value!);
    const inPairs = yesOrNo.map((one, place) => ({ ...one, exampleId: `${Math.floor(place / 4)}` }));
    const wider = kappaInterval(inPairs, 0.05);
    expect(wider.hi! - wider.lo!).toBeGreaterThan(found.hi! - found.lo!);
    expect(kappaInterval(heldOf([1, 1, 20]), 0.05)).toEqual({ value: null, lo: null, hi: null });
  });

  it('tells yes from no by a threshold, the middle of the scale, or what people mostly give', () => {
    const grades = heldOf([0.5, 1, 3], [1, 0.5, 2], [0, 0, 4]);
    expect(cutOf({ worst: 0, best: 1 }, grades)).toBe(0.5);
    expect(cutOf({ worst: 5, best: 1 }, grades)).toBe(3);
    expect(cutOf({ worst: 0, best: null }, grades)).toBe(0.5);
    expect(agreementOf(grades, 0.5, 0.05).counts).toEqual({ tp: 0, fn: 3, tn: 4, fp: 2 });
    expect(tableOf(grades)).toEqual([
      { judge: 0, label: 0, n: 4 },
      { judge: 0.5, label: 1, n: 3 },
      { judge: 1, label: 0.5, n: 2 },
    ]);
    expect(tableOf(heldOf(...Array.from({ length: 8 }, (_, n) => [n, n, 1] as const)))).toBeNull();
  });
});

describe('raters', () => {
  it('are followed where more say it than anything else', () => {
    expect([[1], [1, 0, 1], [0, 1], [1, 2, 3, 2], []].map(majorityOf)).toEqual([1, 1, null, 2, null]);
  });

  it('give scores, and texts that are none', () => {
    const labels = [labelOf('s', { a: true, b: 0.5, c: 'low' }), labelOf('s', { a: false }, 'ben')];
    expect([votesOf(labels, 'a'), votesOf(labels, 'b'), votesOf(labels, 'c'), votesOf(undefined, 'a')]).toEqual([
      [1, 0],
      [0.5],
      [],
      [],
    ]);
  });
});

describe('a decision between raters', () => {
  const decided: Label = { ...labelOf('s', { a: false, b: 0.25 }, 'mo'), isFinal: true };
  const labels = [
    labelOf('s', { a: true, b: 1 }),
    labelOf('s', { a: true, b: 0.5 }, 'ben'),
    labelOf('s', { a: false, b: 0 }, 'cy'),
  ];

  it('is what most of them say, and their mean', () => {
    for (const all of [
      [decided, ...labels],
      [...labels, decided],
    ]) {
      expect(majorityOf(votesOf(all, 'a'))).toBe(0);
      expect(meanOf(votesOf(all, 'b'))).toBe(0.25);
    }
    const [held] = holdAgainst(
      { scorer: JUDGE, field: 'a', above: null },
      [{ subject: 's', variant: 0, exampleId: 'e', score: { a: 1 } }],
      ratingsOf([...labels, decided]),
    ).held;
    expect(held).toMatchObject({ judge: 1, label: 0 });
  });

  it('is no rater’s: how far people agree is as it was', () => {
    const others = [labelOf('t', { a: false }), labelOf('t', { a: false }, 'ben')];
    const before = raterAgreement([labels, others], 'a', true);
    expect(before).toMatchObject({ raters: ['ada', 'ben', 'cy'], shared: 2 });
    expect(raterAgreement([[decided, ...labels], others], 'a', true)).toEqual(before);
  });
});

describe('a judge', () => {
  it('is a scorer that asks a served model', () => {
    const by = (config: Json) => ({ call: config === null ? null : { step: 's@1', config } });
    expect(judgeModel(by({ model: 'openai/gpt-5-mini' }))).toBe('openai/gpt-5-mini');
    expect([{ model: 'cohere/x' }, { model: 'local/lexical' }, { k: 10 }, null].map((of) => isJudge(by(of)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('is held against each subject once, and against none that people are divided on', () => {
    const judgement = (subject: string, correct: number): Judgement => ({
      ...{ subject, variant: 0, exampleId: subject, score: { correct } },
    });
    const ratings = ratingsOf([
      ...['ada', 'ben'].map((rater) => labelOf('same', { correct: true }, rater)),
      ...['ada', 'ben'].map((rater) => labelOf('divided', { correct: rater === 'ada' }, rater)),
      ...['ada', 'ben', 'cy'].map((rater) => labelOf('two of three', { correct: rater === 'ada' }, rater)),
      labelOf('of another field', { score: 1 }),
      labelOf('never scored', { correct: true }),
    ]);
    const measured = { scorer: JUDGE, field: 'correct', above: null };
    const judgements = ['same', 'divided', 'two of three', 'of another field'].map((subject) => judgement(subject, 1));
    const { held, ties } = holdAgainst(measured, [...judgements, judgement('same', 0)], ratings);
    expect(held.map(({ exampleId, judge, label }) => [exampleId, judge, label])).toEqual([
      ['same', 1, 1],
      ['two of three', 1, 0],
    ]);
    expect(ties).toBe(1);
    expect(calibrationOf(measured, judgements, ratings)).toEqual({
      ...{ state: 'uncalibrated', labels: 2 },
      flaws: ['few_labels', 'few_labels_in_a_class', 'low_agreement', 'low_power'],
    });
  });
});

describe('the report on a judge', () => {
  const truth = (example: number, variant: number) => (example + variant) % 2;
  /** Wrong on each tenth, and kind to the variant on each fifth. */
  const judge = (example: number, variant: number) => {
    if (variant === 1 && example % 5 === 0) return 1;
    return example % 10 === 3 ? 1 - truth(example, variant) : truth(example, variant);
  };
  const judged = judgedEvaluation({
    examples: 200,
    judge,
    tags: (example) => ['dev', ...(example < 100 ? ['short'] : []), ...(example < 4 ? ['rare'] : [])],
  });
  const labels = (examples: number, variants: readonly number[] = [0, 1]): readonly Label[] =>
    Array.from({ length: examples }, (_, example) =>
      variants.map((variant) => labelOf(subjectOf(example, variant), { correct: truth(example, variant) === 1 })),
    ).flat();

  function reportOf(given: readonly Label[], of: Judged = judged, elsewhere: readonly Judgement[] = []) {
    const population = createPopulation('judged');
    for (const row of of.rows) population.add(row);
    return reportOnJudge({ scorer: 'judged', labelled: labelledOf(of, given), population, elsewhere, unattributed: 0 });
  }

  it('says what it is, which version, and what of it has labels', () => {
    const stray = labelOf(subjectOf(0, 0, 'f'), { correct: true });
    const elsewhere = { subject: subjectOf(1, 0, 'e'), variant: -1, exampleId: 'x', score: { correct: 1 } };
    const report = reportOf([...labels(60), stray, labelOf(elsewhere.subject, { correct: true })], judged, [elsewhere]);
    expect(report).toMatchObject({
      ...{ scorer: 'judged', kind: 'step', model: 'openai/gpt-5-mini', version: 'judged-1', subjects: 400 },
      labels: { here: 120, elsewhere: 1, unscored: 1 },
    });
    expect(report.fields.map(({ field, calibration }) => [field, calibration.labels])).toEqual([
      ['correct', 121],
      ['score', 0],
    ]);
    expect(report.fields[1]!.sentences).toEqual([
      'It may not gate on score: nothing that this version has scored has a label.',
    ]);
  });

  it('counts errors by variant, and says which it favours and what corrects that', () => {
    const [correct] = reportOf(labels(100)).fields;
    expect(correct).toMatchObject({ isBinary: true, ties: 0, calibration: { state: 'calibrated', labels: 200 } });
    expect(correct!.variants.map(({ name, agreement, clusters }) => [name, agreement.n, clusters])).toEqual([
      ['baseline', 100, 0],
      ['variant', 100, 100],
    ]);
    const [, variant] = correct!.variants;
    expect(variant!.agreement.excess.value! - correct!.variants[0]!.agreement.excess.value!).toBeCloseTo(
      variant!.bias!.value!,
      12,
    );
    expect(variant!.bias!.p).toBeLessThan(0.05);
    expect(correct!.sentences).toEqual([
      expect.stringMatching(/^It may gate on correct: 200 labels, kappa 0\.\d\d\.$/),
      expect.stringMatching(
        /^It favours variant: beside people it scores it 30 percentage points higher than baseline \(95% interval .*\); 100 clusters of examples have labels on both, which correct effects between the two\.$/,
      ),
    ]);
  });

  it('lets a judge that favours one side decide only where labels correct that, as a comparison does', () => {
    const [whole] = reportOf([...labels(100, [0]), ...labels(200, [1]).slice(100)]).fields;
    expect(whole!.calibration).toEqual({ state: 'calibrated', labels: 200, flaws: [] });
    expect(whole!.sentences[1]).toContain('its error rates on either correct effects between the two');
    const [correct] = reportOf([...labels(100, [0]), ...labels(135, [1]).slice(100)]).fields;
    expect(correct!.calibration).toEqual({ state: 'uncalibrated', labels: 135, flaws: ['favours_a_variant'] });
    expect(correct!.sentences[0]).toBe(
      'It may not gate on correct: its error is not the same on variant as on baseline, and fewer than 30 clusters of examples have labels on both.',
    );
    expect(correct!.sentences[1]).toContain('0 clusters of examples have labels on both, 30 are needed');
    expect(correct!.remedy).toBe(
      'label answers: sluice judge export eval-a --scorer judged --unlabelled --out labels.csv',
    );
  });

  it('counts clusters of examples as what corrects an effect, as a comparison does', () => {
    const ofTen = judged.facts.examples.map((example, place) => ({
      ...example,
      cluster: `c${Math.floor(place / 10)}`,
    }));
    const report = reportOf(labels(100), { ...judged, facts: { ...judged.facts, examples: ofTen } });
    expect(report.fields[0]!.variants[1]).toMatchObject({ clusters: 10 });
  });

  it('measures a field by the threshold of the metric that is made of it', () => {
    const metric = metricOf('good', {
      ...{ kind: 'share', above: 0.6, source: { from: 'score', scorer: 'judged', field: 'score' } },
    });
    const [correct, score] = reportOf([], judgedEvaluation({ examples: 20, judge, metrics: [metric] })).fields;
    expect([correct!.above, score!.above]).toEqual([null, 0.6]);
    expect(score!.sentences[0]).toContain('It may not gate on score above 0.6');
  });

  it('names what is lacking, and how many labels would do', () => {
    const mostlyYes = labels(100).filter(({ value }, place) => value.correct === true || place % 5 === 0);
    const [correct] = reportOf(mostlyYes).fields;
    const { sensitivity, specificity } = correct!.agreement!;
    expect(correct!.sentences[0]).toContain(
      `people say yes to ${sensitivity.of} and no to ${specificity.of}, and 30 of each are needed`,
    );
    const needed = Math.ceil(((sensitivity.of + specificity.of) * 30) / specificity.of);
    expect(correct!.sentences.at(-1)).toBe(`About ${needed} labels on random answers would have enough of each.`);
    expect(reportOf(labels(20)).fields[0]!.sentences[0]).toContain('40 labels, 100 are needed');
  });

  it('has slices by tag, of those that tell something', () => {
    const [correct] = reportOf(labels(120)).fields;
    expect(correct!.slices.map(({ tag, n }) => [tag, n])).toEqual([['short', 200]]);
    expect(correct!.slices[0]!.same).toMatchObject({ of: 200 });
  });

  it('says how far people agree, and on how much they are divided', () => {
    const second = labels(40).map((label, place) => ({
      ...label,
      rater: 'ben',
      value: { correct: place % 8 === 0 ? label.value.correct !== true : label.value.correct! },
    }));
    const [correct] = reportOf([...labels(100), ...second]).fields;
    expect(correct!.raters).toMatchObject({ raters: ['ada', 'ben'], shared: 80 });
    expect(correct!.raters.alpha).toBeCloseTo(0.75, 1);
    expect(correct!.ties).toBe(10);
    expect(correct!.calibration.labels).toBe(190);
    expect(correct!.sentences.at(-1)).toBe(
      'People are divided on 10 answers, in no table: one more rater would decide.',
    );
  });

  it('doubts labels on answers that somebody chose', () => {
    const chosen = labels(200).filter(({ subject }) => {
      const [variant, example] = [Number(subject[1]), Number(subject.slice(2))];
      return judge(example, variant) === 1 ? example % 2 === variant % 2 || example % 3 > 0 : example % 4 === 0;
    });
    const [correct] = reportOf(chosen).fields;
    expect(correct!.sampling).toMatchObject({ isDoubtful: true });
    expect(correct!.sentences.join(' ')).toContain('What has labels is not like the rest');
    expect(reportOf(labels(100)).fields[0]!.sampling).toMatchObject({ isDoubtful: false });
  });

  it('holds grades by distance', () => {
    const graded = labels(100).map((label, place) => ({
      ...label,
      value: { score: place % 4 === 0 ? 0.5 : Number(label.value.correct) },
    }));
    const [, score] = reportOf(graded).fields;
    expect(score).toMatchObject({ field: 'score', isBinary: false, agreement: { cut: 0.5 } });
    expect(score!.table!.map(({ label }) => label)).toContain(0.5);
    expect(score!.kappa.value).toBeGreaterThan(0.4);
  });
});
