/**
 * A rollout: more and more of the traffic outside the experiment's share gets the winner, while the share stays split and is
 * looked at for harm. It takes each step when that has lasted, and enough units have matured in it; harm ends it in the
 * store, at once and for everybody, even if this workflow ends.
 */
import { continueAsNew, defineQuery, setHandler } from '@temporalio/workflow';
import {
  type LifecycleStatus,
  type RolloutInput,
  STEP_QUERY,
  type StepPlace,
} from '../src/model/experiment-messages.ts';
import { type AnalysisLoop, activities, checkClock, live, startAnalysisLoop } from './experiment.ts';

type Place = { -readonly [Key in keyof StepPlace]: StepPlace[Key] };

export async function rollout(input: RolloutInput): Promise<{ readonly state: string }> {
  checkClock(input);
  const { experimentId } = input;
  const place: Place = { ...(input.at ?? { step: -1, beganAt: 0, unitsThen: 0, isHeld: false }) };
  setHandler(defineQuery<StepPlace>(STEP_QUERY), () => place);
  let state = 'rolling';
  const analyses = startAnalysisLoop(input, 'rollout', {
    headline: (last) => `**${state}** \`${experimentId}\` · ${describe(input, place, last?.units)}`,
    onSteer(action) {
      if (action === 'pause' || action === 'resume') place.isHeld = action === 'pause';
    },
  });
  return live(input, async () => {
    // The first step is taken at once.
    if (place.step < 0 && !place.isHeld) await goOn(input, place, analyses);
    while (!analyses.isLong()) {
      let status = await analyses.next();
      if (status?.state === 'rolling' && !place.isHeld && isOver(input, place, analyses))
        status = await goOn(input, place, analyses);
      state = status?.state ?? state;
      if (status === undefined || status.isLive) continue;
      await analyses.untilAnswered();
      return { state };
    }
    await analyses.untilAnswered();
    return continueAsNew<typeof rollout>({ ...input, ...analyses.carried(), at: place });
  });
}

/** Whether a step has lasted, and enough units have matured in it. The last one lasts until the share may be released. */
function isOver({ ramp }: RolloutInput, { step, beganAt, unitsThen }: Place, { last }: AnalysisLoop): boolean {
  if (step < 0 || last === undefined) return step < 0;
  const leastMs = step < ramp.steps.length - 1 ? ramp.soakMs : Math.max(ramp.soakMs, ramp.releaseAfterMs);
  return Date.now() - beganAt >= leastMs && last.units - unitsThen >= ramp.unitsPerStep;
}

/** Takes the next step; after the last one, the winner becomes what is deployed. */
async function goOn(
  { experimentId, ramp: { steps } }: RolloutInput,
  place: Place,
  analyses: AnalysisLoop,
): Promise<LifecycleStatus | undefined> {
  const next = place.step + 1;
  if (next >= steps.length) return analyses.trying(() => activities.finishRollout({ experimentId }));
  return analyses.trying(async () => {
    const status = await activities.rampRollout({ experimentId, ramp: steps[next]! });
    if (status.state === 'rolling')
      Object.assign(place, { step: next, beganAt: Date.now(), unitsThen: analyses.last?.units ?? 0 });
    return status;
  });
}

const WHOLE = 100;

/** With what a step waits for: where hardly anybody is new, that may be units. */
function describe(
  { ramp: { steps, unitsPerStep } }: RolloutInput,
  { step, isHeld, unitsThen }: Place,
  units = unitsThen,
): string {
  if (step < 0) return 'before its first step';
  const part = `${Number((steps[step]! * WHOLE).toPrecision(3))} %`;
  const place = `step ${step + 1} of ${steps.length}: ${part} of the traffic outside the share`;
  if (isHeld) return `${place}, held there`;
  return `${place}, ${Math.max(0, units - unitsThen)} of ${unitsPerStep} more units`;
}
