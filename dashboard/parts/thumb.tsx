/** A thumb, drawn: not every machine has one among its letters. */

export function Thumb({ side }: { readonly side: 'up' | 'down' }) {
  return (
    <svg className="thumb" width="15" height="15" viewBox="0 0 16 16" role="img" aria-label={`thumb ${side}`}>
      <path
        transform={side === 'down' ? 'rotate(180 8 8)' : undefined}
        d="M1.5 7h2.6v7H1.5z M5.3 7.2 8 1.6c1.4 0 2 .9 1.8 2.1L9.3 6.4h3.6c1 0 1.7.9 1.5 1.8l-1 4.5c-.2.8-.8 1.3-1.6 1.3H5.3z"
      />
    </svg>
  );
}
