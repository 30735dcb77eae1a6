/** What promptfoo calls once per example and variant. */
import { answer } from '../pipeline.ts';

export default class FiveSteps {
  readonly #variant: number;

  constructor({ config }: { readonly config: { readonly variant: number } }) {
    this.#variant = config.variant;
  }

  id(): string {
    return `variant-${this.#variant}`;
  }

  async callApi(prompt: string): Promise<{ output: string }> {
    return { output: await answer(prompt, this.#variant) };
  }
}
