/** Which leaderboard is shown: of which dataset and part, by which metric, against whom. */
import type { BaselineLeaderboard, EvaluatedDataset } from '../../../src/evaluation/baseline-leaderboard.ts';

/** As the API gives it. */
export interface Answer {
  readonly datasets: readonly EvaluatedDataset[];
  readonly dataset: string | null;
  readonly split: string | null;
  readonly board: BaselineLeaderboard;
}

/** What is asked for, as the address has it. */
export const ASKED = ['dataset', 'split', 'metric', 'baseline'] as const;
export type Asked = (typeof ASKED)[number];

interface ChoicesProps {
  readonly answer: Answer;
  readonly onChange: (name: Asked, value: string) => void;
}

export function Choices({ answer: { datasets, dataset, split, board }, onChange }: ChoicesProps) {
  const splits = datasets.find(({ name }) => name === dataset)?.splits ?? [];
  const options: readonly (readonly [Asked, string, string | null, readonly (readonly [string, string])[]])[] = [
    [
      'dataset',
      'Dataset',
      dataset,
      withCurrent(
        datasets.map(({ name, evaluations }) => [name, `${name} (${evaluations})`]),
        dataset,
      ),
    ],
    [
      'split',
      'Part',
      split,
      withCurrent(
        splits.map(({ split: part, evaluations }) => [part, `${part} (${evaluations})`]),
        split,
      ),
    ],
    ['metric', 'Ranked by', board.sortedBy, board.columns.map(({ metric }) => [metric, metric])],
    ['baseline', 'Against', board.baseline, board.rows.map(({ reference, label }) => [reference, label])],
  ];
  return (
    <form className="bar leaderboard-choices" aria-label="What is ranked" onSubmit={(event) => event.preventDefault()}>
      {options
        .filter(([, , , choices]) => choices.length > 0)
        .map(([name, word, value, choices]) => (
          <label key={name}>
            {word}{' '}
            <select value={value ?? ''} onChange={({ target }) => onChange(name, target.value)}>
              {choices.map(([each, shown]) => (
                <option key={each} value={each}>
                  {shown}
                </option>
              ))}
            </select>
          </label>
        ))}
    </form>
  );
}

/** What an address names stays named, also where there is nothing of it. */
const withCurrent = (
  choices: readonly (readonly [string, string])[],
  current: string | null,
): readonly (readonly [string, string])[] =>
  current === null || choices.some(([value]) => value === current)
    ? choices
    : [[current, `${current} (0)`], ...choices];
