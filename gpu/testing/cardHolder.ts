import { lockCard } from '../cardLock.ts'

/** A process that takes a card and keeps it. Arguments: the card's UUID, the folder of its lock file. */
const [uuid = '', directory = ''] = process.argv.slice(2)
await lockCard({ uuid, directory })
console.log('taken')
setInterval(() => {}, 1000)
