import type { Socket } from 'node:net'

/** Calls `take` for each complete line of JSON that arrives. A line that is not JSON ends the connection. */
export function onJsonLines(socket: Socket, take: (message: unknown) => void): void {
  let partial = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (partial + text).split('\n')
    partial = lines.pop() ?? ''
    for (const line of lines) {
      try {
        take(JSON.parse(line))
      } catch (error) {
        socket.destroy(error as Error)
      }
    }
  })
}

/** Sends one message as a line of JSON. */
export function sendJsonLine(socket: Socket, message: unknown): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`)
}
