/** The plan of a run as a picture, each node as it went: coloured, signed, and named for those who do not see colours. */
import { type KeyboardEvent, useMemo } from 'react';
import type { Plan } from '../../../src/plan/plan.ts';
import type { TraceNode } from '../../../src/telemetry/trace.ts';
import { type Arrow, type Box, layoutPlan } from './plan-layout.ts';
import '../../style/run.css';
import { SIGNS, type Tone, toneOf } from './spans.ts';

interface PictureProps {
  readonly plan: Plan;
  /** Those of the run; of a plan by itself, none. */
  readonly nodes: readonly TraceNode[];
  /** Told the node run that was meant: the last of a node. */
  readonly onChoose?: (key: string) => void;
}

interface Went {
  readonly tone: Tone;
  readonly words: string;
  readonly key: string;
}

const MARGIN = 8;
/** It shrinks to fit so far; where that is not enough, it scrolls. */
const SMALLEST = 0.8;
const LEGEND: readonly (readonly [Tone, string])[] = [
  ['fine', 'went well'],
  ['second', 'stood in for, or cut short'],
  ['bad', 'failed'],
  ['idle', 'not made'],
  ['open', 'under way'],
];

export function PlanPicture({ plan, nodes, onChoose }: PictureProps) {
  const { width, height, boxes, arrows } = useMemo(() => layoutPlan(plan), [plan]);
  const went = useMemo(() => wentBy(nodes), [nodes]);
  const tones = new Set([...went.values()].map(({ tone }) => tone));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="picture" tabIndex={0} aria-label={`Picture of the plan of ${plan.pipeline}`}>
        {/* biome-ignore lint/a11y/useSemanticElements: no other element groups what is in a picture */}
        <svg
          style={{ maxWidth: width + 2 * MARGIN, minWidth: SMALLEST * (width + 2 * MARGIN) }}
          viewBox={`${-MARGIN} ${-MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`}
          role="group"
          aria-label="Nodes of the plan, in the order in which they run"
        >
          {boxes.filter(holdsOthers).map((box) => (
            <BoxShape key={box.id} box={box} went={went.get(box.id)} onChoose={onChoose} />
          ))}
          {arrows.map((arrow) => (
            <Line key={`${arrow.from.x} ${arrow.from.y} ${arrow.to.x} ${arrow.to.y}`} arrow={arrow} />
          ))}
          {boxes
            .filter((box) => !holdsOthers(box))
            .map((box) => (
              <BoxShape key={box.id} box={box} went={went.get(box.id)} onChoose={onChoose} />
            ))}
        </svg>
      </section>
      {tones.size > 0 && (
        <p className="legend muted">
          {LEGEND.filter(([tone]) => tones.has(tone)).map(([tone, words]) => (
            <span key={tone}>
              <span className={`sign ${tone}`} aria-hidden="true">
                {SIGNS[tone]}
              </span>{' '}
              {words}
            </span>
          ))}
          <span>Arrows that follow from others are left out.</span>
        </p>
      )}
    </>
  );
}

const HEAD = 5;

function Line({ arrow: { from, to } }: { readonly arrow: Arrow }) {
  const half = Math.max(10, (to.x - from.x) / 2);
  const end = to.x - HEAD;
  return (
    <g className="arrow">
      <path d={`M ${from.x} ${from.y} C ${from.x + half} ${from.y}, ${to.x - half} ${to.y}, ${end} ${to.y}`} />
      <path className="head" d={`M ${to.x} ${to.y} l ${-HEAD - 1} -3.5 v 7 z`} />
    </g>
  );
}

const holdsOthers = ({ kind, detail }: Box): boolean =>
  kind === 'repeat' || kind === 'map' || kind === 'branch' || (kind === 'arm' && detail === null);

interface ShapeProps {
  readonly box: Box;
  readonly went: Went | undefined;
  readonly onChoose: PictureProps['onChoose'];
}

const TEXT = { pad: 10, title: 17, detail: 32, alone: 25 };

function BoxShape({ box, went, onChoose }: ShapeProps) {
  const { id, kind, title, detail, x, y, width, height } = box;
  const isHolder = holdsOthers(box);
  const tone = went?.tone ?? 'none';
  const seen = detail === null ? title : `${title}${isHolder ? ' · ' : ' '}${detail}`;
  const words = `${title}${went ? `: ${went.words}` : ''}`;
  const choosing = went &&
    onChoose && {
      role: 'button',
      tabIndex: 0,
      // All that is seen of it, and how it went in words.
      'aria-label': `${seen} ${SIGNS[went.tone]}, ${went.words}`,
      onClick: () => onChoose(went.key),
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onChoose(went.key);
      },
    };
  return (
    <g className={`box ${kind} ${tone}`} transform={`translate(${x} ${y})`} data-node={id} {...choosing}>
      <title>{detail === null ? words : `${words} (${detail})`}</title>
      <rect width={width} height={height} rx={kind === 'end' ? height / 2 : 6} />
      {isHolder ? (
        <text x={TEXT.pad} y={TEXT.title}>
          <tspan className="title">{title}</tspan>
          {detail !== null && <tspan className="detail"> · {detail}</tspan>}
        </text>
      ) : (
        <text textAnchor={kind === 'end' ? 'middle' : 'start'}>
          <tspan
            className="title"
            x={kind === 'end' ? width / 2 : TEXT.pad}
            y={detail === null ? TEXT.alone : TEXT.title}
          >
            {title}
          </tspan>
          {detail !== null && (
            <>
              {' '}
              <tspan className="detail" x={TEXT.pad} y={TEXT.detail}>
                {detail}
              </tspan>
            </>
          )}
        </text>
      )}
      {went && (
        <text className="sign" x={width - TEXT.pad} y={TEXT.title} textAnchor="end">
          {SIGNS[went.tone]}
        </text>
      )}
    </g>
  );
}

const RANK: { readonly [T in Tone]: number } = { bad: 4, open: 3, second: 2, fine: 1, idle: 0 };

/** How each node went, by its id; of one that ran several times, the worst, and how often. */
function wentBy(nodes: readonly TraceNode[]): ReadonlyMap<string, Went> {
  const runs = Map.groupBy([...allOf(nodes)], (node) => idOf(node));
  return new Map(
    [...runs].map(([id, made]) => {
      const worst = made.reduce((one, other) =>
        RANK[toneOf(other.outcome)] > RANK[toneOf(one.outcome)] ? other : one,
      );
      const words = `${worst.outcome ?? 'taken'}${made.length > 1 ? `, made ${made.length} times` : ''}`;
      return [id, { tone: toneOf(worst.outcome), words, key: worst.key }];
    }),
  );
}

function* allOf(nodes: readonly TraceNode[]): Generator<TraceNode> {
  for (const node of nodes) {
    yield node;
    yield* allOf(node.nodes);
  }
}

/** Arms are known by their branch; rounds and items are no boxes. */
const idOf = ({ kind, name, key }: TraceNode): string =>
  kind === 'arm' ? `${withoutRounds(key)} ${name}` : kind === 'round' || kind === 'item' ? key : name;

/** `reply[2]/then` is the arm of the node `reply`. */
const withoutRounds = (key: string): string => key.slice(0, key.lastIndexOf('/')).replaceAll(/\[\d+\]/g, '');
