/** Any UUID in the usual spelling, whatever its version; ids are lower-cased before they become a path or a workflow id. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
