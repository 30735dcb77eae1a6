/** Trace and panel, and the plan's picture, of one selection. */
import { type ReactNode, useMemo, useRef, useState } from 'react';
import type { Plan } from '../../../src/plan/plan.ts';
import { Loading } from '../../parts/states.tsx';
import { Panel } from './panel.tsx';
import { PlanPicture } from './plan-picture.tsx';
import { closedAtFirst, type Line, linesOf, type RunTrace, seenLines } from './spans.ts';
import { Tree } from './tree.tsx';

interface BodyProps {
  readonly run: RunTrace;
  readonly plan: Plan | undefined;
  readonly planTrouble: ReactNode;
  readonly onRerun: ((node: string) => void) | undefined;
}

export function Body({ run, plan, planTrouble, onRerun }: BodyProps) {
  const lines = useMemo(() => linesOf(run), [run]);
  const [selected, setSelected] = useState('run');
  const [closed, setClosed] = useState<ReadonlySet<string>>(() => closedAtFirst(lines));
  const panel = useRef<HTMLDivElement>(null);
  const seen = useMemo(() => seenLines(lines, closed), [lines, closed]);
  const line = lines.find(({ id }) => id === selected) ?? lines[0]!;
  const toggle = (id: string, isOpen: boolean) => {
    const next = new Set(closed);
    if (isOpen) next.delete(id);
    else next.add(id);
    setClosed(next);
    // What was selected inside is not seen any more.
    if (!isOpen && !seenLines(lines, next).some((each) => each.id === selected)) setSelected(id);
  };
  /** By a click: what is said of it may be out of sight, where all is in one column. */
  const pick = (id: string) => {
    setSelected(id);
    requestAnimationFrame(() => panel.current?.scrollIntoView({ block: 'nearest' }));
  };
  const choose = (id: string) => {
    const above = ownersOf(id, lines);
    setClosed(new Set([...closed].filter((each) => !above.has(each))));
    pick(id);
  };
  const closeAll = () => {
    setClosed(new Set(lines.flatMap(({ id, level, hasInside }) => (hasInside && level > 1 ? [id] : []))));
    setSelected('run');
  };
  return (
    <>
      <div className="run-body">
        <section className="card" aria-labelledby="trace-title">
          <TraceHead onOpen={() => setClosed(new Set())} onClose={closeAll} />
          <Tree
            {...{ lines: seen, closed, selected: line.id }}
            onSelect={setSelected}
            onPick={pick}
            onToggle={toggle}
          />
          {run.nodes.length === 0 && <NoNodes isRunning={run.state === 'running'} />}
        </section>
        <div ref={panel} className="panel-place">
          <Panel key={line.id} line={line} run={run} onRerun={onRerun} />
        </div>
      </div>
      <section className="card" aria-labelledby="plan-title">
        <h2 id="plan-title">Plan</h2>
        {plan ? (
          <PlanPicture plan={plan} nodes={run.nodes} onChoose={choose} />
        ) : (
          (planTrouble ?? <Loading what="the plan" />)
        )}
      </section>
    </>
  );
}

/** The lines that one is nested in. */
function ownersOf(id: string, lines: readonly Line[]): ReadonlySet<string> {
  const parents = new Map(lines.map((line) => [line.id, line.parent]));
  const owners = new Set<string>();
  for (let at = parents.get(id); at; at = parents.get(at)) owners.add(at);
  return owners;
}

const TraceHead = ({ onOpen, onClose }: { onOpen: () => void; onClose: () => void }) => (
  <div className="panel-head">
    <h2 id="trace-title">Trace</h2>
    <span className="bar">
      <button type="button" className="small" onClick={onOpen}>
        Open all
      </button>
      <button type="button" className="small" onClick={onClose}>
        Close all
      </button>
    </span>
  </div>
);

const NoNodes = ({ isRunning }: { isRunning: boolean }) => (
  <p className="muted">
    {isRunning
      ? 'No node has been recorded yet; this page follows the run by itself.'
      : 'No node of it is on record: it ended before the first had.'}
  </p>
);
