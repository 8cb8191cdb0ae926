/** What the store of a run asks for. */
export const STORE_KEY = 'service-role-key'
