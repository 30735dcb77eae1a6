/** A question that stands before the page until it is answered: the browser's own dialog, with its focus and its Escape. */
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { errorText } from '../api.ts';

interface DialogProps {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  readonly isDisabled?: boolean;
  /** Does it; what it throws is shown, and the dialog stays. */
  readonly onAct: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Dialog({ title, action, isDisabled = false, onAct, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string>();
  const [isActing, setActing] = useState(false);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const act = async (event: FormEvent) => {
    event.preventDefault();
    setActing(true);
    setProblem(undefined);
    try {
      await onAct();
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setActing(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <form onSubmit={(event) => void act(event)}>
        <h2 id={id}>{title}</h2>
        {children}
        {problem !== undefined && (
          <p role="alert" className="harm">
            {problem}
          </p>
        )}
        <div className="bar">
          <button type="submit" className="primary" disabled={isDisabled || isActing}>
            {action}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}
