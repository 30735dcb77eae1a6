import { describe, expect, it } from 'vitest';
import { STATES, stackedPoints } from '../../dashboard/screens/runs/stacked-points.ts';

describe('stackedPoints', () => {
  const bins = [
    { from: 0, to: 10, state: 'completed', n: 3 },
    { from: 10, to: 20, state: 'completed', n: 5 },
    { from: 20, to: 30, state: 'failed', n: 2 },
  ];

  it('gives every state a point in every bin, so that bars stack at their own time', () => {
    const points = stackedPoints(bins);
    expect([...points.keys()]).toEqual([...STATES]);
    for (const ofState of points.values()) expect(ofState.map(([at]) => at)).toEqual([5, 15, 25]);
    expect(points.get('completed')).toEqual([
      [5, 3],
      [15, 5],
      [25, 0],
    ]);
    expect(points.get('failed')).toEqual([
      [5, 0],
      [15, 0],
      [25, 2],
    ]);
  });

  it('has no points without runs', () => {
    expect([...stackedPoints([]).values()].flat()).toEqual([]);
  });
});
