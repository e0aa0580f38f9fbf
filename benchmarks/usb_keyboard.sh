#!/bin/bash
# A USB keyboard of the kernel's own, which the driver for real ones sees come and go:
#
#     usb_keyboard.sh setup | plug | unplug | play PITCH…
#
# As root, on a machine with dummy_hcd, usb_f_midi and snd-usb-audio. "play" plays quarters at 100 bpm from inside it.
set -euo pipefail
gadget=/sys/kernel/config/usb_gadget/keyboard

case $1 in
  setup)
    [[ -d $gadget ]] && exit
    modprobe -a dummy_hcd libcomposite usb_f_midi snd-usb-audio
    mkdir -p "$gadget"/{strings/0x409,configs/c.1,functions/midi.usb0}
    echo 0x1d6b >"$gadget/idVendor"
    echo 0x0104 >"$gadget/idProduct"
    echo "Test Keyboard" >"$gadget/strings/0x409/product"
    echo gadget >"$gadget/functions/midi.usb0/id"
    ln -s "$gadget/functions/midi.usb0" "$gadget/configs/c.1/"
    ;;
  plug) basename "$(echo /sys/class/udc/*)" >"$gadget/UDC" ;;
  unplug) echo "" >"$gadget/UDC" ;;
  play)
    card=$(readlink /proc/asound/gadget)
    exec {keys}>"/dev/snd/midiC${card#card}D0"
    for pitch in "${@:2}"; do
      printf "\\x90\\x$(printf %x "$pitch")\\x50" >&"$keys"
      sleep 0.45
      printf "\\x80\\x$(printf %x "$pitch")\\x00" >&"$keys"
      sleep 0.15
    done
    ;;
esac
