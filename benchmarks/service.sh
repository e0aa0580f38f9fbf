#!/bin/bash
# improvd as a service under a real systemd, ALSA's real sequencer and a USB keyboard that comes and goes:
#
#     service.sh WHEELS [SCENE...]
#
# As root, on a throw-away machine of Debian 12 with alsa-utils, python3-venv, the kernel's dummy_hcd and usb_f_midi, and a
# user "player" in the group audio who lingers. WHEELS is a folder with improvd's wheel and those of its dependencies; it is
# installed for the player, and later for all. Prints each command and what it printed; exit status 1 where something that
# was waited for didn't come, or a note sounded on. Without SCENE all of them in turn: install, unplug, hang, restart,
# stop, health, system; and after a reboot, "again": what has become of the service then. ROOM=jack does it, the system's
# apart, over JACK instead, which any machine with systemd can.
set -uo pipefail
here=$(dirname "$(realpath "$0")")
wheels=$1
heard=/tmp/heard.txt
scope=--user
status=0

title() { printf '\n## %s\n\n' "$*"; }
# A command of the player's, as at a login of theirs.
player() {
  local runtime=/run/user/1000
  runuser -u player -- env -C /home/player HOME=/home/player LANG=C.UTF-8 SYSTEMD_COLORS=0 \
    PATH=/home/player/improvd/bin:/usr/bin:/bin \
    XDG_RUNTIME_DIR=$runtime DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime/bus "$@"
}
# One of the service's own: the player's, or root's.
own() { if [[ $scope == --user ]]; then player "$@"; else "$@"; fi; }
asks() { own "$1" $scope "${@:2}"; }
shown() { printf '$ %s\n' "$*"; player "$@" 2>&1; }
root() { printf '# %s\n' "$*"; "$@" 2>&1; }
either() { if [[ $scope == --user ]]; then shown "$1" --user "${@:2}"; else root "$@"; fi; }
facts() { either systemctl show improvd --property="$1"; }
fact() { asks systemctl show improvd --property="$1" --value; }
journal() {
  local unit=UNIT
  [[ $scope == --user ]] && unit=USER_UNIT
  journalctl _SYSTEMD_$unit=improvd.service + $unit=improvd.service --since="@$since" --no-pager --no-hostname --quiet |
    cut -c8-220
}
missed() { printf '%s\n' "$*"; status=1; }
# Wait, some minutes at most, until a command succeeds.
until_true() { for _ in $(seq 200); do "$@" && return; sleep 1; done; missed "GAVE UP WAITING: $*"; }
is_ready() { local said; said=$(fact StatusText); [[ $said == hearing* && $said != *waiting* ]]; }
is_waiting() { [[ $(fact StatusText) =~ waiting|gone ]]; }
is_new() { [[ $(fact MainPID) != "$1" && $(fact MainPID) != 0 ]] && is_ready; }

keyboard() { bash "$here/usb_keyboard.sh" "$@"; }
synth_on() { setsid aseqdump >"$heard" 2>&1 & }
# What the synth has heard: how many notes, and how many of them sound on.
heard() {
  awk '$2 == "Note" { place = $4 $6; if ($3 == "on" && $8 > 0) { on[place]; notes++ } else delete on[place] }
    END { for (place in on) sounding++; print notes + 0, sounding + 0 }' "$heard"
}
if [[ ${ROOM:-} == jack ]]; then source "$here/jack_room.sh"; fi

