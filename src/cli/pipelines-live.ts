/** Which steps of a pipeline are live where: what is deployed, what is tested, and what is being rolled out. */
import { type LiveStep, liveWords, shareWords } from '../experiment/live-steps.ts';
import type { Plan } from '../plan/plan.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { type Column, tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

const SHORT_PLAN = 12;

/** @param plan its definition in code, which is served where nothing is deployed */
export async function showLive(session: Session, pipeline: string, plan: Plan): Promise<ExitCode> {
  const { terminal } = session;
  const { liveOf } = await import('../client/experiment-status.ts');
  const live = await withStore(session, ({ store }) => liveOf(store, pipeline, plan));
  if (terminal.json) {
    terminal.printJson({ pipeline, ...live });
    return EXIT.fine;
  }
  const { deploymentNo, planId, steps } = live;
  const what = deploymentNo === null ? 'the definition in code' : `deployment ${deploymentNo}`;
  terminal.print(`${pipeline} serves ${what}, plan ${planId.slice(0, SHORT_PLAN)}`);
  for (const line of tableLines(steps, columnsOf(deploymentNo), terminal.room)) terminal.print(line);
  const hasOthers = steps.some(({ by }) => by !== 'deployment');
  terminal.note(
    hasOthers
      ? 'shares are of requests that say for whom they are, and whom the experiment is about'
      : 'nothing is tried on it now',
  );
  return EXIT.fine;
}

const columnsOf = (deploymentNo: number | null): readonly Column<LiveStep>[] => [
  { heading: 'node', cell: ({ node, by }) => (by === 'deployment' ? node : ' ') },
  { heading: 'step', cell: ({ step }) => step },
  { heading: 'share', cell: shareWords, align: 'right' },
  { heading: 'by', cell: (step) => liveWords(step, deploymentNo), isFlexible: true },
  { heading: 'differs in', cell: ({ differs }) => differs.join(', ') },
  { heading: 'else', cell: ({ fallback }) => fallback },
];
