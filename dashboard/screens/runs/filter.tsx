/** The conditions that hold of what is shown, each to be taken away, and one more to be made. */
import { type FormEvent, useState } from 'react';
import { needsValue, type RunCondition } from '../../../src/model/run-fields.ts';
import { FILTERED, NAMES, operatorsOf, said } from './condition-words.ts';

interface FilterProps {
  readonly where: readonly RunCondition[];
  readonly onChange: (where: readonly RunCondition[]) => void;
}

export function Filter({ where, onChange }: FilterProps) {
  return (
    <div className="bar">
      {where.map((condition, index) => (
        <button
          // biome-ignore lint/suspicious/noArrayIndexKey: two conditions may be the same
          key={`${index} ${said(condition)}`}
          type="button"
          className="badge accent"
          title="Take this condition away"
          onClick={() => onChange(where.filter((_, other) => other !== index))}
        >
          {said(condition)} <span aria-hidden="true">×</span>
        </button>
      ))}
      <NewCondition onAdd={(condition) => onChange([...where, condition])} />
    </div>
  );
}

function NewCondition({ onAdd }: { readonly onAdd: (condition: RunCondition) => void }) {
  const [field, setField] = useState('state');
  const [op, setOp] = useState('equals');
  const [value, setValue] = useState('');
  const operators = operatorsOf(field);
  const hasValue = needsValue(op);
  const add = (event: FormEvent) => {
    event.preventDefault();
    onAdd({ field, op, ...(hasValue && { value: field === 'started' ? Date.parse(value) : value }) });
    setValue('');
  };
  const choose = (next: string) => {
    setField(next);
    setOp(operatorsOf(next)[0]!);
  };
  return (
    <form className="bar bare" onSubmit={add} aria-label="One more condition">
      <select aria-label="Field" value={field} onChange={(event) => choose(event.target.value)}>
        {FILTERED.map((name) => (
          <option key={name} value={name}>
            {NAMES[name]}
          </option>
        ))}
      </select>
      <select aria-label="Operator" value={op} onChange={(event) => setOp(event.target.value)}>
        {operators.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {hasValue && (
        <input
          aria-label="Value"
          required
          type={field === 'started' ? 'datetime-local' : 'text'}
          placeholder={op === 'in' ? 'one, another' : 'value'}
          value={value}
          onChange={(event) => setValue(event.target.value)}
        />
      )}
      <button type="submit">Filter</button>
    </form>
  );
}
