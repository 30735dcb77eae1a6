/** Playground: ask a pipeline or a variant of it, or two side by side, and see the answers come. */
import type { ApiAnswer } from '../../../src/contract/api.ts';
import '../../style/run.css';
import { type FormEvent, type KeyboardEvent, type Ref, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { Json } from '../../../src/plan/plan.ts';
import { ApiError, send, useApi } from '../../api.ts';
import { playgroundCommands } from '../../commands.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { type Answer, asking, broken, told } from './answer.ts';
import { AnswerCard } from './answer-card.tsx';
import { readEvents } from './events.ts';
import { type Field, fieldsOf, filledIn, inputFor } from './fields.ts';

type PipelineRow = ApiAnswer<'listPipelines'>['pipelines'][number];

const isVariant = (name: string): boolean => name.includes(':');

export default function Playground({ session }: ScreenProps) {
  const pipelines = useApi('listPipelines', {});
  const [parameters] = useSearchParams();
  return (
    <Page
      title="Playground"
      about="Ask a pipeline, or two side by side. Each answer is a run like any other."
      command={playgroundCommands(['one', 'other'].flatMap((side) => parameters.get(side) ?? []))}
    >
      <Loaded query={pipelines} what="the pipelines">
        {({ pipelines: rows }) =>
          rows.length === 0 ? (
            <Empty title="There is no pipeline to ask" command="sluice init" />
          ) : (
            <Table rows={rows} session={session} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Table({ rows, session }: { readonly rows: readonly PipelineRow[]; readonly session: Session }) {
  const mayOperate = session.scopes.includes('operate');
  const open = rows.filter(({ name }) => mayOperate || !isVariant(name));
  const [parameters, setParameters] = useSearchParams();
  const chosen = ['one', 'other'].flatMap((which, place) => {
    const name = parameters.get(which);
    const row = open.find((each) => each.name === name) ?? (place === 0 ? open[0] : undefined);
    return row === undefined ? [] : [row];
  });
  const choose = (which: 'one' | 'other', name: string) =>
    setParameters(
      (now) => {
        if (name === '') now.delete(which);
        else now.set(which, name);
        return now;
      },
      { replace: true },
    );
  const { answers, ask, stop } = useAnswers();
  const isAsking = answers.some(({ phase }) => phase === 'asking');
  const schemas = chosen.map((row) => row.schemas.input);
  return (
    <>
      <form className="bar" aria-label="What is asked" onSubmit={(event) => event.preventDefault()}>
        <Choice label="Ask" rows={open} value={chosen[0]?.name ?? ''} onChoose={(name) => choose('one', name)} />
        <Choice
          label="Beside it"
          rows={open}
          none="nothing"
          value={chosen[1]?.name ?? ''}
          onChoose={(name) => choose('other', name)}
        />
        {!mayOperate && rows.some(({ name }) => isVariant(name)) && (
          <span className="muted">Variants are for keys with the scope operate.</span>
        )}
      </form>
      <InputForm
        fields={fieldsOf(schemas)}
        why={refusalOf(session, 'ask')}
        isAsking={isAsking}
        onStop={stop}
        onAsk={(input, drafts) =>
          ask(
            chosen.map(({ name, schemas: { input: schema } }) => ({ pipeline: name, input: inputFor(schema, input) })),
            drafts,
          )
        }
      />
      {answers.length === 0 ? (
        <Empty title="Nothing has been asked here yet">
          Write a question and press Ctrl+Enter. Choose a second one to see two answers beside each other.
        </Empty>
      ) : (
        <div className="answers">
          {answers.map((answer, place) => (
            <AnswerCard
              // biome-ignore lint/suspicious/noArrayIndexKey: the same pipeline may be asked on both sides
              key={`${place} ${answer.pipeline}`}
              answer={answer}
              session={session}
            />
          ))}
        </div>
      )}
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly rows: readonly PipelineRow[];
  readonly value: string;
  readonly none?: string;
  readonly onChoose: (name: string) => void;
}

const Choice = ({ label, rows, value, none, onChoose }: ChoiceProps) => (
  <label className="choice">
    {label}{' '}
    <select value={value} onChange={({ target }) => onChoose(target.value)}>
      {none !== undefined && <option value="">{none}</option>}
      {rows.map(({ name }) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  </label>
);

// The form of the input. Ctrl+Enter sends it.

interface FormProps {
  readonly fields: readonly Field[];
  /** Why nothing can be asked. */
  readonly why: string | undefined;
  readonly isAsking: boolean;
  readonly onAsk: (input: ReturnType<typeof filledIn>['input'], drafts: boolean) => void;
  readonly onStop: () => void;
}

function InputForm({ fields, why, isAsking, onAsk, onStop }: FormProps) {
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

// Runs one pipeline, or two at once, and reads their streams.

interface Asked {
  readonly pipeline: string;
  readonly input: { readonly [name: string]: Json };
}

function useAnswers() {
  const [answers, setAnswers] = useState<readonly Answer[]>([]);
  const reading = useRef<AbortController>(undefined);

  const stop = useCallback(() => {
    reading.current?.abort();
    setAnswers((now) => now.map((answer) => (answer.phase === 'asking' ? { ...answer, phase: 'left' } : answer)));
  }, []);
  // Whoever leaves the screen reads no further.
  useEffect(() => () => reading.current?.abort(), []);

  const ask = useCallback((all: readonly Asked[], drafts: boolean) => {
    reading.current?.abort();
    const controller = new AbortController();
    reading.current = controller;
    setAnswers(all.map(({ pipeline }) => asking(pipeline)));
    for (const [place, asked] of all.entries()) {
      const change = (next: (answer: Answer) => Answer) => {
        if (controller.signal.aborted) return;
        setAnswers((now) => now.map((answer, at) => (at === place ? next(answer) : answer)));
      };
      void follow(asked, { drafts, signal: controller.signal, change });
    }
  }, []);

  return { answers, ask, stop };
}

interface Following {
  readonly drafts: boolean;
  readonly signal: AbortSignal;
  readonly change: (next: (answer: Answer) => Answer) => void;
}

async function follow({ pipeline, input }: Asked, { drafts, signal, change }: Following): Promise<void> {
  const from = performance.now();
  try {
    const response = await send('ask', {
      ...{ params: { name: pipeline }, body: { input, drafts }, headers: { accept: 'text/event-stream' }, signal },
    });
    for await (const event of readEvents(response)) {
      const ms = performance.now() - from;
      change((answer) => told(answer, event, ms));
    }
    change((answer) => (answer.phase === 'asking' ? broken(answer, 'the stream ended before the run did') : answer));
  } catch (error) {
    if (signal.aborted) return;
    change((answer) => {
      if (!(error instanceof ApiError)) return broken(answer, 'the stream broke');
      return { ...answer, phase: 'failed', trouble: { message: error.message, remedy: error.remedy } };
    });
  }
}
