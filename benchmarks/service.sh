#!/bin/bash
# improvd as a service under a real systemd, ALSA's real sequencer and a USB keyboard that comes and goes:
#
#     service.sh WHEEL [again]
#
# As root, on a throw-away machine of Debian 12 with alsa-utils, the kernel's dummy_hcd and usb_f_midi, a user "player" in the
# group audio who lingers, and improvd's dependencies in a virtual environment /opt/v. Prints each command and what it
# printed. With "again", after a reboot, only what has become of the service then.
set -uo pipefail
wheel=$1
heard=/tmp/heard.txt
gadget=/sys/kernel/config/usb_gadget/keyboard

title() { printf '\n## %s\n\n' "$*"; }
# A command of the player's, as at a login of theirs.
player() {
  local runtime=/run/user/1000
  runuser -u player -- env -C /home/player HOME=/home/player LANG=C.UTF-8 SYSTEMD_COLORS=0 PATH=/opt/v/bin:/usr/bin:/bin \
    XDG_RUNTIME_DIR=$runtime DBUS_SESSION_BUS_ADDRESS=unix:path=$runtime/bus "$@"
}
shown() { printf '$ %s\n' "$*"; player "$@" 2>&1; }
root() { printf '# %s\n' "$*"; "$@" 2>&1; }
fact() { player systemctl --user show improvd --property="$1" --value; }
# Wait, some minutes at most, until a command succeeds.
until_true() { for _ in $(seq 180); do "$@" && return; sleep 1; done; echo "GAVE UP WAITING: $*"; }
is_ready() { [[ $(fact StatusText) == hearing* && $(fact StatusText) != *waiting* ]]; }
is_waiting() { [[ $(fact StatusText) == *waiting* || $(fact StatusText) == *gone* ]]; }
is_new() { [[ $(fact MainPID) != "$1" && $(fact MainPID) != 0 ]] && is_ready; }
ons() { grep -c 'Note on' "$heard"; }
plays() { (($(ons) > $1)); }

keyboard() { # setup | plug | unplug
  case $1 in
    setup)
      modprobe -a dummy_hcd libcomposite usb_f_midi snd-usb-audio
      mkdir -p "$gadget"/{strings/0x409,configs/c.1,functions/midi.usb0}
      echo 0x1d6b >"$gadget/idVendor" && echo 0x0104 >"$gadget/idProduct"
      echo "Test Keyboard" >"$gadget/strings/0x409/product"
      echo gadget >"$gadget/functions/midi.usb0/id"
      ln -s "$gadget/functions/midi.usb0" "$gadget/configs/c.1/"
      ;;
    plug) basename "$(echo /sys/class/udc/*)" >"$gadget/UDC" ;;
    unplug) echo "" >"$gadget/UDC" ;;
  esac
}

# Eight notes at 100 bpm, from inside the keyboard.
phrase() {
  python3 - <<'P'
import glob, time
from pathlib import Path

card = next(path for path in glob.glob("/proc/asound/card*") if Path(path, "id").read_text().strip() == "gadget")
with open(f"/dev/snd/midiC{card[-1]}D0", "wb", buffering=0) as keys:
    for pitch in (60, 62, 64, 65, 67, 65, 64, 62):
        keys.write(bytes((0x90, pitch, 80)))
        time.sleep(0.45)
        keys.write(bytes((0x80, pitch, 0)))
        time.sleep(0.15)
P
}

# What aseqdump, the synth, has heard: notes, and those that sound on.
synth() {
  python3 - "$heard" <<'P'
import re, sys

sounding, notes = set(), 0
for line in open(sys.argv[1]):
    if found := re.search(r"Note (on|off)\s+(\d+), note (\d+)(?:, velocity (\d+))?", line):
        place = found[2], found[3]
        if found[1] == "on" and found[4] != "0":
            sounding.add(place)
            notes += 1
        else:
            sounding.discard(place)
print(f"(the synth: {notes} notes so far, {len(sounding)} of them sounding)")
P
}

if [[ ${2:-} == again ]]; then
  until_true is_ready || true
  title "After a reboot"
  root uptime --pretty
  shown improvd service status
  exit
fi

printf '@audio - rtprio 95\n@audio - memlock unlimited\n@audio - nice -10\n' >/etc/security/limits.d/audio.conf
systemctl restart user@1000.service
/opt/v/bin/pip install --quiet --no-deps --no-index "$wheel"
keyboard setup
player mkdir -p /home/player/.config/improvd
player tee /home/player/.config/improvd/config.toml >/dev/null <<'C'
in = "Test Keyboard"
out = "aseqdump"
seed = 1
page = false
C
aseqdump >"$heard" 2>&1 &

title "Installed before the keyboard is plugged in"
shown cat .config/improvd/config.toml
shown improvd service install
shown systemctl --user show improvd --property=ActiveState,StatusText

title "Plugged in"
root keyboard plug
until_true is_ready
shown improvd service status

title "Played"
before=$(ons)
phrase
until_true plays "$before"
sleep 12
synth
shown systemctl --user show improvd --property=StatusText

title "Unplugged in mid-answer, and plugged in again"
before=$(ons)
phrase
until_true plays "$before"
root keyboard unplug
until_true is_waiting
shown systemctl --user show improvd --property=StatusText
synth
root keyboard plug
until_true is_ready
shown systemctl --user show improvd --property=StatusText
before=$(ons)
phrase
until_true plays "$before"
sleep 12
synth

title "The process that sends MIDI is stopped in mid-answer: improvd itself starts another"
before=$(ons)
phrase
until_true plays "$before"
root kill -STOP "$(pgrep --full improvd.daemon.ports)"
sleep 12
synth
shown systemctl --user show improvd --property=NRestarts,StatusText

title "The engine is stopped in mid-answer: the watchdog starts the service again"
before=$(ons)
phrase
until_true plays "$before"
main=$(fact MainPID)
root kill -STOP "$main"
until_true is_new "$main"
synth
shown systemctl --user show improvd --property=NRestarts,StatusText

title "kill -9 in mid-answer"
before=$(ons)
phrase
until_true plays "$before"
main=$(fact MainPID)
root kill -9 "$main"
until_true is_new "$main"
synth
shown systemctl --user show improvd --property=NRestarts,StatusText

title "systemctl stop in mid-answer"
before=$(ons)
phrase
until_true plays "$before"
shown systemctl --user stop improvd
synth
shown systemctl --user show improvd --property=ActiveState,Result

title "What stands in the journal"
root journalctl --user-unit=improvd.service --no-pager --output=short --no-hostname --quiet

title "What the doctor says"
shown systemctl --user start improvd
shown improvd doctor

title "The system's service, where a user's is not wanted"
player systemctl --user disable --now improvd 2>/dev/null
mkdir -p /etc/improvd
cp /home/player/.config/improvd/config.toml /etc/improvd/
root /opt/v/bin/improvd service install --system
root systemctl show improvd --property=ActiveState,StatusText,User,DynamicUser
root ps -C improvd,python3 -o user,cls,rtprio,args
root systemd-analyze verify /etc/systemd/system/improvd.service
root systemd-analyze security --no-pager improvd.service | tail -1
root systemctl stop improvd
root /opt/v/bin/improvd service uninstall --system
player systemctl --user enable --now improvd 2>/dev/null
root systemd-analyze --user verify /home/player/.config/systemd/user/improvd.service
