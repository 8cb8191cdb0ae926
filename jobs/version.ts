/** Version that callbacks report as `worker_version`; the same as package.json's, which a test sees to. */
export const WORKER_VERSION = '3.0.0'
