/** What has happened to it: what people and looks decided, and the stages its numbers are compared within. */
import { Link } from 'wouter';
import { DASH, shortId, showPercent } from '../../../src/base/format.ts';
import type { StageRow } from '../../../src/store/experiments.ts';
import { Moment } from '../../parts/moment.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import type { AuditRow, LookPoint } from './types.ts';

interface Entry {
  readonly key: string;
  readonly at: number;
  readonly who: string;
  readonly what: string;
  readonly why: string;
}

interface State {
  readonly state?: string;
  readonly ramp?: number;
}

const stateOf = (value: unknown): State => (typeof value === 'object' && value !== null ? value : {});

function actText({ action, was, isNow }: AuditRow): string {
  const [before, after] = [stateOf(was), stateOf(isNow)];
  if (after.state === undefined) return action;
  if (before.state !== after.state)
    return [before.state, after.state]
      .filter((state) => state !== undefined)
      .join(' → ')
      .replaceAll('_', ' ');
  return before.ramp === after.ramp
    ? action
    : `${showPercent(before.ramp)} → ${showPercent(after.ramp)} of the traffic`;
}

/** Looks that decide as the one before them are left out. */
function entriesOf(audit: readonly AuditRow[], looks: readonly LookPoint[]): readonly Entry[] {
  const acts = audit.map((row, index): Entry => {
    const { at, who, why } = row;
    return { key: `act ${audit.length - index}`, at, who, what: actText(row), why };
  });
  const changes = looks.flatMap(({ lookNo, at, decision, reason }, index): Entry[] => {
    const before = looks[index - 1];
    if (before?.decision === decision) return [];
    return [{ key: `look ${lookNo}`, at, who: `look ${lookNo}`, what: decision, why: reason.replaceAll('_', ' ') }];
  });
  return [...acts, ...changes].sort((one, other) => other.at - one.at);
}

const COLUMNS: readonly Column<Entry>[] = [
  { id: 'at', heading: 'When', cell: ({ at }) => <Moment at={at} /> },
  { id: 'who', heading: 'Who', cell: ({ who }) => who },
  { id: 'what', heading: 'What', cell: ({ what }) => what },
  { id: 'why', heading: 'Why', cell: ({ why }) => why, wraps: true },
];

export function DecisionLog({
  audit,
  looks,
}: {
  readonly audit: readonly AuditRow[];
  readonly looks: readonly LookPoint[];
}) {
  const entries = entriesOf(audit, looks);
  return <Rows rows={entries} columns={COLUMNS} keyOf={({ key }) => key} caption="Decisions, newest first" />;
}

const STAGES: readonly Column<StageRow>[] = [
  { id: 'stage', heading: 'Stage', cell: ({ stage }) => stage, isNumber: true },
  { id: 'at', heading: 'Since', cell: ({ beganAt }) => <Moment at={beganAt} /> },
  { id: 'why', heading: 'Why', cell: ({ why }) => why, wraps: true },
  { id: 'deployment', heading: 'Deployment', cell: ({ deploymentNo }) => deploymentNo, isNumber: true },
  { id: 'plan', heading: 'Baseline plan', cell: ({ basePlanId }) => <code>{shortId(basePlanId)}</code> },
  { id: 'snapshots', heading: 'Indexes', cell: ({ facts }) => snapshotsText(facts.snapshots), wraps: true },
];

const snapshotsText = (snapshots: StageRow['facts']['snapshots']): string =>
  Object.entries(snapshots)
    .map(([index, hash]) => `${index} ${hash.slice(0, 8)}`)
    .join(', ') || DASH;

export function Stages({ stages, pipeline }: { readonly stages: readonly StageRow[]; readonly pipeline: string }) {
  return (
    <>
      <Rows rows={stages} columns={STAGES} keyOf={({ stage }) => String(stage)} caption="Stages, oldest first" />
      <p className="muted">
        A stage ends when what is served changes; arms are compared within stages only.{' '}
        <Link href={`/pipelines/${pipeline}`}>Deployments of {pipeline}</Link>
      </p>
    </>
  );
}
