/** The prompts of a pipeline's steps, and how they changed from deployment to deployment, word by word. */

import { showTime } from '../base/format.ts';
import type { Plan } from '../plan/plan.ts';
import type { PromptHistory } from '../plan/prompts.ts';
import type { DeploymentRow } from '../store/deployments.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import type { Colours, Terminal } from './terminal.ts';
import { wrap } from './text.ts';
import { withStore } from './with-servers.ts';

/** Deployments that are looked through, and plans of them that are read: as on the screen. */
const MOST_DEPLOYMENTS = 100;
const MOST_PLANS = 20;

type Deployment = Pick<DeploymentRow, 'deploymentNo' | 'planId' | 'at' | 'by' | 'why'>;

/** @param plan its definition in code, whose prompts are shown where nothing is deployed */
export async function showPrompts(session: Session, pipeline: string, plan: Plan): Promise<ExitCode> {
  const { terminal } = session;
  const { promptHistories } = await import('../plan/prompts.ts');
  const { histories, isWhole } = await withStore(session, async ({ store }) => {
    const rows = await store.deployments.history(pipeline, MOST_DEPLOYMENTS);
    if (rows.length === 0) return { histories: promptHistories([IN_CODE], new Map([['', plan]])), isWhole: true };
    const all = [...new Set(rows.map(({ planId }) => planId))];
    const ids = all.slice(0, MOST_PLANS);
    const plans = await Promise.all(ids.map(async (id) => [id, await store.plans.get(id)] as const));
    return {
      histories: promptHistories<Deployment>(rows, new Map(plans)),
      isWhole: rows.length < MOST_DEPLOYMENTS && ids.length === all.length,
    };
  });
  if (terminal.json) terminal.printJson(histories);
  else if (histories.length === 0) terminal.print('none of its steps has a prompt');
  else for (const history of histories) await showOne(terminal, history, isWhole);
  return EXIT.fine;
}

/** What was never deployed has what is in code, and no history. */
const IN_CODE: Deployment = { deploymentNo: 0, planId: '', at: 0, by: '', why: '' };

async function showOne(
  terminal: Terminal,
  { node, path, versions }: PromptHistory<Deployment>,
  isWhole: boolean,
): Promise<void> {
  const { wordDiff } = await import('../base/word-diff.ts');
  const { changesText } = await import('../plan/prompts.ts');
  const { colours, width } = terminal;
  const changes = versions.length - 1;
  terminal.print(`${colours.bold(`${node}.${path}`)}  ${changesText(changes, isWhole)}`);
  for (const [place, { deployment, text }] of versions.entries()) {
    const before = versions[place + 1]?.text ?? null;
    const { deploymentNo, at, by, why } = deployment;
    const since = deploymentNo === 0 ? 'in code' : `deployment ${deploymentNo}, ${showTime(at)}, by ${by}: ${why}`;
    for (const line of wrap(since, width)) terminal.print(colours.dim(line));
    const shown = text === null ? 'it has gone' : before === null ? text : marked(wordDiff(before, text), colours);
    for (const line of wrap(shown, width, '    ')) terminal.print(line);
  }
  terminal.print();
}

/** `[-gone-]{+come+}`, so that it can be read without colours. */
const marked = (
  pieces: readonly { readonly is: 'same' | 'gone' | 'come'; readonly text: string }[],
  colours: Colours,
): string =>
  pieces
    .map(({ is, text }) =>
      is === 'same' ? text : is === 'gone' ? colours.red(`[-${text}-]`) : colours.green(`{+${text}+}`),
    )
    .join('');