phrase() { keyboard play 60 62 64 65 67 65 64 62; }
ons() { local found; found=$(heard); echo "${found% *}"; }
sounds() { local found; found=$(heard); [[ ${found% *} -gt $1 && ${found#* } != 0 ]]; }
synth() { local found; found=$(heard); echo "(the synth: ${found% *} notes so far, ${found#* } of them sounding)"; }
silent() { [[ $(heard) == *" 0" ]]; }
# Play, and wait until a note of the answer sounds.
mid_answer() {
  local before
  before=$(ons)
  phrase
  until_true sounds "$before"
  synth
}
# A whole answer: until nothing new has come for a while.
whole_answer() {
  local before
  mid_answer
  until [[ ${before:-} == "$(ons)" ]]; do before=$(ons); sleep 6; done
  after
}
after() { until_true silent; synth; }

# -- what is done with the service of whichever scope

# SIGNAL TITLE: it strikes the engine in mid-answer; what sounds ends, and the service starts again.
struck() {
  local main since
  title "$2"
  since=$(date +%s)
  mid_answer
  main=$(fact MainPID)
  root kill "-$1" "$main"
  until_true is_new "$main"
  after
  facts NRestarts,StatusText
  journal
}

restart() {
  struck STOP "${1:-}The engine is stopped in mid-answer, and the watchdog starts the service again"
  struck 9 "${1:-}kill -9 in mid-answer"
}

stop() {
  local since
  title "${1:-}systemctl stop in mid-answer"
  since=$(date +%s)
  mid_answer
  either systemctl stop improvd
  synth
  silent || missed "A NOTE SOUNDS ON"
  facts ActiveState,Result
  journal
}

# -- the player's

install() {
  printf '@audio - rtprio 95\n@audio - memlock unlimited\n@audio - nice -10\n' >/etc/security/limits.d/audio.conf
  systemctl restart user@1000.service
  title "Installed before the keyboard is plugged in"
  shown python3 -m venv improvd
  shown pip install --quiet --disable-pip-version-check --no-index --find-links "$wheels" improvd
  player mkdir -p /home/player/.config/improvd
  player tee /home/player/.config/improvd/config.toml >/dev/null <<'C'
in = "Test Keyboard"
out = "aseqdump"
seed = 1
page = false
C
  shown cat .config/improvd/config.toml
  shown improvd service install
  facts ActiveState,StatusText

  title "Plugged in, and played"
  root keyboard plug
  until_true is_ready
  shown improvd service status
  whole_answer
  facts StatusText
}

unplug() {
  title "Unplugged in mid-answer, and plugged in again"
  mid_answer
  root keyboard unplug
  until_true is_waiting
  facts StatusText
  after
  root keyboard plug
  until_true is_ready
  facts StatusText
  whole_answer
}

hang() {
  title "The process that sends MIDI is stopped in mid-answer: improvd itself starts another"
  mid_answer
  root kill -STOP "$(pgrep --full improvd.daemon.ports)"
  until_true silent
  until_true is_ready
  whole_answer
  facts NRestarts,StatusText
}

health() {
  title "What the doctor and systemd say"
  shown systemctl --user start improvd
  until_true is_ready
  shown improvd doctor
  shown systemd-analyze --user verify /home/player/.config/systemd/user/improvd.service
  shown systemd-analyze --user security --no-pager improvd.service | tail -1
}

again() {
  title "After a reboot, with no one logged in"
  root uptime --pretty
  root who
  until_true is_waiting
  facts ActiveState,StatusText,NRestarts
  root keyboard plug
  until_true is_ready
  whole_answer
  shown improvd service status
}

# -- the machine's

system() {
  title "The system's: installed for all, and played"
  player systemctl --user disable --now improvd 2>/dev/null
  root python3 -m venv /opt/improvd
  root /opt/improvd/bin/pip install --quiet --disable-pip-version-check --no-index --find-links "$wheels" improvd
  mkdir -p /etc/improvd
  cp /home/player/.config/improvd/config.toml /etc/improvd/
  scope=--system
  root /opt/improvd/bin/improvd service install --system
  until_true is_ready
  facts ActiveState,StatusText,User,DynamicUser
  root ps -C improvd,python3 -o user,cls,rtprio,args
  whole_answer
  root systemd-analyze verify /etc/systemd/system/improvd.service
  root systemd-analyze security --no-pager improvd.service | tail -1
  restart "The system's: "
  stop "The system's: "
  root /opt/improvd/bin/improvd service uninstall --system
  scope=--user
  player systemctl --user enable --now improvd 2>/dev/null
}

keyboard setup
pgrep --full aseqdump >/dev/null || synth_on
if (($# > 1)); then scenes=("${@:2}"); else scenes=(install unplug hang restart stop health system); fi
for scene in "${scenes[@]}"; do "$scene"; done
exit $status
