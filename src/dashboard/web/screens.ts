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
  { path: '/experiments', label: 'Experiments', Screen: lazy(() => import('./screens/experiments/experiments.tsx')) },
  { path: '/audit', label: 'Audit', Screen: lazy(() => import('./screens/audit/audit.tsx')) },
];
