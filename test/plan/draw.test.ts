import { describe, expect, it } from 'vitest';
import { drawPlan } from '../../src/plan/draw.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import { changed, docsBot, step } from './example.ts';

const lines = drawPlan(docsBot)
  .split('\n')
  .map((line) => line.trim());

describe('drawPlan', () => {
  it('draws every node once, with its step', () => {
    for (const node of nodesOf(docsBot))
      if (node.kind === 'step')
        expect(lines.filter((line) => line.includes(`<b>${node.id}</b><br/>${node.call.step}`))).toHaveLength(1);
  });

  it('frames what contains nodes, and closes each frame', () => {
    const frames = lines.filter((line) => line.startsWith('subgraph'));
    expect(frames).toEqual([
      'subgraph n_vector["vector · for each of enhance.queries, at most 8, 4 at once"]',
      'subgraph n_reply["reply · branch on enhance.answerable"]',
      'subgraph then_n_reply["then"]',
      'subgraph n_answer["answer · repeat until check.passed, at most 3 rounds"]',
      'subgraph otherwise_n_reply["otherwise"]',
    ]);
    expect(lines.filter((line) => line === 'end')).toHaveLength(frames.length);
  });

  it('draws values as solid arrows, from the step that makes them', () => {
    expect(lines).toEqual(
      expect.arrayContaining([
        'input --> n_enhance',
        'n_vector --> n_fused',
        'n_draft --> n_check',
        'n_reply --> output',
      ]),
    );
  });

  it('draws decisions and next rounds as dashed arrows', () => {
    expect(lines.filter((line) => line.includes('-.'))).toEqual([
      'n_enhance -. when .-> n_keyword',
      'n_enhance -. if .-> then_n_reply',
      'n_enhance -. else .-> otherwise_n_reply',
      'n_check -. next round .-> n_draft',
    ]);
  });

  it('draws no arrow twice and none from or to what is not drawn', () => {
    const arrows = lines.filter((line) => line.includes('->'));
    expect(new Set(arrows).size).toBe(arrows.length);
    const drawn = lines.flatMap((line) => /^(?:subgraph )?([A-Za-z]\w*)[[(]/.exec(line)?.[1] ?? []);
    for (const arrow of arrows) for (const end of arrow.split(/ -->| -\..*\.->/)) expect(drawn).toContain(end.trim());
  });

  it('keeps ids apart that differ by a separator, and cannot be broken out of by a label', () => {
    const nodes = ['a-b', 'a_b', 'a/b', 'a_1b', 'end'].map((id) => step(id, 'x@1', {}));
    const names = drawPlan({ ...docsBot, nodes, output: { $value: {} } }).match(/n_\w+(?=\[)/g);
    expect(new Set(names).size).toBe(nodes.length);
    const hostile = changed('nodes.5.when', { $value: '"] --> evil["<script>' });
    expect(drawPlan(hostile)).not.toMatch(/"\] --> evil|<script>/);
  });

  it('colours a run', () => {
    const picture = drawPlan(docsBot, { outcomes: { enhance: 'completed', ranked: 'fallback', check: 'failed' } });
    expect(picture).toContain('class n_enhance fine');
    expect(picture).toContain('class n_ranked second');
    expect(picture).toContain('class n_check failed');
    expect(picture).not.toContain('class n_draft');
  });
});
