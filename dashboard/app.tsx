/** The frame around all screens: where one can go, and which screen an address is. */
import { lazy, Suspense } from 'react';
import { Redirect, Route, Router, Switch, useLocation, useSearch } from 'wouter';
import { Navigation } from './navigation.tsx';
import { Boundary } from './parts/broken.tsx';
import { Loading } from './parts/states.tsx';
import { homeOf } from './places.ts';
import { SCREENS } from './screens.ts';
import { type Session, SignedIn } from './session.tsx';

const NotFound = lazy(() => import('./screens/not-found.tsx'));

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
