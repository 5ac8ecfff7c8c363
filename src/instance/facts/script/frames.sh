#!/bin/sh
# shellcheck disable=SC2034 # variables of the other parts
# Prints raw evidence about one machine, for dash, BusyBox ash, bash and FreeBSD sh. Usage: [ROOT=/mnt] sh facts.sh PHASE [PACE]
# PACE: how many times longer than on usual hardware commands may take.
# ROOT empty: the running machine. ROOT set: files of a root at rest, read with the tools of this host; nothing of the image is executed.
#
#   =NAME                a section; its content follows, every line behind `|`, so content can never look like a frame
#   |text
#   ~LINES DROPPED       lines kept and lines over the limit
#   .STATUS [stderr]     exit status of the command: 127 no such command here, 124 out of time, 125 not applicable here
PHASE=${1:-first-boot}
PACE=${2:-1}
ROOT=${ROOT:-}
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077
unset TMPDIR
WORK=$(mktemp -d /run/harness-facts.XXXXXX 2>/dev/null || mktemp -d /tmp/harness-facts.XXXXXX) || exit 70
trap 'rm -rf "$WORK"' EXIT
trap 'exit 129' HUP INT TERM
cd "${ROOT:-/}" || exit 71
NL='
'
TAB='	'
echo "%harness-facts 1 $PHASE"

# Everything below prints into one pipe, of which `frame` makes sections: a process per section would cost more than what it frames.
# Orders to `frame` are lines that begin with a word no file of the machine can know.
MARK=${WORK##*.}
if [ -r /proc/sys/kernel/random/uuid ]; then read -r word </proc/sys/kernel/random/uuid && MARK=$MARK-$word; fi
order() { printf '\n%s%s\n' "$MARK" "$1"; }
# show NAME COMMAND...: one section. Only the first line of stderr is kept. The command runs in this shell: its variables are everybody's.
show() {
  order "=$1 ${LIMIT:-262144}"
  shift
  "$@" 2>"$WORK/err" </dev/null
  ended "$?" "$WORK/err"
}
ended() {
  err=
  read -r err <"$2"
  order ".$1 $err"
}
# later NAME COMMAND...: runs a slow command in the background; `collected NAME` prints its section at the end.
later() {
  name=$1
  shift
  "$@" >"$WORK/$name.out" 2>"$WORK/$name.err" </dev/null
  echo "$?" >"$WORK/$name.status"
}
collected() {
  order "=$1 262144"
  order "r$WORK/$1.out"
  code=70
  read -r code <"$WORK/$1.status"
  ended "$code" "$WORK/$1.err"
}
live() { [ -z "$ROOT" ]; }
absent() { return 125; }

# A real program, by path in TOOL: BusyBox answers to names such as dpkg, rpm and ip with applets that know less.
tool() {
  for dir in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin; do
    TOOL=$dir/$1
    [ -x "$TOOL" ] || continue
    if [ -L "$TOOL" ]; then
      target "$TOOL"
      case $T in *busybox*) continue ;; esac
    fi
    return 0
  done
  return 127
}
# Mode text, octal mode, uid, gid, bytes, path; links are not followed. GNU find needs no `stat`.
FIND=
if [ "$(timeout 1 find / -prune -printf yes 2>/dev/null)" = yes ]; then
  FIND=gnu
  limited() { timeout "$@"; }
  stat_all() { find "$@" -prune -printf '%M %m %U %G %s %p\n'; }
else
  if timeout 1 true 2>/dev/null; then limited() { timeout "$@"; }; else limited() { shift; "$@"; }; fi
  if stat -c %a / >/dev/null 2>&1; then
    STAT='stat -c'
    FORMAT='%A %a %u %g %s %n'
  else
    STAT='stat -f'
    FORMAT='%Sp %Mp%Lp %u %g %z %N'
  fi
  stat_all() { $STAT "$FORMAT" "$@"; }
fi
# found_by FIND-ARGUMENT...: the same of every file found.
found_by() {
  # shellcheck disable=SC2086 # two words
  if [ -n "$FIND" ]; then find "$@" -printf '%M %m %U %G %s %p\n'; else find "$@" -exec $STAT "$FORMAT" {} +; fi
}
# call SECONDS PROGRAM ARGS...
call() {
  seconds=$(($1 * PACE))
  tool "$2" || return 127
  shift 2
  limited "$seconds" "$TOOL" "$@"
}

