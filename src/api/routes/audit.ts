/** `GET /v1/audit`: who changed what, when, and why. */
import { MOST_LISTED } from '../../contract/operations.ts';
import { type AddRoutes, addRoute } from '../route.ts';

export const addAudit: AddRoutes = (app, { allow, runtime: { store } }) =>
  addRoute(app, { allow }, 'listAudit', async (request) => ({
    audit: await store.experiments.audit(request.query.subject ?? null, MOST_LISTED),
  }));
