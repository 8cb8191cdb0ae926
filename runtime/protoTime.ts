type Time = { seconds?: { toString(): string } | null; nanos?: number | null } | null | undefined

/** Milliseconds of a time or duration as histories have it; 0 where there is none. */
export const millis = (time: Time) => Number(time?.seconds ?? 0) * 1000 + Number(time?.nanos ?? 0) / 1e6
