# For service.sh where there is no ALSA: a JACK server of the player's, a keyboard and a synth on it, both
# tests/jack/piano.py, called as the others are.
lines=/tmp/keys
piano() { player python3 "$here/../tests/jack/piano.py" "$1" 2>/dev/null; }  # whose error output is JACK's talk

keyboard() { # setup | plug | unplug | play PITCH…
  case $1 in
    setup)
      pgrep -x jackd >/dev/null && return
      player env JACK_NO_AUDIO_RESERVATION=1 setsid jackd -r -S -d dummy -r 48000 -p 256 &>/dev/null &
      player jack_wait -w -t 30 >/dev/null
      [[ -p $lines ]] || mkfifo "$lines"
      piano "Test Keyboard" <>"$lines" >/dev/null &
      keyboard unplug
      ;;
    plug | unplug) echo "$1 keys" >"$lines" ;;
    play)
      for pitch in "${@:2}"; do
        printf '90%x50\n' "$pitch" >"$lines"
        sleep 0.45
        printf '80%x00\n' "$pitch" >"$lines"
        sleep 0.15
      done
      ;;
  esac
}

synth_on() { sleep infinity | piano aseqdump >"$heard" & }

heard() {
  awk '$2 ~ /^[89]/ {
      place = substr($2, 2, 3)
      if ($2 ~ /^9/ && $2 !~ /00$/) { on[place]; notes++ } else delete on[place]
    }
    END { for (place in on) sounding++; print notes + 0, sounding + 0 }' "$heard"
}
