/** How deployments are told: what is served first, then since when and why, the next command last. */

import { count, showPercent, showTime } from '../base/format.ts';
import type { Deployed } from '../client/deploy-client.ts';
import { winnersIn } from '../experiment/promoted.ts';
import { type PlanChange, showDiff } from '../plan/diff.ts';
import { shortId } from '../plan/id.ts';
import type { DeploymentRow, Restaging } from '../store/deployments.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Of a plan's differences so many are shown. */
const SHOWN_CHANGES = 12;

export function showDeployed(
  terminal: Terminal,
  { deployment, before, isChanged, restaged, undone }: Deployed,
  changes: readonly PlanChange[],
): void {
  const { pipeline, deploymentNo, by, why, at, holdOut } = deployment;
  const [no, name] = [`deployment ${deploymentNo}`, servedText(deployment)];
  if (!isChanged) {
    terminal.print(`${pipeline} serves ${name} already: nothing is changed`);
    terminal.print(`  ${no}, since ${showTime(at)}, by ${by}: ${why}`);
    terminal.print(`  its history: sluice deploy ${pipeline} --history`);
    return;
  }
  terminal.print(`${pipeline} serves ${name} now (${no})`);
  if (before === undefined) terminal.print('  nothing was deployed before: runs got the definition in code');
  else
    terminal.print(
      `  before: ${servedText(before)} (deployment ${before.deploymentNo}, by ${before.by}: ${before.why})`,
    );
  for (const line of changeLines(changes)) terminal.print(`  ${line}`);
  if (holdOut !== (before?.holdOut ?? 0)) terminal.print(`  hold-out: ${showPercent(holdOut)} of all units`);
  for (const { node, experiments } of undone)
    terminal.print(`  undone: what ${experiments.join(', ')} won at '${node}'`);
  for (const restaging of restaged) terminal.print(`  ${restagingText(restaging)}`);
  terminal.print('  it holds for new runs within 2 s; runs under way end on the plan they began with');
  if (before !== undefined) terminal.print(`  back: sluice deploy ${pipeline} --rollback ${before.deploymentNo}`);
  else terminal.print(`  try it: sluice ask ${pipeline} "…"`);
}

export function showDeployments(terminal: Terminal, deployments: readonly DeploymentRow[]): void {
  if (deployments.length === 0) {
    terminal.print('nothing is deployed: runs get the definitions in code');
    terminal.print('  deploy one: sluice deploy PIPELINE');
    return;
  }
  terminal.print(`${count(deployments.length, 'pipeline')} deployed`);
  for (const line of deploymentTable(deployments, 'pipeline', ({ pipeline }) => pipeline, terminal.room))
    terminal.print(line);
  terminal.print(`change one: sluice deploy ${deployments[0]!.pipeline}`);
}

/** @param rows of one pipeline, newest first, at least one */
export function showHistory(terminal: Terminal, rows: readonly DeploymentRow[]): void {
  const current = rows[0]!;
  terminal.print(`${current.pipeline} serves ${servedText(current)} (deployment ${current.deploymentNo})`);
  for (const line of deploymentTable(rows, '', ({ kind }) => KINDS[kind], terminal.room)) terminal.print(line);
  const other = rows.find(({ planId }) => planId !== current.planId);
  if (other) terminal.print(`go back: sluice deploy ${current.pipeline} --rollback ${other.deploymentNo}`);
}

const KINDS: { readonly [Kind in DeploymentRow['kind']]: string } = {
  deploy: 'deployed',
  rollback: 'rolled back',
  promote: 'promoted',
};

function deploymentTable(
  rows: readonly DeploymentRow[],
  heading: string,
  first: (row: DeploymentRow) => string,
  room: number,
): string[] {
  return tableLines(
    rows,
    [
      { heading, cell: first },
      { heading: 'no', cell: ({ deploymentNo }) => deploymentNo, align: 'right' },
      { heading: 'plan', cell: ({ planId }) => shortId(planId) },
      { heading: 'variant', cell: ({ variant }) => variant },
      { heading: 'won by', cell: ({ promoted }) => promoted.map(({ experiment }) => experiment).join(', ') },
      { heading: 'hold-out', cell: ({ holdOut }) => (holdOut === 0 ? null : showPercent(holdOut)), align: 'right' },
      { heading: 'since', cell: ({ at }) => showTime(at) },
      { heading: 'by', cell: ({ by }) => by },
      { heading: 'why', cell: ({ why }) => why, isFlexible: true },
    ],
    room,
  );
}

/** `plan 4f1c09ab12cd (variant wide)`. */
function servedText({ planId, variant, promoted }: DeploymentRow): string {
  const parts = [
    ...(variant === null ? [] : [`variant ${variant}`]),
    ...(promoted.length === 0 ? [] : [`with what ${winnersIn(promoted).join(', ')} won`]),
  ];
  return `plan ${shortId(planId)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

function changeLines(changes: readonly PlanChange[]): string[] {
  const lines = showDiff(changes.slice(0, SHOWN_CHANGES))
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');
  const more = changes.length - SHOWN_CHANGES;
  return more > 0 ? [...lines, `and ${count(more, 'more difference')}`] : lines;
}

function restagingText({ experimentId, stage, to, why }: Restaging): string {
  const what = to === 'stage' ? `goes on in stage ${stage + 1}` : 'has ended, superseded';
  return `experiment ${experimentId} ${what}: ${why}`;
}
