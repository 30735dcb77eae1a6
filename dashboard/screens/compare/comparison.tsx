/** A comparison, wherever it comes from: in words first, then in pictures, then example by example. */
import { type ComponentType, useMemo, useState } from 'react';
import { showWhole } from '../../../src/base/format.ts';
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';
import { Empty } from '../../parts/states.tsx';
import './compare.css';
import type { ExampleProps } from './example-detail.tsx';
import { openPage } from './example-pairs.ts';
import { Examples } from './examples.tsx';
import { Leaderboard, Method } from './method.tsx';
import { Metrics } from './metrics.tsx';
import { Profile } from './profile.tsx';
import { Sides } from './sides.tsx';
import { Slices } from './slices.tsx';
import { Verdict, Warnings } from './verdict.tsx';

/** What a screen over the API can do that a file cannot, and where each finds what was answered. */
export interface ComparisonHost {
  /** The evaluations as the screen's address has them; null in a file, where no other can be chosen. */
  readonly ids: string | null;
  /** What both sides answered to an example. */
  readonly Answers: ComponentType<ExampleProps>;
  /** How both sides came to it; null where that is not known. */
  readonly Trace: ComponentType<ExampleProps> | null;
  /** Links and commands at the end of an example. */
  readonly Foot: ComponentType<ExampleProps>;
}

interface ComparisonViewProps {
  readonly comparison: Comparison;
  readonly host: ComparisonHost;
}

const SECTIONS = ['answer', 'compared', 'metrics', 'slices', 'examples', 'leaderboard', 'method'] as const;

export function ComparisonView({ comparison, host }: ComparisonViewProps) {
  const { report, examples, leaderboard } = comparison;
  const page = useMemo(() => openPage(comparison.page), [comparison.page]);
  // The first metric, as primaries come first.
  const [{ metric, side }, setLook] = useState({ metric: 0, side: 1 });
  const [asked, setAsked] = useState<{ readonly tag: number | null } | null>(null);
  const onLook = ({ tag, ...look }: { metric: number; side: number; tag: number | null }) => {
    setLook(look);
    setAsked({ tag });
  };
  const latency = report.metrics.findIndex(
    ({ source, kind }) => source.from === 'run' && source.field === 'latencyMs' && kind === 'mean',
  );
  const lacking = {
    slices: report.slices.length === 0,
    leaderboard: leaderboard === null,
    metrics: page.metrics.length === 0,
    examples: page.metrics.length === 0,
  } as const;
  const sections = SECTIONS.filter((section) => !(section in lacking && lacking[section as keyof typeof lacking]));
  if (page.sides.length < 2)
    return (
      <Empty title="There is nothing to compare it with">
        The evaluation has one variant. Choose another evaluation to compare with it.
      </Empty>
    );
  return (
    <>
      <nav className="bar" aria-label="Sections">
        {sections.map((section) => (
          <a key={section} href={`#${section}`}>
            {section[0]!.toUpperCase() + section.slice(1)}
          </a>
        ))}
      </nav>
      <Warnings report={report} />
      <div className="grid pictures" id="answer">
        <section className="card" aria-labelledby="answer-title">
          <h2 id="answer-title">Result</h2>
          <Verdict comparison={comparison} />
        </section>
        <Profile page={comparison.page} side={side} />
      </div>
      <Sides comparison={comparison} canChange={host.ids !== null} />
      {page.metrics.length === 0 ? (
        <Empty title="There are no metrics to compare by">Give the evaluation a scorer.</Empty>
      ) : (
        <>
          <Metrics comparison={comparison} onLook={onLook} />
          <Slices comparison={comparison} onLook={onLook} />
          {page.ids.length < examples && (
            <p className="notice">
              {showWhole(page.ids.length)} of {showWhole(examples)} examples are here: those that differ most, and a
              sample of the rest. All count in what is said above.
            </p>
          )}
          <Examples
            {...{ page, metric, side, host, asked }}
            latency={latency < 0 ? null : latency}
            onChoose={(change) => setLook((now) => ({ ...now, ...change }))}
          />
        </>
      )}
      {leaderboard !== null && <Leaderboard board={leaderboard} />}
      <Method comparison={comparison} />
    </>
  );
}
