/** All routes, in the order in which the document shows them. */
import { addSession } from '../authenticate.ts';
import type { AddRoutes } from '../route.ts';
import { addAsk } from './ask.ts';
import { addAudit } from './audit.ts';
import { addChat } from './chat.ts';
import { addComparisons, addLeaderboards } from './comparisons.ts';
import { addDatasets, addRunExamples } from './datasets.ts';
import { addEvaluations } from './evaluations.ts';
import { addExperimentLooks, addExperimentReport, addExperiments } from './experiments.ts';
import { addFeedback } from './feedback.ts';
import { addHealth, addMetrics } from './health.ts';
import { addModels } from './models.ts';
import { addMonitors } from './monitors.ts';
import { addPipelineLive, addPipelinePlans, addPipelines, addPlans } from './pipelines.ts';
import { addReviewItems, addReviews } from './reviews.ts';
import { addRunBacktests } from './run-backtests.ts';
import { addRunSearch, addRuns, addTrace } from './runs.ts';
import { addViews } from './views.ts';

export const ROUTES: readonly AddRoutes[] = [
  addAsk,
  addRuns,
  addRunSearch,
  addTrace,
  addViews,
  addRunBacktests,
  addRunExamples,
  addFeedback,
  addChat,
  addModels,
  addPipelines,
  addPlans,
  addPipelinePlans,
  addPipelineLive,
  addExperiments,
  addDatasets,
  addEvaluations,
  addComparisons,
  addLeaderboards,
  addExperimentLooks,
  addExperimentReport,
  addReviews,
  addReviewItems,
  addMonitors,
  addAudit,
  addHealth,
  addMetrics,
  addSession,
];
