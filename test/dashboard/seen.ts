/** Every screen: where it has something to show, and where it has nothing. */

export interface SeenScreen {
  /** As `screens.ts` has it. */
  readonly screen: string;
  /** Where there is something to show; `RUN` and others stand for ids. */
  readonly full: string;
  /** Where there is nothing, and words that say what to do. */
  readonly empty: readonly [path: string, words: string];
  /** It reads one thing alone: no part of it can fail by itself. */
  readonly isWhole?: true;
  /** It is not read again by itself, since that costs much: it is never out of date without having been asked. */
  readonly isOnce?: true;
}

export const SEEN: readonly SeenScreen[] = [
  { screen: '/runs', full: '/runs', empty: ['/runs', 'sluice ask'] },
  {
    screen: '/runs/:id',
    full: '/runs/RUN',
    empty: [`/runs/run-${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`, 'use the runId of an answer'],
  },
  { screen: '/evaluations', full: '/evaluations', empty: ['/evaluations', 'sluice eval run'], isWhole: true },
  {
    screen: '/evaluations/:id',
    full: '/evaluations/eval-seen',
    empty: ['/evaluations/none', 'sluice eval'],
    isWhole: true,
  },
  {
    screen: '/leaderboard',
    full: '/leaderboard',
    empty: ['/leaderboard', 'sluice eval run'],
    isWhole: true,
    isOnce: true,
  },
  {
    screen: '/compare',
    full: '/compare?ids=eval-seen',
    empty: ['/compare', 'Choose evaluations'],
    isWhole: true,
    isOnce: true,
  },
  { screen: '/datasets', full: '/datasets', empty: ['/datasets', 'sluice dataset import'], isWhole: true },
  { screen: '/datasets/:name', full: '/datasets/asked', empty: ['/datasets/none', 'sluice dataset'], isWhole: true },
  { screen: '/reviews', full: '/reviews', empty: ['/reviews', 'sluice review start'], isWhole: true },
  { screen: '/reviews/:name', full: '/reviews/seen', empty: ['/reviews/none', 'sluice review'], isWhole: true },
  { screen: '/reviews/:name/review', full: '/reviews/seen/review', empty: ['/reviews/none/review', 'sluice review'] },
  { screen: '/playground', full: '/playground', empty: ['/playground', 'sluice init'], isWhole: true },
  { screen: '/experiments', full: '/experiments', empty: ['/experiments', 'sluice experiment plan'], isWhole: true },
  { screen: '/experiments/:id', full: '/experiments/EXPERIMENT', empty: ['/experiments/none', 'sluice experiment'] },
  {
    screen: '/experiments/:id/brief',
    full: '/experiments/EXPERIMENT/brief',
    empty: ['/experiments/none/brief', 'sluice experiment'],
  },
  { screen: '/pipelines', full: '/pipelines', empty: ['/pipelines', 'sluice init'], isWhole: true },
  { screen: '/pipelines/:name', full: '/pipelines/told', empty: ['/pipelines/none', 'pipelines/index.ts'] },
  { screen: '/monitors', full: '/monitors', empty: ['/monitors', 'sluice monitor start'], isWhole: true },
  { screen: '/monitors/:id', full: '/monitors/MONITOR', empty: ['/monitors/none', 'sluice monitor'], isWhole: true },
  { screen: '/audit', full: '/audit', empty: ['/audit?subject=nobody', 'Leave the name out'], isWhole: true },
];
