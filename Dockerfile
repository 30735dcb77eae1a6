# The program `sluice` with this project's pipelines and steps: `worker` by default, any other command by name.
# The version is that of the npm package `node` in package.json, so that everything runs on one.
ARG NODE=24.21.0-bookworm-slim

FROM node:${NODE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Temporal's package carries its native library for five platforms, of 27 MB each: one is needed.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && cd node_modules/@temporalio/core-bridge/releases \
  && find . -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM node:${NODE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /build/dist /build/package.json ./
RUN ln -s /app/src/cli/main.js /usr/local/bin/sluice && chown node:node /app
USER node
ENTRYPOINT ["sluice"]
CMD ["worker"]
# Whether Temporal and the database can be reached from here, and the pipelines load.
HEALTHCHECK --interval=30s --timeout=20s --start-period=20s --retries=3 CMD ["sluice", "doctor", "--quiet"]
