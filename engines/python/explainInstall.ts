import { EnvironmentError } from './environmentError.ts'

/** What an installer says when something common is wrong, and what to do about it. */
const KNOWN: { says: RegExp; todo: string }[] = [
  {
    says: /ensurepip is not|No module named '?(venv|ensurepip)/i,
    todo: 'This Python cannot make virtual environments. Install what is missing (Debian: apt-get install python3-venv), or put uv on PATH.',
  },
  {
    says: /No space left on device|os error 28|ENOSPC|Disk quota exceeded|os error 122/i,
    todo: 'The disk is full. The environment needs about 6 GB, and as much again while it is downloaded; XDG_CACHE_HOME says where it goes.',
  },
  {
    says: /hash mismatch|do not match the hashes/i,
    todo: 'A downloaded file is not the one that the list names, so it was not installed. Try again; if it stays so, whatever serves the packages gives others.',
  },
  {
    says: /Permission denied|os error 13|Read-only file system|os error 30/i,
    todo: 'It may not write there. XDG_CACHE_HOME says where the environment goes.',
  },
  {
    says: /error sending request|dns error|tcp connect|client error \(Connect\)|Failed to (fetch|download)|Failed to establish a new connection|NewConnectionError|name resolution|timed out|Max retries/i,
    todo: 'The package index cannot be reached. Check the network and its proxy; UV_INDEX_URL and PIP_INDEX_URL name a mirror.',
  },
]

/** The error for an installer that failed: what to do first, then its own last lines. */
export function explainInstall(doing: string, said: string): EnvironmentError {
  const known = KNOWN.find(({ says }) => says.test(said))
  const lines = said.trim().split('\n').slice(-8)
  return new EnvironmentError(
    [`${doing} failed.${known ? ` ${known.todo}` : ''}`, ...lines.map(line => `  ${line}`)].join('\n'),
  )
}
