/** The service role key of the bench's store. */
export const STORE_KEY = 'service-role-key'