# target LINK: sets T to where it points, and remembers it.
LINKED=$NL
target() {
  case $LINKED in
    *"$NL<$1$NL"*)
      T=${LINKED#*"$NL<$1$NL>"}
      T=${T%%"$NL"*}
      ;;
    *)
      T=$(readlink "$1")
      case $1$T in *"$NL"*) ;; *) LINKED="$LINKED<$1$NL>$T$NL" ;; esac
      ;;
  esac
}
# real PATH: sets P to the path below the working directory, following links inside the root and never out of it.
real() {
  P=.$1
  live && return 0
  todo=${1#/}
  P=.
  hops=0
  while [ -n "$todo" ]; do
    part=${todo%%/*}
    case $todo in */*) todo=${todo#*/} ;; *) todo= ;; esac
    case $part in
      '' | .) continue ;;
      ..) P=${P%/*} ;;
      *)
        if [ -L "$P/$part" ]; then
          hops=$((hops + 1))
          [ "$hops" -gt 40 ] && return 1
          target "$P/$part"
          link=$T
          case $link in /*) P=. ;; esac
          todo=$link${todo:+/$todo}
        else
          P=$P/$part
        fi
        ;;
    esac
  done
}
# existing COMMAND PATTERN...: runs the command once, with every existing match as an argument.
existing() {
  action=$1
  shift
  count=$#
  while [ "$count" -gt 0 ]; do
    prefix=$1
    shift
    count=$((count - 1))
    rest=
    while :; do
      rest=${prefix##*/}${rest:+/$rest}
      prefix=${prefix%/*}
      case $prefix in *[*?[]*) ;; *) break ;; esac
    done
    real "$prefix" || continue
    # shellcheck disable=SC2231 # a pattern on purpose
    for found in "${P%/}"/$rest; do
      [ -e "$found" ] || [ -L "$found" ] || continue
      case $rest in
        */*)
          last=${found##*/}
          found=${found%/*}
          real "${found#.}" || continue
          found=$P/$last
          ;;
      esac
      set -- "$@" "$found"
    done
  done
  [ $# -eq 0 ] || "$action" "$@"
}
# Content of regular files (never of pipes or devices), by its kind; see `frame`.
lines_of() { existing print_lines "$@"; }
print_lines() { contents l "$@"; }
config_of() { existing print_config "$@"; }
print_config() { contents c "$@"; }
contents() {
  kind=$1
  shift
  for file; do
    real "${file#.}" || continue
    if [ -f "$P" ] && [ -r "$P" ]; then
      # an order is one line
      while :; do
        case $P in *"$NL"*) P=${P%%"$NL"*}$MARK${P#*"$NL"} ;; *) break ;; esac
      done
      order "$kind$P"
    fi
  done
  return 0
}
raw() {
  if [ -r "$1" ]; then order "r$1"; else echo "cannot read $1" >&2 && return 1; fi
}

stats() { existing stat_all "$@"; }
# stated NAME PATTERN...: a section of what `stats` prints; `batched` asks for all of them at once.
BATCH=
BATCHED=
stated() {
  stated=$1
  shift
  matched=
  existing batch "$@"
  [ -n "$matched" ] || show "$stated" true
}
batch() {
  matched=1
  case $* in *"$NL"*) set -- '' "$@" ;; esac
  if [ -z "$1" ] || [ $# -gt 500 ]; then
    [ -n "$1" ] || shift
    show "$stated" stat_all "$@"
    return
  fi
  BATCHED="$BATCHED $stated:$#"
  for file; do BATCH=$BATCH$file$NL; done
  BATCH=$BATCH/$NL
  # arguments of one program have a limit
  [ ${#BATCH} -lt 60000 ] || batched
}
batched() {
  [ -n "$BATCH" ] || return 0
  order "b$BATCHED"
  IFS=$NL
  set -f
  # shellcheck disable=SC2086 # split at line ends only
  set -- $BATCH
  set +f
  unset IFS
  stat_all "$@" 2>/dev/null
  order e
  BATCH=
  BATCHED=
}
links() {
  for link; do
    if [ -L "$link" ]; then
      target "$link"
      printf '%s -> %s\n' "$link" "$T"
    fi
  done
  return 0
}
links_of() { existing links "$@"; }
# below DIR... -- FIND-EXPRESSION: files below those directories that exist. below_with COMMAND: the same, for another command than `found_by`.
below() { below_with found_by "$@"; }
below_with() {
  finder=$1
  shift
  starts=0
  while [ "$1" != -- ]; do
    start=$1
    shift
    real "$start" || continue
    if [ -d "$P" ] && [ ! -L "$P" ]; then
      set -- "$@" "$P"
      starts=$((starts + 1))
    fi
  done
  shift
  [ "$starts" -eq 0 ] && return 0
  # the directories came behind the expression
  words=$(($# - starts))
  set -- "$@" -xdev
  while [ "$words" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    words=$((words - 1))
  done
  "$finder" "$@"
}
# first_line PATH: sets LINE.
first_line() {
  LINE=
  if real "$1" && [ -f "$P" ]; then read -r LINE <"$P"; fi
  return 0
}
