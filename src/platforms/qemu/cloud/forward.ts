import { connect } from 'node:net'

// One connection of a guest: QEMU starts this program for it and hands over its two ends. The argument is the socket of the service.
const service = connect(process.argv[2] ?? '')
service.on('error', () => process.exit(1))
service.on('close', () => process.exit(0))
process.stdin.on('error', () => process.exit(1))
process.stdout.on('error', () => process.exit(1))
process.stdin.pipe(service).pipe(process.stdout)
