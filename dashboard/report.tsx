/** A report of a comparison begins here: the screen that the dashboard has of it, over what the file carries. */
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { memoryLocation } from 'wouter/memory-location';
import { showWhole } from '../src/base/format.ts';
import { REPORT_LIMITS, rankingMetrics } from '../src/evaluation/report/data.ts';
import { titleOf } from '../src/evaluation/report/facts.ts';
import type { Comparison } from '../src/evaluation/report/page-data.ts';
import { Page } from './parts/page.tsx';
import { type ComparisonHost, ComparisonView } from './screens/compare/comparison.tsx';
import { Answers, type ExampleProps } from './screens/compare/example-detail.tsx';
import { nextTheme, useTheme } from './theme.ts';
import './style/base.css';
import './style/frame.css';
import './style/parts.css';

const HOST: ComparisonHost = { ids: null, Answers: KeptAnswers, Trace: null, Foot: () => null };

function KeptAnswers(props: ExampleProps) {
  const kept = props.page.outputs.find(({ example }) => example === props.example);
  if (kept !== undefined) return <Answers {...props} runs={kept.runs} />;
  return <p className="muted">This file has the answers of the examples that differ most, and none of this one.</p>;
}

function Report({ comparison }: { readonly comparison: Comparison }) {
  const theme = useTheme();
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <Page
        title={titleOf(comparison.report)}
        about={<Bounds comparison={comparison} />}
        command={comparison.command ?? 'sluice eval report <evaluations…>'}
        actions={
          <button type="button" onClick={nextTheme}>
            Theme: {theme}
          </button>
        }
      >
        <ComparisonView comparison={comparison} host={HOST} />
      </Page>
    </>
  );
}

/** Whose answers the file has, in numbers: a part must not be taken for all. */
function Bounds({ comparison: { report, page } }: { readonly comparison: Comparison }) {
  const metrics = rankingMetrics(report).map((place) => report.metrics[place]!.name);
  if (page.outputs.length === 0) return null;
  return (
    <>
      {showWhole(page.outputs.length)} of {showWhole(page.ids.length)} examples have their answers here: up to{' '}
      {REPORT_LIMITS.outputsEachEnd} that got worst and as many that got best, of each variant, on{' '}
      {metrics.join(' and ')}. Texts are cut at {showWhole(REPORT_LIMITS.outputLength)} characters.
    </>
  );
}

/** Says in words that it cannot be shown: nothing else would be in the page. */
function tell(error: unknown): void {
  const words = document.createElement('p');
  words.setAttribute('role', 'alert');
  words.textContent = `The report cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
  document.body.prepend(words);
}

try {
  const comparison: Comparison = JSON.parse(document.getElementById('comparison')!.textContent);
  // The address of a file stays as it is: which example is open is known in the page alone.
  const { hook, searchHook } = memoryLocation({ path: '/compare' });
  createRoot(document.getElementById('root')!, { onUncaughtError: tell }).render(
    <Router hook={hook} searchHook={searchHook}>
      <Report comparison={comparison} />
    </Router>,
  );
} catch (error) {
  tell(error);
}
