/** A text as an answer has it: code stands apart and can be read, the rest keeps its lines. */
import { Fragment } from 'react';
import { type Block, blocksOf, type Inline } from './prose.ts';

export function Prose({ text }: { readonly text: string }) {
  return (
    <div className="prose">
      {blocksOf(text).map((block, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks of one text have their places alone
        <BlockOf key={place} block={block} />
      ))}
    </div>
  );
}

function BlockOf({ block }: { readonly block: Block }) {
  if (block.is === 'code')
    return (
      <pre>
        <code>{block.text}</code>
      </pre>
    );
  const inside = block.inlines.map((inline, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have their places alone
    <Fragment key={place}>{inlineOf(inline)}</Fragment>
  ));
  return <p className={block.is === 'heading' ? 'prose-heading' : undefined}>{inside}</p>;
}

function inlineOf(inline: Inline) {
  switch (inline.is) {
    case 'code':
      return <code>{inline.text}</code>;
    case 'strong':
      return <strong>{inline.text}</strong>;
    case 'citation':
      return <span className="prose-citation">[{inline.n}]</span>;
    default:
      return inline.text;
  }
}
