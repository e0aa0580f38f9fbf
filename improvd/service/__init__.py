"""improvd as a service of systemd: where its unit stands, and what systemd is asked."""
