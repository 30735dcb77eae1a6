/** All routes, in the order in which the document shows them. */
import type { AddRoutes } from '../route.ts';
import { addAsk } from './ask.ts';
import { addAudit } from './audit.ts';
import { addChat } from './chat.ts';
import { addComparisons } from './comparisons.ts';
import { addDatasets } from './datasets.ts';
import { addEvaluations } from './evaluations.ts';
import { addExperimentLooks } from './experiment-looks.ts';
import { addExperimentReport } from './experiment-report.ts';
import { addExperiments } from './experiments.ts';
import { addFeedback } from './feedback.ts';
import { addHealth } from './health.ts';
import { addLeaderboards } from './leaderboards.ts';
import { addMetrics } from './metrics.ts';
import { addModels } from './models.ts';
import { addMonitors } from './monitors.ts';
import { addPipelineLive } from './pipeline-live.ts';
import { addPipelinePlans } from './pipeline-plans.ts';
import { addPipelines } from './pipelines.ts';
import { addPlans } from './plans.ts';
import { addReviews } from './reviews.ts';
import { addReviewItems } from './reviews-items.ts';
import { addRunBacktests } from './run-backtests.ts';
import { addRunExamples } from './run-examples.ts';
import { addRunSearch } from './run-search.ts';
import { addRuns } from './runs.ts';
import { addSession } from './session.ts';
import { addTrace } from './trace.ts';
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
