#!/bin/sh
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
exec 4>&1
echo "%harness-facts 1 $PHASE"

# show NAME COMMAND...: one section. Only the first line of stderr is kept.
show() {
  section=$1
  shift
  echo "=$section"
  : >"$WORK/err"
  status=$({ { "$@" 2>"$WORK/err" </dev/null; echo "$?" >&3; } | frame >&4; } 3>&1)
  err=
  read -r err <"$WORK/err"
  printf '.%s %s\n' "${status:-70}" "$err"
}
frame() {
  awk -v max="${LIMIT:-262144}" '{ if (length($0) > 8192) $0 = substr($0, 1, 8192); size += length($0) + 1
    if (size <= max) { print "|" $0; kept++ } else dropped++ } END { print "~" kept + 0, dropped + 0 }'
}
# later NAME COMMAND...: starts a slow command now; `collected NAME` prints its section at the end.
later() {
  name=$1
  shift
  { "$@" >"$WORK/$name.out" 2>"$WORK/$name.err" </dev/null; echo "$?" >"$WORK/$name.status"; } &
}
collected() {
  show "$1" replay "$1"
}
replay() {
  cat "$WORK/$1.out"
  cat "$WORK/$1.err" >&2
  read -r code <"$WORK/$1.status" || code=70
  return "$code"
}
live() { [ -z "$ROOT" ]; }
absent() { return 125; }

# A real program, by path: BusyBox answers to names such as dpkg, rpm and ip with applets that know less.
tool() {
  for dir in /usr/sbin /usr/bin /sbin /bin /usr/local/sbin /usr/local/bin; do
    [ -x "$dir/$1" ] || continue
    case $(readlink "$dir/$1") in *busybox*) continue ;; esac
    echo "$dir/$1"
    return 0
  done
  return 127
}
if timeout 1 true 2>/dev/null; then limited() { timeout "$@"; }; else limited() { shift; "$@"; }; fi
# call SECONDS PROGRAM ARGS...
call() {
  seconds=$(($1 * PACE))
  program=$(tool "$2") || return 127
  shift 2
  limited "$seconds" "$program" "$@"
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
          link=$(readlink "$P/$part")
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
# Content of regular files (never of pipes or devices) as PATH:LINE:TEXT.
lines_of() { existing print_lines "$@"; }
config_of() { existing print_config "$@"; }
regular() {
  action=$1
  shift
  count=$#
  while [ "$count" -gt 0 ]; do
    file=$1
    shift
    count=$((count - 1))
    real "${file#.}" || continue
    if [ -f "$P" ] && [ -r "$P" ]; then set -- "$@" "$P"; fi
  done
  [ $# -eq 0 ] || "$action" "$@"
}
print_lines() { regular awk_lines "$@"; }
awk_lines() { awk '{ print FILENAME ":" FNR ":" $0 }' "$@"; }
print_config() { regular awk_config "$@"; }
awk_config() { awk '/^[[:space:]]*(#|$)/ { next } { print FILENAME ":" FNR ":" $0 }' "$@"; }

# Mode text, octal mode, uid, gid, bytes, path; links are not followed.
if stat -c %a / >/dev/null 2>&1; then
  STAT='stat -c'
  FORMAT='%A %a %u %g %s %n'
else
  STAT='stat -f'
  FORMAT='%Sp %Mp%Lp %u %g %z %N'
fi
stat_all() { $STAT "$FORMAT" "$@"; }
stats() { existing stat_all "$@"; }
links() {
  for link; do
    [ -L "$link" ] && printf '%s -> %s\n' "$link" "$(readlink "$link")"
  done
  return 0
}
links_of() { existing links "$@"; }
# below DIR... -- FIND-EXPRESSION: files below those directories that exist.
below() {
  starts=0
  while [ "$1" != -- ]; do
    start=$1
    shift
    real "$start" || continue
    if [ -d "$P" ] && [ ! -L "$P" ]; then
      echo "$P" >>"$WORK/starts"
      starts=$((starts + 1))
    fi
  done
  shift
  [ "$starts" -eq 0 ] && return 0
  result=0
  while read -r start; do
    # shellcheck disable=SC2086 # two words
    find "$start" -xdev "$@" -exec $STAT "$FORMAT" {} + || result=$?
  done <"$WORK/starts"
  rm -f "$WORK/starts"
  return "$result"
}
first_line() {
  line=
  real "$1" && [ -f "$P" ] && read -r line <"$P"
  printf '%s' "$line"
}
