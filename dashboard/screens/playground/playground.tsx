/** Playground: ask a pipeline or a variant of it, or two side by side, and see the answers come. */
import { useSearchParams } from 'wouter';
import { useApi } from '../../api.ts';
import { playgroundCommands } from '../../commands.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import '../run/run.css';
import { AnswerCard } from './answer-card.tsx';
import { fieldsOf, type InputSchema, inputFor } from './fields.ts';
import { InputForm } from './input-form.tsx';
import './playground.css';
import { useAnswers } from './use-answers.ts';

interface PipelineRow {
  readonly name: string;
  readonly schemas: { readonly input: InputSchema };
}

const isVariant = (name: string): boolean => name.includes(':');

export default function Playground({ session }: ScreenProps) {
  const pipelines = useApi<{ pipelines: readonly PipelineRow[] }>('/v1/pipelines');
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
