import { access } from 'node:fs/promises'
import { join } from 'node:path'

/** Whether SDXL's references are honoured by the IP-Adapter, as far as a glance tells; the program looks at every file. */
export async function isAdapterInstalled(modelsDir: string): Promise<boolean> {
  return access(join(modelsDir, 'ip-adapter', 'models', 'image_encoder')).then(
    () => true,
    () => false,
  )
}
