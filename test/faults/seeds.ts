/** A round that once failed: it stays, so that it is run again whenever somebody asks whether the pipeline still holds. */
export interface FailedSeed {
  seed: number
  /** Names of the kinds that were drawn then, one a fault: kinds that came later do not change what an old seed does. */
  kinds: string[]
  /** What was wrong, and has been mended. */
  why: string
}

const words = (text: string) => text.trim().split(/\s+/)

export const FAILED_SEEDS: readonly FailedSeed[] = [
  {
    seed: 100,
    why: 'a machine that was killed had the receipt, and another rendered it again',
    kinds: words(`
      control-killed-after-last-upload references-vanish receiver-answer-lost kill-control engine-crash-once
      gpu-killed-between-uploads terminated-by-hand receiver-answer-lost engine-oom-once
      gpu-killed-before-completion-is-reported gpu-killed-while-rendering restart-impatient receiver-slow
      temporal-away gpu-killed-before-completion-is-reported disk-full store-slow cut-off-from-temporal kill-engine
      gpu-killed-after-last-upload engine-kill terminated-by-hand engine-truncated-once
      gpu-killed-before-completion-is-reported temporal-killed-after-last-upload store-error restart-patient
      restart-patient gpu-killed-while-receipt-is-written restart-patient cut-off-from-temporal temporal-away
      gpu-killed-before-completion-is-reported store-half-open gpu-killed-while-receipt-is-written disk-full
      control-killed-after-last-upload gpu-killed-before-completion-is-reported kill-control store-error kill-engine
      receiver-down gpu-killed-between-uploads receiver-slow gpu-killed-before-completion-is-reported
      gpu-killed-between-uploads references-vanish kill-control kill-engine gpu-killed-between-uploads
    `),
  },
  {
    seed: 101,
    why: 'a job failed when outages had used its attempts up',
    kinds: words(`
      store-error engine-kill-once cut-off-from-temporal kill-gpu terminated-by-hand
      gpu-killed-before-completion-is-reported kill-engine gpu-killed-while-rendering engine-flood-once
      engine-oom-once store-half-open kill-gpu temporal-away store-error kill-engine restart-impatient store-error
      engine-no_file kill-temporal cut-off-from-temporal kill-gpu engine-flood temporal-killed-after-last-upload
      store-slow engine-cuda_error-once terminated-by-hand engine-flood-once gpu-killed-after-last-upload
      kill-engine temporal-killed-after-last-upload restart-impatient receiver-answer-lost store-down kill-control
      gpu-killed-before-completion-is-reported restart-impatient temporal-killed-before-completion-is-reported
      gpu-killed-after-last-upload gpu-killed-between-uploads kill-gpu kill-gpu control-killed-after-last-upload
      gpu-killed-while-receipt-is-written terminated-by-hand gpu-killed-while-rendering kill-temporal
      engine-cuda_error-once gpu-killed-while-rendering kill-engine disk-full
    `),
  },
  {
    seed: 200,
    why: 'a render ended while Temporal was away, and another machine rendered it again',
    kinds: words(`
      kill-engine restart-patient receiver-error kill-gpu terminated-by-hand kill-gpu gpu-killed-while-rendering
      references-vanish restart-impatient kill-control temporal-killed-before-completion-is-reported engine-oom-once
      gpu-killed-while-receipt-is-written engine-no_file-once gpu-killed-while-receipt-is-written engine-truncated
      receiver-down store-down kill-gpu store-half-open kill-temporal kill-gpu receiver-down-long
      gpu-killed-between-uploads engine-oom terminated-by-hand references-vanish temporal-away
      gpu-killed-while-receipt-is-written gpu-killed-while-rendering store-answer-lost
      gpu-killed-while-receipt-is-written restart-impatient restart-impatient control-killed-after-last-upload
      kill-engine disk-full store-down kill-temporal temporal-away engine-hang-once
      gpu-killed-while-receipt-is-written store-error gpu-killed-before-completion-is-reported
      temporal-killed-after-last-upload disk-full receiver-slow control-killed-after-last-upload receiver-half-open
      temporal-away
    `),
  },
  {
    seed: 204,
    why: 'a job failed as its reference lay in a store that was away for seconds',
    kinds: words(`
      store-error terminated-by-hand cut-off-from-temporal disk-full store-slow kill-engine
      gpu-killed-before-completion-is-reported store-answer-lost control-killed-after-last-upload kill-engine
      receiver-down gpu-killed-before-completion-is-reported receiver-slow temporal-away disk-full engine-truncated
      gpu-killed-before-completion-is-reported kill-control gpu-killed-after-last-upload receiver-answer-lost
      gpu-killed-between-uploads store-slow kill-control references-vanish kill-engine receiver-down
      gpu-killed-while-receipt-is-written kill-engine kill-control gpu-killed-while-receipt-is-written temporal-away
      terminated-by-hand kill-gpu kill-gpu temporal-away disk-full temporal-killed-after-last-upload store-slow
      store-answer-lost store-answer-lost gpu-killed-while-rendering references-vanish kill-engine
      gpu-killed-while-receipt-is-written gpu-killed-after-last-upload store-down control-killed-after-last-upload
      receiver-error references-vanish gpu-killed-between-uploads
    `),
  },
  {
    seed: 300,
    why: 'the auditor found a render too many where a program was ended for its noise',
    kinds: words(`
      store-error store-down kill-control receiver-error gpu-killed-between-uploads kill-engine disk-full
      gpu-killed-before-completion-is-reported kill-engine engine-oom-once engine-oom-once engine-kill-once
      restart-patient engine-flood-once gpu-killed-while-receipt-is-written disk-full receiver-slow engine-no_file
      gpu-killed-before-completion-is-reported store-half-open gpu-killed-between-uploads machine-lost
      receiver-half-open cut-off-from-temporal references-vanish disk-full restart-patient store-half-open
      store-error kill-gpu engine-truncated temporal-away temporal-away references-vanish gpu-killed-between-uploads
      kill-temporal kill-gpu gpu-killed-between-uploads kill-gpu engine-no_file-once kill-control
      engine-truncated-once cut-off-from-temporal terminated-by-hand gpu-killed-while-rendering
      gpu-killed-after-last-upload kill-control kill-gpu kill-temporal engine-cuda_error-once
    `),
  },
  {
    seed: 309,
    why: 'a task that came after its time-out was rendered, though another machine had done it',
    kinds: words(`
      kill-control control-killed-after-last-upload engine-oom-once receiver-answer-lost receiver-slow
      restart-patient kill-engine references-vanish store-error gpu-killed-between-uploads engine-kill-once
      store-slow cut-off-from-temporal receiver-error restart-patient references-vanish kill-gpu
      cut-off-from-temporal kill-temporal cut-off-from-temporal restart-patient control-killed-after-last-upload
      restart-impatient gpu-killed-after-last-upload kill-control store-slow kill-gpu receiver-answer-lost
      kill-engine terminated-by-hand kill-gpu kill-control temporal-away restart-impatient cut-off-from-temporal
      restart-impatient cut-off-from-temporal engine-oom gpu-killed-between-uploads engine-crash-once
      temporal-killed-before-completion-is-reported gpu-killed-after-last-upload temporal-away receiver-answer-lost
      engine-truncated-once temporal-killed-after-last-upload gpu-killed-while-rendering terminated-by-hand
      control-killed-after-last-upload temporal-killed-before-completion-is-reported
    `),
  },
  {
    seed: 502,
    why: 'a task that came after its time-out was rendered, though another machine was at it',
    kinds: words(`
      store-down engine-crash-once gpu-killed-between-uploads store-error engine-kill cut-off-from-temporal
      cut-off-from-temporal store-error gpu-killed-before-completion-is-reported kill-gpu temporal-away
      restart-patient cut-off-from-temporal temporal-killed-before-completion-is-reported restart-patient
      temporal-killed-before-completion-is-reported references-vanish kill-temporal disk-full terminated-by-hand
      terminated-by-hand receiver-answer-lost disk-full gpu-killed-between-uploads disk-full
      gpu-killed-between-uploads gpu-killed-after-last-upload gpu-killed-after-last-upload
      gpu-killed-before-completion-is-reported gpu-killed-while-receipt-is-written gpu-killed-after-last-upload
      engine-oom-once kill-engine kill-temporal control-killed-after-last-upload terminated-by-hand
      restart-impatient gpu-killed-before-completion-is-reported store-down engine-crash-once restart-impatient
      engine-flood gpu-killed-after-last-upload terminated-by-hand temporal-killed-before-completion-is-reported
      cut-off-from-temporal temporal-away engine-oom store-error restart-impatient
    `),
  },
  {
    seed: 603,
    why: 'a render in line on a machine that was cut off got the card there, and another machine rendered it again',
    kinds: words(`
      engine-truncated-once references-vanish terminated-by-hand terminated-by-hand kill-control receiver-down-long
      kill-control cut-off-from-temporal gpu-killed-while-rendering gpu-killed-before-completion-is-reported
      kill-temporal gpu-killed-between-uploads temporal-killed-before-completion-is-reported
      temporal-killed-before-completion-is-reported gpu-killed-while-rendering kill-gpu
      temporal-killed-before-completion-is-reported engine-exit_0-once engine-exit_0-once
      control-killed-after-last-upload engine-kill gpu-killed-after-last-upload engine-cuda_error-once
      cut-off-from-temporal temporal-killed-after-last-upload gpu-killed-before-completion-is-reported kill-temporal
      store-answer-lost references-vanish receiver-down-long restart-patient kill-gpu
      gpu-killed-before-completion-is-reported references-vanish cut-off-from-temporal-until-lost
      temporal-killed-before-completion-is-reported kill-temporal store-slow engine-no_file-once kill-temporal
      disk-full receiver-slow kill-gpu engine-kill-once kill-temporal receiver-error restart-patient
      engine-exit_0-once restart-impatient engine-flood-once
    `),
  },
  {
    seed: 604,
    why: 'a job failed as its reference was lost between its staging and its render',
    kinds: words(`
      engine-no_file-once control-killed-after-last-upload references-vanish temporal-killed-after-last-upload
      terminated-by-hand receiver-error engine-flood-once receiver-down-long kill-temporal references-vanish
      references-vanish temporal-killed-after-last-upload kill-engine terminated-by-hand kill-gpu store-down
      store-error restart-patient kill-gpu references-vanish engine-exit_0-once kill-gpu engine-no_file
      engine-exit_0-once engine-flood-once references-vanish receiver-half-open engine-oom
      gpu-killed-between-uploads restart-impatient kill-temporal receiver-error disk-full
      temporal-killed-before-completion-is-reported temporal-killed-before-completion-is-reported
      engine-no_file-once engine-oom kill-temporal kill-engine engine-oom-once kill-temporal store-down
      engine-kill-once references-vanish store-answer-lost gpu-killed-between-uploads receiver-down
      gpu-killed-while-receipt-is-written kill-gpu control-killed-after-last-upload
    `),
  },
  {
    seed: 1100,
    why: 'a job failed as its last attempt came to a worker that was shutting down',
    kinds: words(`
      control-killed-after-last-upload gpu-killed-between-uploads engine-exit_0-once store-slow kill-temporal
      references-vanish temporal-killed-while-rendering kill-control engine-killed-while-receipt-is-written
      engine-flood-once references-vanish cut-off-from-temporal-until-lost engine-no_file-once
      control-killed-before-completion-is-reported kill-control gpu-killed-while-receipt-is-written
      temporal-killed-before-completion-is-reported kill-gpu kill-gpu temporal-killed-while-rendering
      control-killed-before-completion-is-reported gpu-killed-after-last-upload
      temporal-killed-before-completion-is-reported kill-control engine-oom-once receiver-slow receiver-half-open
      store-half-open store-slow kill-control receiver-error control-killed-after-last-upload
      temporal-killed-while-receipt-is-written engine-no_file receiver-down gpu-killed-before-completion-is-reported
      disk-full gpu-killed-between-uploads kill-temporal gpu-killed-between-uploads engine-killed-between-uploads
      cut-off-from-temporal kill-control gpu-killed-between-uploads engine-killed-before-completion-is-reported
      gpu-killed-before-completion-is-reported gpu-killed-between-uploads restart-patient temporal-away kill-gpu
    `),
  },
  {
    seed: 1202,
    why: 'a render whose receipt was there was begun on another machine, as its reference had been lost',
    kinds: words(`
      gpu-killed-before-completion-is-reported kill-temporal engine-killed-after-last-upload engine-crash-once
      engine-killed-while-receipt-is-written gpu-killed-between-uploads disk-full restart-patient
      engine-killed-before-completion-is-reported machine-lost disk-full gpu-killed-before-completion-is-reported
      references-vanish engine-crash-once temporal-away engine-truncated-once
      control-killed-while-receipt-is-written gpu-killed-while-rendering kill-control gpu-killed-between-uploads
      kill-engine restart-impatient receiver-slow cut-off-from-temporal-until-lost temporal-killed-while-rendering
      receiver-half-open kill-control store-down engine-kill-once control-killed-between-uploads
      receiver-answer-lost gpu-killed-while-rendering engine-killed-between-uploads references-vanish engine-kill
      disk-full kill-gpu references-vanish cut-off-from-temporal disk-full receiver-down kill-gpu restart-patient
      store-down engine-kill-once engine-truncated-once kill-engine receiver-down gpu-killed-after-last-upload
      store-down
    `),
  },
  {
    seed: 2209,
    why: 'a machine that was cut off began a render anew after its program had died, and another was at it',
    kinds: words(`
      disk-full kill-gpu temporal-killed-before-completion-is-reported store-down disk-full kill-control
      temporal-away kill-control receiver-half-open kill-engine engine-kill store-slow engine-killed-while-rendering
      control-killed-between-uploads kill-engine restart-patient store-slow gpu-killed-while-rendering
      cut-off-from-temporal cut-off-from-temporal-until-lost control-killed-while-receipt-is-written engine-oom-once
      references-vanish kill-engine gpu-killed-before-completion-is-reported
      gpu-killed-before-completion-is-reported kill-temporal engine-truncated-once engine-truncated-once disk-full
      kill-engine store-slow receiver-half-open kill-temporal disk-full gpu-killed-while-receipt-is-written
      restart-patient gpu-killed-before-completion-is-reported control-killed-before-completion-is-reported
      temporal-killed-between-uploads restart-patient engine-killed-while-rendering engine-no_file-once
      references-vanish gpu-killed-after-last-upload kill-engine kill-temporal engine-no_file-once kill-control
      control-killed-while-receipt-is-written
    `),
  },
]
