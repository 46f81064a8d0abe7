"""What runs on this machine: the home directory, the embedded Postgres and the supervisor of `isoflop up`."""
