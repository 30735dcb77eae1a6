/** What an experiment was asked, as fixed at its start. */
import { askedFacts } from '../../../src/experiment/brief-words.ts';
import { type ExperimentStatus, isLive, type Report } from './types.ts';

export const AskedFacts = ({ report, status }: { readonly report: Report; readonly status: ExperimentStatus }) => (
  <dl className="facts">
    {askedFacts(report, isLive(status)).map(([name, text]) => (
      <div key={name} className="fact">
        <dt>{name}</dt>
        <dd>{text}</dd>
      </div>
    ))}
  </dl>
);
