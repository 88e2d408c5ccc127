# syntax=docker/dockerfile:1

# Builds with everything, serves with as little as possible. To try it:
#
#   docker build -t jobato .
#   docker run --rm -p 127.0.0.1:3000:3000 -e JOBATO_ADMIN_TOKEN="$(openssl rand -hex 32 | tee /dev/stderr)" \
#     -v jobato-data:/app/data jobato
#
# Inside a container loopback is not enough, so it listens on all addresses, and then refuses to start without
# JOBATO_ADMIN_TOKEN. Called by another name than localhost, it wants that name in ALLOWED_HOSTS.
#
# Steps run in this container, as the same user as the server: they can read its data and its variables, and kill it.
# docs/untrusted-steps.md shows how to run them in a container of their own, and how to mount a secret as a file
# (JOBATO_ADMIN_TOKEN_FILE; the user "node", uid 1000, must be able to read it).

FROM node:24-bookworm-slim AS build
WORKDIR /app
# better-sqlite3 is compiled where no ready-made binary can be fetched for it.
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run --silent build && npm prune --omit=dev && rm -f dist/.tsbuildinfo

FROM node:24-bookworm-slim
# A step may leave orphans behind; process 1 has to reap them, which Node does not do.
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/bin ./bin
COPY --from=build /app/completions ./completions
COPY --from=build /app/views ./views
COPY --from=build /app/public ./public
COPY --from=build /app/config ./config
# What the projects that come with it read, until another folder is mounted here.
COPY --from=build /app/docs ./docs
COPY --from=build /app/samples ./samples
RUN mkdir data && chown node:node data
# Not root: the server and its steps can write to the data and nowhere else in here.
USER node
VOLUME ["/app/data", "/app/config"]
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "-e", "const tls = process.env.TLS_CERT_FILE; if (tls) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; fetch(`${tls ? 'https' : 'http'}://127.0.0.1:${process.env.PORT}/api/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# It ends what runs and is out within 25 s: give it those, with `docker stop --time 30`.
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/main.js"]
