import { join } from 'node:path'
import { runTool, type ToolOptions, type ToolRun } from './runTool.ts'

/** A program that makes virtual environments and fills them. */
export interface Installer {
  createEnvironment(directory: string, python: string, options: ToolOptions): Promise<ToolRun>
  /** Installs exactly what a locked list names; a file with another hash is refused. */
  install(directory: string, list: string, options: ToolOptions): Promise<ToolRun>
}

/** Nothing is resolved and nothing is built: the lists are whole, and a package that has to be compiled is a mistake in them. */
const EXACTLY = ['--require-hashes', '--no-deps', '--only-binary', ':all:'] as const

export function pythonOf(directory: string): string {
  return join(directory, 'bin', 'python')
}

/** Compiled at once, as the folder may belong to another user than the one that the engine runs as. */
export function uvInstaller(uv: string): Installer {
  return {
    createEnvironment: (directory, python, options) =>
      runTool(uv, ['venv', '--quiet', '--no-project', '--python', python, directory], options),
    install: (directory, list, options) =>
      runTool(
        uv,
        [
          'pip',
          'install',
          ...EXACTLY,
          '--compile-bytecode',
          '--python',
          pythonOf(directory),
          '--requirement',
          list,
        ],
        options,
      ),
  }
}

function pipInstall(python: string, ...args: string[]): [string, string[]] {
  const quietly = ['--disable-pip-version-check', '--no-input']
  return [python, ['-I', '-m', 'pip', 'install', ...quietly, ...EXACTLY, ...args]]
}

/** Slower, and there wherever Python is whole. */
export const pipInstaller: Installer = {
  createEnvironment: (directory, python, options) =>
    runTool(python, ['-I', '-m', 'venv', directory], options),
  install: (directory, list, options) =>
    runTool(...pipInstall(pythonOf(directory), '--requirement', list), options),
}

/** Puts a list's programs into a folder's `bin` with a Python's own pip, which some lack; quicker than an environment. */
export function installPrograms(
  python: string,
  directory: string,
  list: string,
  options: ToolOptions,
): Promise<ToolRun> {
  return runTool(...pipInstall(python, '--target', directory, '--requirement', list), options)
}
