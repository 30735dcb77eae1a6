/** What differs between two plans of a pipeline, node by node: deployments, the definition in code, and its variants. */
import { useState } from 'react';
import { shortId, showTimeToday } from '../../../src/base/format.ts';
import { diffPlans, showDiff } from '../../../src/plan/diff.ts';
import { type Deployment, type PipelineView, variantOf } from '../../api-types.ts';
import { planDiffCommand } from '../../commands.ts';
import { Copy } from '../../parts/copy.tsx';
import { Loaded } from '../../parts/states.tsx';
import { usePlan } from './use-plan.ts';

interface Choice {
  readonly value: string;
  readonly words: string;
  readonly planId: string;
  /** Of a definition in code: its name. A deployment's plan is stored. */
  readonly defined: string | null;
}

interface CompareProps {
  readonly deployments: readonly Deployment[];
  /** The pipeline and its variants. */
  readonly defined: readonly PipelineView[];
}

export function ComparePlans({ deployments, defined }: CompareProps) {
  const choices = choicesOf(deployments, defined);
  // What is served against what was before it; without deployments, the first variant against the definition.
  const [from, to] = deployments.length === 0 ? [0, 1] : [1, 0];
  const [left, setLeft] = useState((choices[from] ?? choices[0])?.value ?? '');
  const [right, setRight] = useState((choices[to] ?? choices[0])?.value ?? '');
  const [one, other] = [left, right].map((value) => choices.find((choice) => choice.value === value));
  return (
    <>
      <div className="bar">
        <Pick id="plan-from" label="From" value={left} choices={choices} onPick={setLeft} />
        <Pick id="plan-to" label="to" value={right} choices={choices} onPick={setRight} />
      </div>
      {one !== undefined && other !== undefined && <Difference from={one} to={other} />}
    </>
  );
}

const choicesOf = (deployments: readonly Deployment[], defined: readonly PipelineView[]): readonly Choice[] => [
  ...deployments.map(({ deploymentNo, variant, at, planId }) => ({
    value: String(deploymentNo),
    words: `deployment ${deploymentNo}${variant === null ? '' : ` (${variant})`}, ${showTimeToday(at)}`,
    ...{ planId, defined: null },
  })),
  ...defined.map(({ name, planId }) => ({
    value: name,
    words: `in code: ${variantOf(name) ?? 'the definition'} ${shortId(planId)}`,
    ...{ planId, defined: name },
  })),
];

interface PickProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  readonly onPick: (value: string) => void;
}

function Pick({ id, label, value, choices, onPick }: PickProps) {
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onPick(event.target.value)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.words}
          </option>
        ))}
      </select>
    </>
  );
}

function Difference({ from, to }: { readonly from: Choice; readonly to: Choice }) {
  const [before, after] = [usePlan(from), usePlan(to)];
  return (
    <Loaded query={before} what={from.words}>
      {({ plan, planId }) => (
        <Loaded query={after} what={to.words}>
          {(other) =>
            planId === other.planId ? (
              <p className="muted">They are the same plan.</p>
            ) : (
              <>
                <pre className="plan-diff">
                  {showDiff(diffPlans(plan, other.plan), other.overrides) || 'Nothing that runs differs.'}
                </pre>
                <p className="muted">
                  <code>{planDiffCommand(planId, other.planId)}</code>{' '}
                  <Copy text={() => planDiffCommand(planId, other.planId)} what="the command for this difference" />
                </p>
              </>
            )
          }
        </Loaded>
      )}
    </Loaded>
  );
}
