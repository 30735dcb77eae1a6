/** How far a rollout is: its steps in a row, done, here, and to come. */
import { showPercent } from '../../../src/base/format.ts';
import type { ExperimentDesign, ExperimentStatus } from './types.ts';

export function Ramp({ status, asked }: { readonly status: ExperimentStatus; readonly asked: ExperimentDesign }) {
  const { steps, soakMs: _, ...rollout } = asked.rollout;
  const here = steps.findLastIndex((part) => part <= status.ramp);
  const variant = status.winner ?? 'the variant';
  return (
    <>
      <ol className="ramp">
        {steps.map((part, index) => {
          const word =
            index < here || status.state === 'promoted'
              ? 'done'
              : index > here
                ? 'to come'
                : status.state === 'rolling'
                  ? 'now'
                  : 'reached';
          return (
            <li key={part} className={word.replace(' ', '-')} aria-current={word === 'now' ? 'step' : undefined}>
              <strong>{showPercent(part)}</strong> <span>{word}</span>
            </li>
          );
        })}
      </ol>
      <p className="muted">
        {status.state === 'promoted'
          ? `${variant} is the new baseline: it is what is served, whoever asks.`
          : `${showPercent(status.ramp)} of the traffic outside the share gets ${variant}.`}
        {status.state === 'rolling' && ` The next step waits for ${rollout.unitsPerStep} more ${asked.unitName}s.`}
      </p>
    </>
  );
}
