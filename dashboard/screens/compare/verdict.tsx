/** What a comparison came to, in words: whether it may pass, what to say first, and what makes it doubtful. */
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';

const WORDS = { passed: 'Passed', failed: 'Failed', inconclusive: 'Inconclusive', tampered: 'Tampered' } as const;
const TONES = { passed: 'accent', failed: 'harm', inconclusive: '', tampered: 'harm' } as const;

export function Verdict({
  comparison: { report, gate },
}: {
  readonly comparison: Pick<Comparison, 'report' | 'gate'>;
}) {
  const [line = '', ...why] = gate.sentences;
  return (
    <div className="verdict">
      <p className="gate">
        <span className={`badge ${TONES[gate.status]}`}>{WORDS[gate.status]}</span> {line.replace(/^\w+: /, '')}
      </p>
      {report.headline.length > 0 && (
        <ul>
          {report.headline.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {why.length > 0 && (
        <details>
          <summary>Why the gate says so</summary>
          <ul>
            {why.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

const COMMAND = /^sluice\b/;
const sentence = (clause: string): string => `${clause.slice(0, 1).toUpperCase()}${clause.slice(1)}.`;

/** Above all else, since it says what of the rest may be believed. */
export function Warnings({ report }: Pick<Comparison, 'report'>) {
  if (report.warnings.length === 0) return null;
  return (
    <section className="notice warnings" aria-label="Warnings">
      <strong>
        {report.warnings.length === 1 ? 'One thing makes' : `${report.warnings.length} things make`} this doubtful
      </strong>
      <ul>
        {report.warnings.map(({ code, message, remedy, sides }) => (
          <li key={`${code} ${message}`}>
            {message}
            {sides.length > 0 && ` (${sides.map((side) => report.sides[side]!.label).join(', ')})`}
            {remedy !== null && <span>. {COMMAND.test(remedy) ? <code>{remedy}</code> : sentence(remedy)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
