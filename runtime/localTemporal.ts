/** Variables of a Temporal server on this machine, over any environment: what another server asks of its clients is left out. */
export function localTemporal({
  address,
  namespace,
  queuePrefix = '',
}: {
  address: string
  namespace: string
  queuePrefix?: string
}) {
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_API_KEY: '',
    TEMPORAL_TLS: 'false',
    TEMPORAL_TLS_CA: '',
    TEMPORAL_TLS_CERT: '',
    TEMPORAL_TLS_KEY: '',
    TASK_QUEUE_PREFIX: queuePrefix,
  }
}
