/** The frame around all screens: where one can go, and which screen an address is. */
import { lazy, Suspense } from 'react';
import { Link, Redirect, Route, Router, Switch, useRoute } from 'wouter';
import { Loading } from './parts/states.tsx';
import { SCREENS, type Screen } from './screens.ts';
import { leave, type Session, SignedIn } from './session.tsx';
import { nextTheme, useTheme } from './theme.ts';

const NotFound = lazy(() => import('./screens/not-found.tsx'));

export function App() {
  return (
    <Router base="/ui">
      <SignedIn>{(session) => <Frame session={session} />}</SignedIn>
    </Router>
  );
}

function Frame({ session }: { readonly session: Session }) {
  const theme = useTheme();
  return (
    <div className="frame">
      <a className="skip" href="#main">
        To the content
      </a>
      <nav className="nav" aria-label="Screens">
        <Link href="/runs" className="brand">
          Sluice
        </Link>
        <ul>
          {SCREENS.filter(({ label }) => label !== undefined).map((screen) => (
            <Place key={screen.path} screen={screen} />
          ))}
        </ul>
        <div className="nav-foot">
          <a className="place" href={session.temporalUi} target="_blank" rel="noreferrer">
            Temporal UI
          </a>
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
      </nav>
      <Suspense fallback={<Loading what="the screen" />}>
        <Switch>
          {SCREENS.map(({ path, Screen }) => (
            <Route key={path} path={path}>
              {(parameters) => <Screen session={session} parameters={parameters as Record<string, string>} />}
            </Route>
          ))}
          <Route path="/">
            <Redirect to="/runs" replace />
          </Route>
          <Route>
            <NotFound />
          </Route>
        </Switch>
      </Suspense>
    </div>
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
