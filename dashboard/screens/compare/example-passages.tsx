/** The passages that both sides found, by the call that gave them: at which place, with which score, and whether cited. */

import { DASH, showWhole } from '../../../src/base/format.ts';
import type { TracedRun } from '../../../src/evaluation/report/traces.ts';
import { type ListPair, type PassagePair, pairLists } from './trace-pairs.ts';

interface PassagesProps {
  readonly labels: readonly [first: string, second: string];
  readonly first: TracedRun | undefined;
  readonly second: TracedRun | undefined;
  readonly isDiffOnly: boolean;
}

export function ExamplePassages({ labels, first, second, isDiffOnly }: PassagesProps) {
  const lists = pairLists(first, second);
  const shown = lists.filter(({ differing }) => !isDiffOnly || differing > 0);
  // What was found last is what the answer was made from, where it does not say so itself.
  const used = shown.findLast(({ isCited }) => isCited) ?? shown.at(-1);
  return (
    <>
      <h3>Passages</h3>
      {lists.length === 0 ? (
        <p className="muted">No call of these runs gave passages, or what they gave is no longer kept.</p>
      ) : (
        <p className="muted">{citedWords(labels, first, second)}</p>
      )}
      {isDiffOnly && lists.length > 0 && shown.length === 0 && <p>All lists are the same.</p>}
      {shown.map((list) => (
        <details key={list.name} open={list === used} className="passage-pairs">
          <summary>
            {list.name} <span className="muted">{differWords(list, labels)}</span>
          </summary>
          <ListTable list={list} labels={labels} isDiffOnly={isDiffOnly} />
        </details>
      ))}
    </>
  );
}

function differWords({ rows, differing, lacks }: ListPair, labels: PassagesProps['labels']): string {
  const count = `${showWhole(rows.length)} passages`;
  const alone = lacks[0] ? labels[1] : lacks[1] ? labels[0] : null;
  if (alone !== null) return `${count}, of ${alone} alone`;
  return `${count}, ${differing === 0 ? 'the same' : `${showWhole(differing)} differ`}`;
}

function citedWords(labels: PassagesProps['labels'], ...runs: readonly (TracedRun | undefined)[]): string {
  const words = runs.map((run, side) => {
    if (run === undefined) return `${labels[side]} has no run`;
    return `${labels[side]} ${run.cited === null ? 'has no citations' : `cites ${showWhole(run.cited.length)}`}`;
  });
  return `${words.join('; ')}. Scores compare passages of one list only.`;
}

interface TableProps {
  readonly list: ListPair;
  readonly labels: readonly [first: string, second: string];
  readonly isDiffOnly: boolean;
}

function ListTable({ list, labels, isDiffOnly }: TableProps) {
  const rows = list.rows.filter(({ differs }) => !isDiffOnly || differs);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="table-wrap" tabIndex={0} aria-label={`Passages of ${list.name}`}>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">passage</th>
            {labels.map((label) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.passage.id} className={row.differs && !list.lacks.includes(true) ? 'differs' : undefined}>
              <td className="wrap">
                <PassageName row={row} />
              </td>
              <StandCell stand={row.first} mark={row.cited[0]} isLacking={list.lacks[0]} />
              <StandCell stand={row.second} mark={row.cited[1]} isLacking={list.lacks[1]} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function PassageName({ row: { passage } }: { readonly row: PassagePair }) {
  const { id, title, heading, text } = passage;
  const place = [...new Set([title, ...heading])].filter(Boolean).join(' › ');
  return (
    <details>
      <summary>
        {place || id} {place !== '' && <span className="muted">{id}</span>}
      </summary>
      <p className="said-words">{text}</p>
    </details>
  );
}

interface StandProps {
  readonly stand: PassagePair['first'];
  readonly mark: string | null;
  readonly isLacking: boolean;
}

const DECIMALS = 3;

function StandCell({ stand, mark, isLacking }: StandProps) {
  return (
    <td>
      {stand === null ? (
        <span className="muted">{isLacking ? 'no such list' : 'not found'}</span>
      ) : (
        <>
          {stand.place}. <span className="muted">{stand.score === null ? DASH : stand.score.toFixed(DECIMALS)}</span>
        </>
      )}{' '}
      {mark !== null && <span className="badge accent">cited {mark}</span>}
    </td>
  );
}
