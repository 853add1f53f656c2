import { spawn } from 'node:child_process'

/**
 * Runs a program to its end, or kills it after `limit` ms. Never throws.
 * `watch`, if given, is called every 5 s; when it has answered the same for `stall` ms the program is killed too.
 * @param {string} command
 * @param {string[]} args
 * @param {{ limit: number, cwd?: string, env?: NodeJS.ProcessEnv, watch?: () => unknown, stall?: number }} options
 * @returns {Promise<{ ok: boolean, stdout: string, stderr: string, why: string }>}
 */
export function runChild(command, args, { limit, cwd, env, watch, stall = 60_000 }) {
  return new Promise((resolve) => {
    let stdout = ''
    let stderr = ''
    let why = ''
    // A group of its own, so that the limit also ends what the program itself started (g++ starts cc1plus).
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const kill = (reason) => {
      why = reason
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        child.kill('SIGKILL')
      }
    }
    const timer = setTimeout(() => kill(`took longer than ${Math.round(limit / 1000)} s`), limit)
    let seen
    let seenAt = Date.now()
    const watcher = watch
      ? setInterval(() => {
          const now = watch()
          if (now !== seen) [seen, seenAt] = [now, Date.now()]
          else if (Date.now() - seenAt > stall) kill(`made no progress for ${Math.round(stall / 1000)} s`)
        }, 5000)
      : undefined
    const stop = () => kill('was interrupted')
    process.once('exit', stop)
    const finish = (ok, fallback) => {
      clearTimeout(timer)
      clearInterval(watcher)
      process.removeListener('exit', stop)
      resolve({ ok, stdout, stderr, why: ok ? '' : why || lastLine(stderr) || fallback })
    }
    child.stdout.on('data', (chunk) => (stdout = keepTail(stdout + chunk)))
    child.stderr.on('data', (chunk) => (stderr = keepTail(stderr + chunk)))
    child.on('error', (error) => finish(false, error.code === 'ENOENT' ? `${command} is not installed` : error.message))
    child.on('close', (code, signal) => finish(code === 0, `ended with ${signal ?? `exit code ${code}`}`))
  })
}

const keepTail = (text) => (text.length > 1_000_000 ? text.slice(-500_000) : text)

/** The line of a program's complaint that says most: the last one with "error" in it, or the last. */
function lastLine(text) {
  const lines = text.split('\n').filter((line) => line.trim())
  return (lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '').trim().slice(0, 300)
}
