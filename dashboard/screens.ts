/** All screens by their addresses; those with a label are in the navigation, in this order. Each is loaded when it is opened. */
import { type ComponentType, lazy } from 'react';
import type { Session } from './session.tsx';

export interface ScreenProps {
  readonly session: Session;
  /** What the address names: `{ id }`. */
  readonly parameters: { readonly [name: string]: string };
}

export interface Screen {
  readonly path: string;
  readonly label?: string;
  readonly Screen: ComponentType<ScreenProps>;
}

export const SCREENS: readonly Screen[] = [
  { path: '/runs', label: 'Runs', Screen: lazy(() => import('./screens/runs/runs.tsx')) },
  { path: '/runs/:id', Screen: lazy(() => import('./screens/run/run.tsx')) },
  { path: '/evaluations', label: 'Evaluations', Screen: lazy(() => import('./screens/evaluations/evaluations.tsx')) },
  { path: '/evaluations/:id', Screen: lazy(() => import('./screens/evaluations/evaluation.tsx')) },
  {
    path: '/leaderboard',
    label: 'Leaderboard',
    Screen: lazy(() => import('./screens/leaderboard/leaderboard.tsx')),
  },
  { path: '/compare', Screen: lazy(() => import('./screens/compare/compare.tsx')) },
  { path: '/datasets', label: 'Datasets', Screen: lazy(() => import('./screens/datasets/datasets.tsx')) },
  { path: '/datasets/:name', Screen: lazy(() => import('./screens/datasets/dataset.tsx')) },
  { path: '/reviews', label: 'Reviews', Screen: lazy(() => import('./screens/reviews/reviews.tsx')) },
  { path: '/reviews/:name', Screen: lazy(() => import('./screens/reviews/queue.tsx')) },
  { path: '/reviews/:name/review', Screen: lazy(() => import('./screens/reviews/review.tsx')) },
  { path: '/playground', label: 'Playground', Screen: lazy(() => import('./screens/playground/playground.tsx')) },
  { path: '/experiments', label: 'Experiments', Screen: lazy(() => import('./screens/experiments/experiments.tsx')) },
  { path: '/experiments/:id', Screen: lazy(() => import('./screens/experiment/experiment.tsx')) },
  { path: '/experiments/:id/brief', Screen: lazy(() => import('./screens/experiment/brief.tsx')) },
  { path: '/pipelines', label: 'Pipelines', Screen: lazy(() => import('./screens/pipelines/pipelines.tsx')) },
  { path: '/pipelines/:name', Screen: lazy(() => import('./screens/pipelines/pipeline.tsx')) },
  { path: '/monitors', label: 'Monitors', Screen: lazy(() => import('./screens/monitors/monitors.tsx')) },
  { path: '/monitors/:id', Screen: lazy(() => import('./screens/monitors/monitor.tsx')) },
  { path: '/audit', label: 'Audit', Screen: lazy(() => import('./screens/audit/audit.tsx')) },
];
