/** The history of a run holds all that it was asked and gave, until Temporal's own retention removes it: or this, before. */
import type { WorkflowService } from '@temporalio/client';

const NOT_FOUND = 5;

/** False where Temporal has none. A workflow that still runs is ended by it. */
export async function deleteHistory(service: WorkflowService, namespace: string, runId: string): Promise<boolean> {
  try {
    await service.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId: runId } });
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === NOT_FOUND) return false;
    throw error;
  }
}
