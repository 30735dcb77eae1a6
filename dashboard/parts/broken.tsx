/** What a screen that broke leaves: words and a way back, in the frame that still stands. */
import { Component, type ReactNode } from 'react';
import { Link } from 'wouter';
import { Page } from './page.tsx';

interface BoundaryProps {
  /** The address: at another one the screens are tried again. */
  readonly at: string;
  readonly children: ReactNode;
}

interface BoundaryState {
  readonly at: string;
  /** What was thrown, in words; null: nothing was. */
  readonly broke: string | null;
}

export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { at: this.props.at, broke: null };

  static getDerivedStateFromError(error: unknown): Partial<BoundaryState> {
    return { broke: error instanceof Error ? error.message : String(error) };
  }

  static getDerivedStateFromProps({ at }: BoundaryProps, state: BoundaryState): BoundaryState | null {
    return at === state.at ? null : { at, broke: null };
  }

  override render(): ReactNode {
    const { broke } = this.state;
    return broke === null ? this.props.children : <Broken why={broke} again={() => this.setState({ broke: null })} />;
  }
}

function Broken({ why, again }: { readonly why: string; readonly again: () => void }) {
  return (
    <Page title="This screen broke" command="sluice --help">
      <div className="state failed" role="alert">
        <strong>What it was given cannot be shown: {why}</strong>
        <p>
          Nothing was changed by that. Try again, go back, or begin with <Link href="/runs">all runs</Link>.
        </p>
        <button type="button" onClick={again}>
          Try again
        </button>
      </div>
    </Page>
  );
}
