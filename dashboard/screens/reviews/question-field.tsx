/** One question of a rubric, as what it takes: radio buttons that look like buttons, a list, a scale, or a number to write. */
import { useId } from 'react';
import type { LabelValue } from '../../../src/model/review-queue.ts';
import type { Option, Question } from './form.ts';
import { Hotkey } from './hotkey.tsx';

interface FieldProps {
  readonly question: Question;
  readonly written: LabelValue | undefined;
  /** What is wrong with it; undefined: nothing, or it was not asked yet. */
  readonly lack: string | undefined;
  /** Whether keys fill in this one. */
  readonly isActive: boolean;
  readonly hasKeys: boolean;
  readonly onFill: (value: LabelValue) => void;
}

/** The question's own element, to be focused: see `focusQuestion`. */
const DATA = 'data-question';

export function QuestionField(props: FieldProps) {
  const { question, isActive, lack } = props;
  const id = useId();
  const about = question.about === null ? undefined : `${id}-about`;
  const wrong = lack === undefined ? undefined : `${id}-wrong`;
  const described = [about, wrong].filter(Boolean).join(' ') || undefined;
  const said = (
    <>
      {about && (
        <span id={about} className="muted question-about">
          {question.about}
        </span>
      )}
      {question.is === 'number' ? (
        <WrittenNumber {...props} id={id} described={described} />
      ) : (
        <div className={`options ${question.is}`}>
          {question.options.map((option) => (
            <Choice key={String(option.value)} {...props} option={option} name={id} />
          ))}
        </div>
      )}
      {wrong && (
        <span id={wrong} className="harm">
          {capital(lack!)}.
        </span>
      )}
    </>
  );
  const marks = { [DATA]: question.name, className: isActive ? 'question active' : 'question' };
  if (question.is === 'number')
    return (
      <div {...marks}>
        <label className="question-label" htmlFor={id}>
          {question.label}
        </label>
        {said}
      </div>
    );
  return (
    <fieldset {...marks} aria-describedby={described}>
      <legend className="question-label">{question.label}</legend>
      {said}
    </fieldset>
  );
}

interface ChoiceProps extends FieldProps {
  readonly option: Option;
  readonly name: string;
}

function Choice({ option: { value, label, key }, name, written, hasKeys, onFill }: ChoiceProps) {
  return (
    <label className="option">
      <input
        type="radio"
        name={name}
        checked={written === value}
        {...(hasKeys && key !== null && { 'aria-keyshortcuts': key })}
        onChange={() => onFill(value)}
      />
      <span>{label}</span>
      {hasKeys && key !== null && key !== label && <Hotkey name={key} />}
    </label>
  );
}

interface NumberProps extends FieldProps {
  readonly id: string;
  readonly described: string | undefined;
}

function WrittenNumber({ question, written, lack, onFill, id, described }: NumberProps) {
  const isScore = question.field?.kind === 'score';
  return (
    <div className="bar bare">
      <input
        id={id}
        className="short"
        inputMode="decimal"
        autoComplete="off"
        aria-describedby={described}
        aria-invalid={lack !== undefined}
        value={written === undefined ? '' : typeof written === 'boolean' ? (written ? 'yes' : 'no') : String(written)}
        onChange={(event) => onFill(event.target.value)}
      />
      {isScore &&
        ['yes', 'no'].map((word) => (
          <button key={word} type="button" aria-label={`${question.label}: ${word}`} onClick={() => onFill(word)}>
            {capital(word)}
          </button>
        ))}
    </div>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Puts the focus into a question: onto what is chosen in it, else onto its first option. */
export function focusQuestion(within: ParentNode | null, name: string): void {
  const question = within?.querySelector(`[${DATA}="${CSS.escape(name)}"]`);
  const at = question?.querySelector<HTMLElement>('input:checked') ?? question?.querySelector<HTMLElement>('input');
  at?.focus();
}

/** The question that the element is in; null: in none. */
export const questionAround = (element: Element | null): string | null =>
  element?.closest(`[${DATA}]`)?.getAttribute(DATA) ?? null;
