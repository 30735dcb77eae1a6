/**
 * Failures by name. A mistake is a fault of the pipeline or of the data wired through it: no help (`fallback`,
 * `orElse`, `keep-last`) applies, since degrading would hide it for ever. Nor does it where the run's budget is used up:
 * its caller has said that the run is then to end; or the evaluation's: a run that made do would be kept as a result.
 */
import { BUDGET_EXCEEDED, EVALUATION_BUDGET, STEP_INPUT_INVALID, type WalkError } from './contract.ts';
import { errorOf, type Owner } from './frame.ts';

export function isMistake(error: WalkError): boolean {
  switch (error.code) {
    case STEP_INPUT_INVALID:
    case BUDGET_EXCEEDED:
    case EVALUATION_BUDGET:
    case 'WiringUnknown':
    case 'WiringAbsent':
    case 'ConditionNotBoolean':
    case 'NotAList':
    case 'NeverReady':
      return true;
    default:
      return false;
  }
}

/** What a call was rejected with, as data. Hosts should reject with a `CallFailure`, but may reject with anything. */
export function callError(owner: Owner, rejection: unknown): WalkError {
  const { code, message, details } = partsOf(rejection);
  return {
    ...errorOf(owner, typeof code === 'string' ? code : 'StepFailed', typeof message === 'string' ? message : 'failed'),
    ...(isDetails(details) && { details }),
    cause: rejection,
  };
}

function partsOf(rejection: unknown): { code?: unknown; message?: unknown; details?: unknown } {
  return typeof rejection === 'object' && rejection !== null ? rejection : { message: rejection };
}

function isDetails(details: unknown): details is NonNullable<WalkError['details']> {
  return typeof details === 'object' && details !== null && !Array.isArray(details);
}
