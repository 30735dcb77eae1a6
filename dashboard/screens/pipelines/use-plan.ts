/** Reads the plan of a definition in code, or a stored one by its id. */
import type { UseQueryResult } from '@tanstack/react-query';
import { type ApiError, useApi } from '../../api.ts';
import type { StoredPlan } from '../../api-types.ts';

export function usePlan(of: {
  readonly planId: string;
  /** Null: the plan is stored. */
  readonly defined: string | null;
}): UseQueryResult<StoredPlan, ApiError> {
  const inCode = useApi('getPipelinePlan', { params: { name: of.defined ?? '' } }, { enabled: of.defined !== null });
  const stored = useApi('getPlan', { params: { id: of.planId } }, { enabled: of.defined === null });
  return of.defined === null ? stored : inCode;
}
