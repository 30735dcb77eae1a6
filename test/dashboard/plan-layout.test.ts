import { describe, expect, test } from 'vitest';
import { type Box, layoutPlan } from '../../dashboard/screens/run/plan-layout.ts';
import { docsBot } from '../../pipelines/docs-bot.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import { PLAN } from '../telemetry/scene.ts';

const isInside = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

const meet = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

describe('the picture of a plan', () => {
  test('every node has a box within the picture, and no two meet but where one holds the other', () => {
    for (const plan of [docsBot.plan, PLAN]) {
      const { boxes, width, height } = layoutPlan(plan);
      const ids = boxes.map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining([...nodesOf(plan)].map(({ id }) => id)));
      const sheet = { ...boxes[0]!, x: 0, y: 0, width, height };
      expect(boxes.filter((box) => !isInside(box, sheet))).toEqual([]);
      const clashes = boxes.flatMap((one, place) =>
        boxes
          .slice(place + 1)
          .filter((other) => meet(one, other) && !isInside(one, other) && !isInside(other, one))
          .map((other) => `${one.id} ${other.id}`),
      );
      expect(clashes).toEqual([]);
    }
  });

  test('a node stands to the right of what it takes from; what runs side by side stands above each other', () => {
    const at = new Map(layoutPlan(docsBot.plan).boxes.map((box) => [box.id, box]));
    const order = ['input', 'enhance', 'vector', 'fused', 'ranked', 'answer', 'reply', 'output'];
    for (const [place, id] of order.slice(1).entries()) {
      const before = at.get(order[place]!)!;
      expect(at.get(id)!.x, id).toBeGreaterThanOrEqual(before.x + before.width);
    }
    expect(meet({ ...at.get('keyword')!, y: 0 }, { ...at.get('vector')!, y: 0 })).toBe(true);
    expect(isInside(at.get('draft')!, at.get('answer')!)).toBe(true);
  });

  test('arrows that follow from others are left out', () => {
    const { boxes, arrows } = layoutPlan(docsBot.plan);
    const enhance = boxes.find(({ id }) => id === 'enhance')!;
    // To both searches alone, though half the plan takes its question.
    expect(arrows.filter(({ from }) => from.x === enhance.x + enhance.width).length).toBe(2);
  });
});
