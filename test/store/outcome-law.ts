/** What a look must give, worked out from the deliveries themselves, one by one, without a database. */
import type { AnalysisData, ArrivalCount, MetricCell } from '../../src/model/analysis-data.ts';
import { quantileInterval } from '../../src/stats/quantiles.ts';
import type { NewExposure, NewOutcome, OutcomeSettings } from '../../src/store/outcomes.ts';

interface Given {
  readonly exposures: readonly NewExposure[];
  readonly outcomes: readonly NewOutcome[];
  readonly settings: OutcomeSettings;
  readonly watermark: number;
}

interface Unit {
  readonly first: NewExposure & { readonly at: number };
  readonly excluded: string | null;
}

export function expectedLook({ exposures, outcomes, settings, watermark }: Given): AnalysisData {
  const units = unitsOf(exposures);
  const analysed = [...units.values()].filter(({ excluded, first }) => excluded === null && first.at <= watermark);
  const met = [...units.values()].filter(({ excluded, first }) => excluded !== 'override' && first.at <= watermark);
  const windows = [...new Set(settings.metrics.map(({ windowMs }) => windowMs))].sort((a, b) => a - b);
  const counts = { outcomes: 0, late: 0, outside: 0 };
  const arrivals: ArrivalCount[] = [];
  const cells = settings.metrics.flatMap((metric, index) => {
    const matured = analysed.filter(({ first }) => first.at + metric.windowMs <= watermark);
    return armsOf(matured).flatMap(({ stage, arm }) => {
      const lateBefore = counts.late;
      const values = matured
        .filter(({ first }) => first.stage === stage && first.arm === arm)
        .map(({ first }) => {
          const mine = outcomes.filter((each) => each.unit === first.unit && each.metric === index);
          return unitSums(first, mine, metric.windowMs, counts);
        })
        .filter(({ n }) => n > 0n);
      const events = values.reduce((sum, { n }) => sum + Number(n), 0);
      const late = counts.late - lateBefore;
      if (metric.source.from === 'feedback' && events + late > 0)
        arrivals.push({ metric: index, stage, arm, events, late });
      return values.length === 0 ? [] : [cellOf({ metric: index, stage, arm }, metric, values)];
    });
  });
  const why = (reason: string) =>
    [...units.values()].filter(({ excluded, first }) => excluded === reason && first.at <= watermark).length;
  return {
    watermark,
    startedAt: settings.startedAt,
    fromStage: 1,
    exposed: armsOf(analysed),
    assigned: armsOf(met).map((count) => ({ ...count, exposed: count.n })),
    matured: windows.flatMap((windowMs) =>
      armsOf(analysed.filter(({ first }) => first.at + windowMs <= watermark)).map((each) => ({ ...each, windowMs })),
    ),
    cells,
    breaker: breakerOf(outcomes, settings),
    ...(arrivals.length > 0 && { arrivals }),
    counts: { twoArms: why('two_arms'), overridden: why('override'), ...counts },
    stopped: [],
  };
}

function unitsOf(exposures: readonly NewExposure[]): ReadonlyMap<string, Unit> {
  const units = new Map<string, Unit>();
  const sorted = [...exposures].sort((a, b) => a.at! - b.at! || (a.runId < b.runId ? -1 : 1));
  for (const exposure of sorted) {
    const known = units.get(exposure.unit);
    const first = known?.first ?? { ...exposure, at: exposure.at! };
    const isTwo = first.arm !== exposure.arm || known?.excluded === 'two_arms';
    units.set(exposure.unit, {
      first,
      excluded: isTwo ? 'two_arms' : (known?.excluded ?? exposure.excluded ?? null),
    });
  }
  return units;
}

function armsOf(units: readonly Unit[]): { stage: number; arm: number; n: number }[] {
  const counted = new Map<string, { stage: number; arm: number; n: number }>();
  for (const { first } of units) {
    const { stage, arm } = first;
    counted.set(`${stage}/${arm}`, { stage, arm, n: (counted.get(`${stage}/${arm}`)?.n ?? 0) + 1 });
  }
  return [...counted.values()].sort((a, b) => a.stage - b.stage || a.arm - b.arm);
}

