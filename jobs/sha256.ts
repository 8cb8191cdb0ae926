/** A sha256 in hex, as it names files and folders. */
export const SHA256 = /^[0-9a-f]{64}$/
