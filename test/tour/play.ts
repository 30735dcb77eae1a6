/** The tour from its first act to its last: the whole loop, once around, in a browser. */

import { compare, evaluate, mismatch } from './acts/evaluations.ts';
import { lookAtLeaderboard } from './acts/leaderboard.ts';
import { review } from './acts/reviews.ts';
import { findInTemporal, rollOut } from './acts/rollout.ts';
import { addToDataset, giveFeedback, lookAtTrace, saveView } from './acts/runs.ts';
import { type StageSettings, setStage } from './stage.ts';
import { beginVisit } from './visit.ts';

export interface TourSettings extends StageSettings {
  /** Folder of the pictures. */
  readonly out: string;
  /** Told when an act begins. */
  readonly onAct: (name: string) => void;
}

/** Gives the names of the pictures. @throws what goes wrong in an act, with the act's name told before */
export async function playTour({ out, onAct, ...settings }: TourSettings): Promise<readonly string[]> {
  onAct('the stage: servers, documents, questions, a first version');
  const stage = await setStage(settings);
  try {
    const visit = await beginVisit(stage, await stage.enter('founder', ['read', 'ask', 'feedback', 'operate']), out);
    onAct('a run: its trace with tokens and money');
    const runId = await lookAtTrace(visit);
    onAct('runs that people did not like: a filter, kept as a view');
    await saveView(visit);
    onAct('one of them becomes an example');
    await addToDataset(visit);
    onAct('an evaluation with ground truth and a judge');
    const evaluationId = await evaluate(visit);
    onAct('its variants compared');
    await compare(visit, evaluationId);
    onAct('what cannot be compared');
    await mismatch(visit, evaluationId);
    onAct('a thumb, a note, an emoji');
    await giveFeedback(visit, runId);
    onAct('two experts at a review queue');
    await review(visit, evaluationId);
    onAct('the leaderboard');
    await lookAtLeaderboard(visit);
    onAct('an experiment on live traffic, and its winner rolled out');
    await rollOut(visit);
    onAct('the same run in the Temporal UI');
    await findInTemporal(visit, runId, await stage.window());
    return visit.shots;
  } finally {
    await stage.close();
  }
}
