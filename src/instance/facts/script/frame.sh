# shellcheck shell=sh # part of one script; see frames.sh
# Makes sections of what the script prints. The first line is the word that orders begin with; an order is a line:
#   =NAME LIMIT          a section begins
#   .STATUS [stderr]     it ends
#   pTEXT                TEXT stands before every line from here to the end of the section
#   rPATH                all lines of a file
#   lPATH, cPATH, sPATH  lines of a file as PATH:LINE:TEXT: all, those without comments, those of a network profile that are no secret
#   kPATH                the kind of every SSH key in a file
#   1TEXT<TAB>PATH       TEXT and the first line of a file, unless that is empty
#   b NAME:COUNT...      begins sections of so many lines each, which a line for "/" ends; `e` ends the last one
#   z                    the end of everything
# An empty line before an order ends a line that had no end, and is no content. In a PATH the word stands for a line end.
frame() {
  awk '
    function out(text) {
      text = before text
      while ((cut = index(text, "\n")) > 0) { put(substr(text, 1, cut - 1)); text = substr(text, cut + 1) }
      put(text)
    }
    function put(text) {
      if (length(text) > 8192) text = substr(text, 1, 8192)
      size += length(text) + 1
      if (size <= max) { print "|" text; kept++ } else dropped++
    }
    function begin(name, limit) {
      print "=" name
      max = limit + 0
      size = kept = dropped = lines = 0
      before = failed = ""
    }
    function end(status) {
      if (failed != "" && status ~ /^0 /) status = failed
      print "~" kept + 0, dropped + 0
      print "." status
    }
    function path(text,   at) {
      while ((at = index(text, word)) > 0) text = substr(text, 1, at - 1) "\n" substr(text, at + marked)
      return text
    }
    function read(kind, file,   line, number, got) {
      while ((got = (getline line < file)) > 0) {
        number++
        if (kind == "r") out(line)
        else if (kind == "l") out(file ":" number ":" line)
        else if (kind == "c") { if (line !~ /^[[:space:]]*(#|$)/) out(file ":" number ":" line) }
        else if (kind == "s") { if (tolower(line) ~ /^(method|address|mac-address|type|interface-name)[0-9]*[[:space:]]*=/) out(file ":" number ":" line) }
        else if (kind == "k") { if (line !~ /^[ \t]*(#|$)/) out(file " " (line ~ /^[^ ]*(command=|no-port-forwarding)/ ? "forced" : "key")) }
      }
      if (got < 0) failed = "2 cannot read " file
      close(file)
    }
    function first(text, file,   line) {
      getline line < file
      close(file)
      if (line != "") out(text line)
    }
    function next_in_batch(   pair) {
      if (turn == turns) { turn = 0; return }
      split(batch[++turn], pair, ":")
      want = pair[2]
      begin(pair[1], 262144)
    }
    function content(text) {
      if (!turn) out(text)
      else if (text ~ /^[^\/]* \/$/) { end(lines < want ? "1 a file could not be read" : "0 "); next_in_batch() }
      else { lines++; out(text) }
    }
    NR == 1 { word = $0; marked = length(word); next }
    index($0, word) != 1 {
      if (held) content("")
      held = $0 == ""
      if (!held) content($0)
      next
    }
    { held = 0; kind = substr($0, marked + 1, 1); text = substr($0, marked + 2) }
    kind == "=" { split(text, pair, " "); begin(pair[1], pair[2]); next }
    kind == "." { end(text); next }
    kind == "p" { before = text; next }
    kind == "1" { cut = index(text, "\t"); first(substr(text, 1, cut - 1), substr(text, cut + 1)); next }
    kind == "b" { turns = split(text, batch, " "); turn = 0; next_in_batch(); next }
    kind == "e" { while (turn) { end("126 it could not be asked for"); next_in_batch() } next }
    kind == "z" { print "%end"; next }
    { read(kind, path(text)) }'
}
