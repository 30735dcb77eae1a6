/** `/v1/reviews`: queues of answers that domain experts are asked about. */
import { NO_REDACTION } from '../../redaction/redaction.ts';
import { decideItem, giveReview, nextItem, passItem, showItem } from '../../review/item.ts';
import { startReview } from '../../review/start.ts';
import { listQueues, reportOnQueue } from '../../review/state.ts';
import { addToDataset } from '../../review/to-dataset.ts';
import { type AddRoutes, actor, addRoute, type Handled } from '../route.ts';

export const addReviews: AddRoutes = (
  app,
  { allow, runtime: { store }, redaction = NO_REDACTION, scorersOf = () => [], rowSchemas = new Map() },
) => {
  addRoute(app, { allow }, 'listReviews', async () => ({ queues: await listQueues(store) }));
  addRoute(app, { allow }, 'startReview', async (request) => {
    const asked = request.body;
    const { name } = await startReview({ store, scorersOf, redaction }, asked, actor(request.context));
    return reportOnQueue(store, name, request.context.var.caller.name);
  });
  addRoute(app, { allow }, 'getReview', async (request) =>
    reportOnQueue(store, request.params.name, request.context.var.caller.name),
  );
  addRoute(app, { allow }, 'closeReview', async (request) => {
    const { name } = request.params;
    const { why } = request.body;
    await store.reviews.close(name, actor(request.context), redaction.text(why));
    return reportOnQueue(store, name, request.context.var.caller.name);
  });
  addRoute(app, { allow }, 'addReviewedExamples', async (request) => {
    const given = request.body;
    const adding = { store, redaction, schemas: rowSchemas.get(given.dataset) };
    const { name } = request.params;
    return addToDataset(adding, { ...given, queue: name }, actor(request.context));
  });
};

export const addReviewItems: AddRoutes = (app, { allow, runtime: { store }, redaction = NO_REDACTION }) => {
  const desk = { store, redaction };
  const at = ({ context, params: { name, place } }: Handled<'giveReview' | 'passReviewItem' | 'decideReviewItem'>) => ({
    ...{ queue: name, place, reviewer: context.var.caller.name },
    who: actor(context),
  });
  addRoute(app, { allow }, 'claimReviewItem', async (request) => {
    const { after } = request.body;
    const { name: queue } = request.params;
    const asked = { queue, reviewer: request.context.var.caller.name, ...(after !== undefined && { after }) };
    return nextItem(desk, asked);
  });
  addRoute(app, { allow }, 'getReviewItem', async (request) => {
    const { name, place } = request.params;
    const { caller } = request.context.var;
    const told = request.query.told === 'true' && caller.scopes.includes('operate');
    return showItem(store, name, place, { reviewer: caller.name, told });
  });
  addRoute(app, { allow }, 'giveReview', async (request) => giveReview(desk, at(request), request.body));
  addRoute(app, { allow }, 'passReviewItem', async (request) => {
    await passItem(desk, at(request), request.body.why);
    return undefined;
  });
  addRoute(app, { allow }, 'decideReviewItem', async (request) => decideItem(desk, at(request), request.body));
};
