/** Asks for the reason of a change: what the audit keeps of it. */
import { useId } from 'react';

interface WhyProps {
  readonly value: string;
  readonly onChange: (why: string) => void;
}

export function Why({ value, onChange }: WhyProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Why? Kept in the audit, for whoever asks later</label>
      <textarea
        id={id}
        rows={2}
        maxLength={1_000}
        required
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
