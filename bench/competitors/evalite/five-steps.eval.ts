import { evalite } from 'evalite';
import { answerTo, textOf, VARIANTS } from '../../support/five-steps.ts';
import { answer, readTask } from '../pipeline.ts';

evalite.each(VARIANTS.map((variant) => ({ name: `variant-${variant}`, input: variant })))('five-steps', {
  data: Array.from({ length: readTask().examples }, (_, n) => ({ input: textOf(n), expected: answerTo(n) })),
  task: (text: string, variant: number) => answer(text, variant),
  scorers: [
    {
      name: 'exact',
      scorer: ({ output, expected }: { output: string; expected?: string }) => (output === expected ? 1 : 0),
    },
  ],
});
