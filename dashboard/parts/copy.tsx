/** Copies a text, and says that it did. */
import { useState } from 'react';

const SAID_MS = 1_500;

export function Copy({ text, what }: { readonly text: () => string; readonly what: string }) {
  const [said, setSaid] = useState('');
  const copy = async () => {
    // A page that is not served over HTTPS, or from this machine, may not copy.
    const done = await navigator.clipboard?.writeText(text()).then(
      () => true,
      () => false,
    );
    setSaid(done ? 'copied' : 'not allowed here');
    setTimeout(setSaid, SAID_MS, '');
  };
  return (
    <span className="copy">
      <button type="button" className="small" aria-label={`Copy ${what}`} onClick={() => void copy()}>
        Copy
      </button>
      <span role="status" className="muted">
        {said}
      </span>
    </span>
  );
}
