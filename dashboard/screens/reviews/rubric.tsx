/** The questions of a queue, and a note: filled in by a reviewer, or by whoever decides. */
import { type Ref, useId } from 'react';
import { REVIEW_LIMITS } from '../../../src/model/review-queue.ts';
import type { Question, Written } from './form.ts';
import { Hotkey } from './hotkey.tsx';
import { QuestionField } from './question-field.tsx';

interface QuestionsProps {
  readonly questions: readonly Question[];
  readonly written: Written;
  /** By question, where it is to be shown. */
  readonly lacks?: ReadonlyMap<string, string>;
  /** Where keys fill in; null: nowhere. */
  readonly active?: string | null;
  readonly hasKeys?: boolean;
  readonly onWritten: (written: Written) => void;
}

export function Questions(props: QuestionsProps) {
  const { questions, written, lacks, active = null, hasKeys = false, onWritten } = props;
  return questions.map((question) => (
    <QuestionField
      key={question.name}
      question={question}
      written={written[question.name]}
      lack={lacks?.get(question.name)}
      isActive={active === question.name}
      hasKeys={hasKeys}
      onFill={(value) => onWritten({ ...written, [question.name]: value })}
    />
  ));
}

interface NoteProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (note: string) => void;
  readonly isNeeded?: boolean;
  /** The key that leads here. */
  readonly hotkey?: string | undefined;
  readonly box?: Ref<HTMLTextAreaElement>;
}

export function Note({ label, value, onChange, isNeeded = false, hotkey, box }: NoteProps) {
  const id = useId();
  return (
    <div className="field note">
      <label htmlFor={id}>
        {label} {hotkey !== undefined && <Hotkey name={hotkey} />}
      </label>
      <textarea
        id={id}
        ref={box}
        rows={2}
        maxLength={REVIEW_LIMITS.noteLength}
        required={isNeeded}
        aria-keyshortcuts={hotkey}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
