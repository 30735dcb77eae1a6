/** Experiments as the API gives them. */
import type { ApiAnswer } from '../../../src/contract/api.ts';

export type ExperimentView = ApiAnswer<'listExperiments'>['experiments'][number];
