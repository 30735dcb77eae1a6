/**
 * A schema has its `openapi` method only if it is made after this package is loaded. Pure test files share a process, where
 * one that loads schemas alone may come first.
 */
import '@hono/zod-openapi';
