/** All routes, in the order in which the document shows them. */
import type { AddRoutes } from '../route.ts';
import { addAsk } from './ask.ts';
import { addFeedback } from './feedback.ts';
import { addRuns } from './runs.ts';

export const ROUTES: readonly AddRoutes[] = [addAsk, addRuns, addFeedback];
