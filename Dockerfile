# The container listens on all its addresses, so it refuses to start until it is told who may call:
#   docker run -p 4000:4000 -v gpubroker:/data -e AUTH_MODE=router -e ROUTER_TOKENS=... <image>
# To try it on one machine, everybody may call, and only this machine reaches the port:
#   docker run -p 127.0.0.1:4000:4000 -e ALLOW_INSECURE=1 -e EXPLORER=1 -e INTROSPECTION=1 <image>
# It runs with a read-only root file system and no capabilities; only /data is written. Draining takes up
# to 35 seconds: give it `--stop-timeout 40`.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The install scripts fetch a Node and a PostgreSQL for tests; neither is needed here.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Source maps of packages are most of their size, and nothing reads them.
RUN npm ci --omit=dev --ignore-scripts && find node_modules -name '*.map' -type f -delete

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json schema.graphql provider_registry.json provider_registry.schema.json ./
USER node
VOLUME /data
EXPOSE 4000
# Liveness, not readiness: a service that drains or waits for its first catalogue must not be restarted.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# As `npm start` has it, and NODE_OPTIONS cannot: less room for objects that nobody needs any more, at no cost in time.
CMD ["node", "--max-semi-space-size=8", "--heap-growing-percent=30", "dist/main.js"]
