/** What keys do on the reviewing page, and the switch that turns them off. */
import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { Question } from './form.ts';
import { KEYS } from './hotkeys.ts';

const KEPT = 'sluice-review-keys';
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** On, unless somebody has turned them off in this browser: single letters may be in the way of what reads a page aloud. */
export const useHasKeys = (): boolean => useSyncExternalStore(subscribe, () => localStorage.getItem(KEPT) !== 'off');

function turnKeys(isOn: boolean): void {
  localStorage.setItem(KEPT, isOn ? 'on' : 'off');
  for (const listener of listeners) listener();
}

interface HelpProps {
  readonly questions: readonly Question[];
  readonly onClose: () => void;
}

export function Help({ questions, onClose }: HelpProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const hasKeys = useHasKeys();
  useEffect(() => {
    if (!dialog.current!.open) dialog.current!.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="keys-title" onClose={onClose}>
      <div className="bar bare">
        <h2 id="keys-title">Keys</h2>
        <button type="button" className="to-end" onClick={() => dialog.current!.close()}>
          Close
        </button>
      </div>
      <dl className="keys">
        {rowsOf(questions).map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key} className="hotkey">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p>
        <label className="choice">
          <input type="checkbox" checked={hasKeys} onChange={(event) => turnKeys(event.target.checked)} /> Use these
          keys in this browser
        </label>
      </p>
      <p className="muted">None of them does anything while you write in a field; Escape leaves it.</p>
    </dialog>
  );
}

type Row = readonly [keys: readonly string[], what: string];

function rowsOf(questions: readonly Question[]): readonly Row[] {
  const isPair = questions[0]?.is === 'pair';
  const has = (is: Question['is']) => questions.some((question) => question.is === is);
  const fills: readonly Row[] = isPair
    ? [
        [['1'], 'the first is better'],
        [['2'], 'the second is better'],
        [['0'], 'neither is better'],
      ]
    : [
        ...(has('yes-no') ? ([[['y', 'n'], 'yes, no']] as const) : []),
        ...(has('choices') ? ([[['1', '…', '9'], 'the first to the ninth choice']] as const) : []),
        ...(has('scale') ? ([[['0', '…', '9'], 'that value of a scale']] as const) : []),
        [[KEYS.down, KEYS.up], 'to the next, or the previous question'],
      ];
  return [
    ...fills,
    [['Enter', 'Ctrl Enter'], 'submit, and go on to the next item; in the note Ctrl Enter'],
    [[KEYS.note], 'write a note'],
    [[KEYS.expected], 'show or hide the expected answer'],
    [[KEYS.skip], 'skip: it stays open, and comes again'],
    [[KEYS.pass], 'cannot judge it'],
    [[KEYS.back], 'back to what you submitted last'],
    [[KEYS.help], 'these keys'],
  ];
}
