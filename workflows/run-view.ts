/** What the Temporal UI shows of a run while it goes: a line per settled node run, the last ones first cut. */
import { setCurrentDetails } from '@temporalio/workflow';
import type { NodeRun } from '../src/plan/walk.ts';

/** Lines shown; a map of many items would otherwise make a page of its own. */
const SHOWN_LINES = 50;
const SHOWN_CHARACTERS = 200;

export function createRunView(): (run: NodeRun) => void {
  const lines: string[] = [];
  let settled = 0;
  return (run) => {
    settled += 1;
    if (lines.length < SHOWN_LINES)
      lines.push(
        `- \`${run.key}\` ${run.outcome}${run.error ? `: ${run.error.message.slice(0, SHOWN_CHARACTERS)}` : ''}`,
      );
    const more = settled - lines.length;
    setCurrentDetails(lines.join('\n') + (more > 0 ? `\n- … and ${more} more` : ''));
  };
}