interface Sums {
  readonly n: bigint;
  readonly v: bigint;
  readonly d: bigint;
}

function unitSums(
  first: Unit['first'],
  deliveries: readonly NewOutcome[],
  windowMs: number,
  counts: { outcomes: number; late: number; outside: number },
): Sums {
  const ends = first.at + windowMs;
  const isInside = ({ at, runId }: NewOutcome) => at <= ends && (at >= first.at || runId === first.runId);
  counts.outcomes += deliveries.length;
  counts.late += deliveries.filter(({ receivedAt }) => receivedAt! > ends).length;
  counts.outside += deliveries.filter((each) => !isInside(each)).length;
  const byRun = new Map<string, NewOutcome>();
  for (const each of deliveries.filter((delivery) => isInside(delivery) && delivery.receivedAt! <= ends)) {
    const known = byRun.get(each.runId);
    if (known === undefined || each.at > known.at || (each.at === known.at && each.deliveryId > known.deliveryId))
      byRun.set(each.runId, each);
  }
  const winners = [...byRun.values()];
  const sum = (of: (each: NewOutcome) => number) => winners.reduce((total, each) => total + BigInt(of(each)), 0n);
  return { n: BigInt(winners.length), v: sum(({ v }) => v), d: sum(({ d }) => d ?? 0) };
}

function cellOf(
  key: Pick<MetricCell, 'metric' | 'stage' | 'arm'>,
  { kind, cap, quantile }: OutcomeSettings['metrics'][number],
  units: readonly Sums[],
): MetricCell {
  const limit = cap === null ? null : BigInt(cap * 1e6);
  const unitValue = ({ n, v }: Sums): bigint => {
    if (kind === 'rate') return v > 0n ? 1_000_000n : 0n;
    if (kind === 'sum') return limit === null ? v : v > limit ? limit : v < -limit ? -limit : v;
    return kind === 'ratio' ? v : roundedMean(v, n);
  };
  const values = units.map(unitValue);
  const sum = (of: (each: Sums, x: bigint) => bigint) =>
    String(units.reduce((total, each, index) => total + of(each, values[index]!), 0n));
  return {
    ...key,
    n: units.length,
    v: sum((_, x) => x),
    vv: sum((_, x) => x * x),
    d: sum(({ d }) => d),
    dd: sum(({ d }) => d * d),
    vd: sum(({ d }, x) => x * d),
    capped: kind === 'sum' && limit !== null ? units.filter(({ v }) => v > limit || v < -limit).length : 0,
    quantile: quantile === null ? null : intervalOf(values.map(Number), quantile),
  };
}

function intervalOf(values: readonly number[], quantile: number): MetricCell['quantile'] {
  if (values.length === 1) return { estimate: values[0]!, lo: null, hi: null };
  const { status: _, ...interval } = quantileInterval(values, quantile, 0.05);
  return interval as MetricCell['quantile'];
}

/** To the nearest, and of two as near away from zero. */
function roundedMean(v: bigint, n: bigint): bigint {
  const size = v < 0n ? -v : v;
  const rounded = (2n * size + n) / (2n * n);
  return v < 0n ? -rounded : rounded;
}

function breakerOf(outcomes: readonly NewOutcome[], settings: OutcomeSettings): AnalysisData['breaker'] {
  const counted = new Map<string, { arm: number; window: number; requests: number; failures: number }>();
  for (const { metric, arm, at, v } of outcomes) {
    if (metric !== settings.failed) continue;
    const window = Math.max(1, 1 + Math.floor((at - settings.startedAt) / settings.breakerWindowMs));
    const known = counted.get(`${arm}/${window}`) ?? { arm, window, requests: 0, failures: 0 };
    counted.set(`${arm}/${window}`, {
      ...known,
      requests: known.requests + 1,
      failures: known.failures + (v > 0 ? 1 : 0),
    });
  }
  const all = [...counted.values()].sort((a, b) => a.arm - b.arm || a.window - b.window);
  const isNewest = ({ arm, window }: (typeof all)[number]) =>
    !all.some((other) => other.arm === arm && other.window > window);
  return all.filter((each) => each.failures > 0 || isNewest(each));
}
