/** Which steps of a pipeline are live where: what is deployed, what is tested, and what is being rolled out. */
import { type LiveStep, liveWords } from '../experiment/live-steps.ts';
import { percent } from '../experiment/report-text.ts';
import type { Plan } from '../plan/plan.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

const SHORT_PLAN = 12;

/** @param plan its definition in code, which is served where nothing is deployed */
export async function showLive(session: Session, pipeline: string, plan: Plan): Promise<ExitCode> {
  const { terminal } = session;
  const { liveOf } = await import('../runtime/live-of.ts');
  const live = await withStore(session, ({ store }) => liveOf(store, pipeline, plan));
  if (terminal.json) {
    terminal.printJson({ pipeline, ...live });
    return EXIT.fine;
  }
  const { deploymentNo, planId, steps } = live;
  const what = deploymentNo === null ? 'the definition in code' : `deployment ${deploymentNo}`;
  terminal.print(`${pipeline} serves ${what}, plan ${planId.slice(0, SHORT_PLAN)}`);
  for (const line of tableLines(steps, COLUMNS, terminal.room)) terminal.print(line);
  const hasOthers = steps.some(({ by }) => by !== 'deployment');
  terminal.note(
    hasOthers
      ? 'shares are of requests that say for whom they are, and whom the experiment is about'
      : 'nothing is tried on it now',
  );
  return EXIT.fine;
}

const COLUMNS = [
  { heading: 'node', cell: ({ node, by }: LiveStep) => (by === 'deployment' ? node : '') || ' ' },
  { heading: 'step', cell: ({ step }: LiveStep) => step },
  { heading: 'fallback', cell: ({ fallback }: LiveStep) => fallback },
  { heading: 'share', cell: ({ share }: LiveStep) => percent(share), align: 'right' as const },
  { heading: 'by', cell: liveWords, isFlexible: true },
  { heading: 'differs in', cell: ({ differs }: LiveStep) => differs.join(', ') },
];
