/** What is asked, field by field; Ctrl+Enter asks it. */
import { type FormEvent, type KeyboardEvent, type Ref, useEffect, useMemo, useRef, useState } from 'react';
import { type Field, filledIn } from './fields.ts';

interface FormProps {
  readonly fields: readonly Field[];
  /** Why nothing can be asked. */
  readonly why: string | undefined;
  readonly isAsking: boolean;
  readonly onAsk: (input: ReturnType<typeof filledIn>['input'], drafts: boolean) => void;
  readonly onStop: () => void;
}

export function InputForm({ fields, why, isAsking, onAsk, onStop }: FormProps) {
  const [written, setWritten] = useState<{ readonly [name: string]: string }>({});
  const [drafts, setDrafts] = useState(true);
  const [wasTried, setTried] = useState(false);
  const first = useRef<HTMLTextAreaElement>(null);
  const filled = useMemo(() => filledIn(fields, written), [fields, written]);
  useEffect(() => first.current?.focus(), []);
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    setTried(true);
    if (filled.wrong.size === 0 && why === undefined) onAsk(filled.input, drafts);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  };
  return (
    <form className="card" aria-label="Input" onSubmit={submit} onKeyDown={onKey}>
      {fields.map((field, place) => (
        <Input
          key={field.name}
          field={field}
          box={place === 0 ? first : undefined}
          value={written[field.name] ?? ''}
          wrong={wasTried ? filled.wrong.get(field.name) : undefined}
          onWrite={(text) => setWritten({ ...written, [field.name]: text })}
        />
      ))}
      <div className="bar bare">
        <button type="submit" className="primary" disabled={why !== undefined} title={why}>
          Ask
        </button>
        {isAsking && (
          <button type="button" onClick={onStop} title="The run itself goes on">
            Stop reading
          </button>
        )}
        <label>
          <input type="checkbox" checked={drafts} onChange={({ target }) => setDrafts(target.checked)} /> Show drafts as
          they are written
        </label>
        <span className="muted">{why ?? 'Ctrl+Enter asks'}</span>
      </div>
    </form>
  );
}

interface InputProps {
  readonly field: Field;
  readonly box: Ref<HTMLTextAreaElement> | undefined;
  readonly value: string;
  readonly wrong: string | undefined;
  readonly onWrite: (text: string) => void;
}

function Input({ field: { name, is, choices, isRequired, about, maxLength }, box, value, wrong, onWrite }: InputProps) {
  const id = `input-${name}`;
  const described = `${id}-about`;
  const common = {
    ...{ id, value, 'aria-required': isRequired, 'aria-invalid': wrong !== undefined, 'aria-describedby': described },
    onChange: ({ target }: { target: { value: string } }) => onWrite(target.value),
  };
  return (
    <div className="field">
      <label htmlFor={id}>
        {name} {!isRequired && <span className="muted">may be left empty</span>}
      </label>
      {is === 'choice' ? (
        <select {...common}>
          <option value="">not given</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <textarea
          {...common}
          ref={box}
          maxLength={maxLength}
          rows={is === 'text' ? 3 : 2}
          spellCheck={is === 'text'}
          className={is === 'json' ? 'code' : undefined}
        />
      )}
      <span id={described} className={wrong === undefined ? 'muted' : 'harm'}>
        {wrong ?? about}
      </span>
    </div>
  );
}
