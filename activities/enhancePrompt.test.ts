import { expect, it } from 'vitest'
import { POLICY_TERMS } from '../jobs/contentPolicyTerms.ts'
import { checkedPrompt } from './enhancePrompt.ts'

const unwanted = `${POLICY_TERMS.sexual[0]} ${POLICY_TERMS.minor[0]}`

it('an enhanced prompt is drawn as it is checked', () => {
  expect(checkedPrompt(' a tall light&amp;#104;ouse,\nTom &amp; Jerry ')).toBe(
    'a tall lighthouse, Tom & Jerry',
  )
})

it.each([
  unwanted,
  unwanted.replace(/./g, letter => `&#${letter.charCodeAt(0)};`),
  unwanted.replace(/\B/g, '&amp;zwnj;'),
  unwanted.replace(/\B/g, '(:1.0)'),
])('one that is not allowed fails the job', answer => {
  expect(() => checkedPrompt(answer)).toThrow(expect.objectContaining({ code: 'policy_refused' }))
})

it.each(['', ' \n', '&nbsp;&#1;'])('there is none in %j', answer => {
  expect(() => checkedPrompt(answer)).toThrow(expect.objectContaining({ code: 'engine_output_invalid' }))
})
