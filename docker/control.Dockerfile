FROM node:24-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The Node of the image is used, not the one that the packages bring.
RUN npm ci --omit=dev && npm cache clean --force && rm -rf node_modules/node node_modules/.bin/node
COPY . .
USER node
ENV NODE_ENV=production DATA_DIR=/data HEALTH_HOST=0.0.0.0
VOLUME /data
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s \
  CMD ["node", "docker/healthcheck.ts", "9464"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "workers/control.ts"]
