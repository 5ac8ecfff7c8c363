/**
 * Shell texts that run on the machine. POSIX sh: dash, BusyBox ash, bash and ksh.
 *
 * Every command runs as `sh -c` in a session of its own (`setsid`), so that it and all it started can be killed.
 * After it, the shell that started it writes the mark, a random word the command cannot know, and the exit status to both streams.
 * A stream without its mark was cut off. Descriptor 9 is the real stderr; the shell's own remarks ("Killed") go nowhere.
 */

/** Largest command line handed to `sh -c`: the kernel refuses one argument over 128 KiB. */
export const MAX_COMMAND_BYTES = 120 * 1024

/** `text` as one word of the shell. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * Start of a shell that takes command lines on its stdin for as long as it lives.
 * `h STATUS MARK` ends a command. It writes the marks, then looks whether anything the command left behind still holds our
 * streams, because its late output would be taken for that of the next command, and marks both streams again with 1 if so.
 * Exits with 97 where the machine lacks what this needs.
 */
export function workerPrelude(mark: string): string {
  return `exec 9>&2 2>/dev/null
m() { printf '%s %s\\n' "$2" "$1"; printf '%s %s\\n' "$2" "$1" >&9; }
h() {
  m "$1" "$2"
  k=0
  for f in /proc/[0-9]*/fd/[12]; do
    if [ "$f" -ef /proc/$$/fd/1 ] || [ "$f" -ef /proc/$$/fd/9 ]; then
      case $f in /proc/$$/*) ;; *) k=1 ;; esac
    fi
  done
  m "$k" "$2"
}
command -v setsid >/dev/null && [ /proc/$$/fd/1 -ef /proc/$$/fd/1 ] && h "$$" ${mark} || exit 97
`
}

/** One command line for such a shell. */
export function workerLine(command: string, env: Readonly<Record<string, string>>, mark: string): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quoteWord(value)}; `)
  return `( ${exports.join('')}exec setsid sh -c ${quoteWord(command)} ) </dev/null 2>&9 9>&-; h $? ${mark}\n`
}

/** How long a shell stays after its last word, in seconds: LXD 5.0 may lose what a process says right before it ends. */
const LINGER = 'exec sleep 1'

/**
 * Arguments of an exec that runs one command with the exec's stdin, from its second line on. The first is the mark, by which the
 * caller says that all lines are open: LXD also starts commands whose caller has given up, and does not end them.
 * It says its own pid on stderr before the command runs.
 */
export function onceCommand(command: string, mark: string): string[] {
  const script = `exec 9>&2 2>/dev/null
IFS= read -r _harness_go && [ "$_harness_go" = "$2" ] || exit
printf '%s %s\\n' "$2" "$$" >&9
if command -v setsid >/dev/null; then setsid sh -c "$1" 2>&9 9>&-; else sh -c "$1" 2>&9 9>&-; fi
c=$?
printf '%s %s\\n' "$2" "$c"
printf '%s %s\\n' "$2" "$c" >&9
${LINGER}`
  return ['sh', '-c', script, 'sh', command, mark]
}

/**
 * Kills the shell with the pid `$1` and everything it started: descendants, members of the
 * sessions they opened, and whoever holds its streams.
 * The shell goes first, so that it starts nothing more. Writes how many processes survived.
 */
export const KILL_TREE = `root=$1
sessions=' '
pids=" $root "
holds() { [ "/proc/$1/fd/1" -ef "/proc/$root/fd/1" ] || [ "/proc/$1/fd/2" -ef "/proc/$root/fd/9" ]; }
scan() {
  found=
  for stat in /proc/[0-9]*/stat; do
    { read -r line < "$stat"; } 2>/dev/null || continue
    pid=\${line%% *}
    set -- \${line##*) }
    [ "$1" = Z ] && continue
    case "$pids" in
      *" $pid "*) ;;
      *" $2 "*) pids="$pids$pid " ;;
      *) case "$sessions" in *" $4 "*) ;; *) holds "$pid" || continue ;; esac
        pids="$pids$pid " ;;
    esac
    [ "$4" = "$pid" ] && sessions="$sessions$pid "
    found="$found $pid"
  done
}
seen=
until [ "$seen" = "$pids" ]; do seen=$pids; scan; done
kill -KILL "$root" 2>/dev/null
for turn in 1 2 3 4 5 6 7 8; do
  [ -z "$found" ] && break
  kill -KILL $found 2>/dev/null
  scan
done
set -- $found
echo $#
${LINGER}`
