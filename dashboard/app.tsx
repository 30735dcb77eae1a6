/** The frame around all screens: where one can go, and which screen an address is. */
import { Component, type KeyboardEvent, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { Link, Redirect, Route, Router, Switch, useLocation, useRoute, useSearch } from 'wouter';
import { Page } from './parts/page.tsx';
import { Loading } from './parts/states.tsx';
import { homeOf, isFor } from './places.ts';
import { SCREENS, type Screen } from './screens.ts';
import { leave, type Session, SignedIn } from './session.tsx';
import { nextTheme, useTheme } from './theme.ts';

export function App() {
  return (
    <Router base="/ui">
      <SignedIn>{(session) => <Frame session={session} />}</SignedIn>
    </Router>
  );
}

function Frame({ session }: { readonly session: Session }) {
  const [address] = useLocation();
  const search = useSearch();
  return (
    <div className="frame">
      <a className="skip" href="#main">
        To the content
      </a>
      <Navigation session={session} />
      <Boundary at={`${address}?${search}`}>
        <Suspense fallback={<Loading what="the screen" />}>
          <Switch>
            {SCREENS.map(({ path, Screen }) => (
              <Route key={path} path={path}>
                {(parameters) => <Screen session={session} parameters={parameters as Record<string, string>} />}
              </Route>
            ))}
            <Route path="/">
              <Redirect to={homeOf(session)} replace />
            </Route>
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Suspense>
      </Boundary>
    </div>
  );
}

// Where one can go. Where there is little room it is a menu, opened by a button.

const PLACES = SCREENS.filter(({ label }) => label !== undefined);

function Navigation({ session }: { readonly session: Session }) {
  const theme = useTheme();
  const places = PLACES.filter(({ path }) => isFor(session, path));
  const [address] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has gone somewhere is done with it
  useEffect(() => setOpen(false), [address]);
  const onKeyDown = ({ key }: KeyboardEvent) => {
    if (key !== 'Escape' || !isOpen) return;
    setOpen(false);
    button.current?.focus();
  };
  return (
    <nav className={isOpen ? 'nav open' : 'nav'} aria-label="Screens" onKeyDown={onKeyDown}>
      <Link href={homeOf(session)} className="brand">
        Sluice
      </Link>
      <button
        type="button"
        ref={button}
        className="nav-button"
        aria-expanded={isOpen}
        aria-controls="places"
        onClick={() => setOpen(!isOpen)}
      >
        <Here places={places} /> <span aria-hidden="true">{isOpen ? '▴' : '▾'}</span>
      </button>
      <div id="places" className="nav-places">
        <ul>
          {places.map((screen) => (
            <Place key={screen.path} screen={screen} />
          ))}
        </ul>
        <div className="nav-foot">
          {session.scopes.includes('read') && (
            <a className="place" href={session.temporalUi} target="_blank" rel="noreferrer">
              Temporal UI
            </a>
          )}
          <a className="place" href="/docs">
            API
          </a>
          <button type="button" onClick={nextTheme}>
            Theme: {theme}
          </button>
          <button type="button" onClick={() => void leave()} title={`Signed in with the key ${session.name}`}>
            Sign out
          </button>
        </div>
      </div>
    </nav>
  );
}

/** Which place this is, for the button that opens the others. */
function Here({ places }: { readonly places: readonly Screen[] }) {
  const [address] = useLocation();
  const here = places.find(({ path }) => address === path || address.startsWith(`${path}/`));
  return (
    <>
      <span className="visually-hidden">Screens, here: </span>
      {here?.label ?? 'Screens'}
    </>
  );
}

function Place({ screen: { path, label } }: { readonly screen: Screen }) {
  const [isHere] = useRoute(`${path}/*?`);
  return (
    <li>
      <Link href={path} className="place" aria-current={isHere ? 'page' : undefined}>
        {label}
      </Link>
    </li>
  );
}

// What a screen that broke leaves: words and a way back, in the frame that still stands.

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

class Boundary extends Component<BoundaryProps, BoundaryState> {
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

// An address that is no screen.

function NotFound() {
  return (
    <Page title="Nothing is here" command="sluice --help">
      <p>
        This address is no screen of the dashboard. <Link href="/runs">All runs</Link> are a place to begin.
      </p>
    </Page>
  );
}
