FROM node:24-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini ffmpeg gcc libc6-dev python3 python3-dev python3-venv \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The Node of the image is used, not the one that the packages bring.
RUN npm ci --omit=dev && npm cache clean --force && rm -rf node_modules/node node_modules/.bin/node
COPY . .
# The engine's Python environment and its compiled kernels are kept in the volume too.
USER node
ENV NODE_ENV=production DATA_DIR=/data XDG_CACHE_HOME=/data/cache HEALTH_HOST=0.0.0.0
VOLUME /data
EXPOSE 9465
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
  CMD ["node", "docker/healthcheck.ts", "9465"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "workers/gpu.ts"]
